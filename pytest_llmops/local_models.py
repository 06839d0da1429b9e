"""Models that an engine on this machine serves, as `models.toml` names them."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from pytest_llmops.errors import ModelError

CONTEXT_TOKENS = 1000
"""What a prompt shows of a file by default; a weak model answers better to less."""

Count = Annotated[int, msgspec.Meta(ge=0)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Cutoff = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(20\d\d-(0[1-9]|1[0-2])(-[0-3]\d)?)?$",
        description='a month or a day, such as "2025-03" or "2025-03-31"',
    ),
]
"""A month or a day, or nothing."""


class LocalModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A base model that an engine serves from this machine."""

    weights: str
    """`embedded:NAME`, `hf:ORG/NAME`, or a folder or GGUF file, relative to `models.toml`."""
    engine: Literal["llmops", "vllm", "llama.cpp"] = "llmops"
    """What serves it: the engine of this package, vLLM or llama.cpp."""
    program: str = ""
    """Name or path of the program of vLLM or llama.cpp; if empty, it is looked for."""
    engine_args: tuple[str, ...] = ()
    """Further arguments for that program."""
    context: Count = 0
    """Tokens of prompt and answer together; 0 is what the model allows, at most 8192."""
    dtype: str = "auto"
    """`float32`, `bfloat16`, `float16`, or `auto` for the fastest on this machine."""
    max_batch: Positive = 32
    """Sequences generated at the same time."""
    concurrency: Count = 0
    """Requests at once; 0 is twice `max_batch`, so that a free slot never waits."""
    context_tokens: Count = CONTEXT_TOKENS
    """Most tokens, estimated, that the prompt spends on the file around the function."""
    instruction: str = ""
    """A sentence added to every question; it holds for the adapters of this model too."""
    cutoff: Cutoff = ""
    """Month or day up to which it was trained, as 2025-03; reports split cases by it."""
    name: str = ""


class AdapterModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A PEFT LoRA adapter on a local model."""

    base: str
    """Name of a local model in the same file."""
    adapter: str
    """Folder of the adapter, as PEFT saves it; for llama.cpp also a GGUF file."""
    name: str = ""


def placed(model: LocalModel, folder: Path) -> LocalModel:
    """Resolve the paths of a local model against the folder of its file."""
    if ":" not in model.weights:
        model = msgspec.structs.replace(model, weights=str((folder / model.weights).resolve()))
    if "/" in model.program:  # links are kept: a virtual environment is found by its own path
        model = msgspec.structs.replace(model, program=str((folder / model.program).absolute()))
    return model


def at_path(name: str) -> LocalModel | None:
    """The model in a folder or a GGUF file, where `name` is the path of one."""
    place = Path(name)
    if place.suffix == ".gguf" and place.is_file():
        return LocalModel(weights=str(place.resolve()), engine="llama.cpp", name=name)
    if place.is_dir() and (place / "config.json").is_file():
        return LocalModel(weights=str(place.resolve()), name=name)
    if place.is_dir() or ("/" in name and ":" not in name):
        raise ModelError(
            f"--model: {name!r} is no folder with a config.json and safetensors weights, and no "
            "GGUF file"
        )
    return None
