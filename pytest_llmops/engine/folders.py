"""From a model spec to a folder, the weight files in it proved whole, and digests over them.

Specs: `embedded:NAME`, `hf:ORG/NAME` (the Hugging Face hub and its cache), or the path of a local
folder; `hf:` before the path of a folder is that folder. Imports no torch.
"""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from pytest_llmops.engine.weights import DEFAULT, embedded_folder
from pytest_llmops.errors import ModelError

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
NAMED = 4
"""Tensors that a message names; the others it counts."""
SETTINGS = (
    *("config.json", "generation_config.json"),
    *("tokenizer_config.json", "special_tokens_map.json"),
)
"""Files beside the weights that change what a model answers: the latter name the tokens that begin
and end texts."""


def resolve(spec: str) -> Path:
    """Return the local folder of a spec, fetching it first where it is not here yet."""
    kind, _, name = spec.partition(":")
    if kind == "embedded":
        return embedded_folder(name or DEFAULT)
    if kind == "hf":
        return Path(name) if Path(name).is_dir() else _from_hub(name)
    if not Path(spec).is_dir():
        raise ModelError(
            f"{spec}: no such folder; a base is a folder, hf:ORG/NAME or embedded:{DEFAULT}"
        )
    return Path(spec)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download  # noqa: PLC0415 - only hub models need it
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError  # noqa: PLC0415

    wanted = [
        "*.safetensors",
        "*.safetensors.index.json",
        "*.json",
        "*.jinja",
        "tokenizer*",
        "*.txt",
    ]
    try:
        return Path(snapshot_download(name, allow_patterns=[*wanted, "*.model"]))
    except (OSError, HfHubHTTPError, HFValidationError) as error:
        line = str(error).strip().splitlines()[0]
        raise ModelError(
            f"hf:{name}: cannot be fetched from the Hugging Face hub: {line}"
        ) from error


def files_sha256(paths: list[Path]) -> str:
    """Return one digest over the names and contents of files, in the order given."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            digest.update(
                f"{path.name}:{hashlib.file_digest(stream, 'sha256').hexdigest()}\n".encode()
            )
    return digest.hexdigest()


def settings_sha256(folder: Path) -> str:
    """Return one digest over the configuration files of a model."""
    return files_sha256([path for name in SETTINGS if (path := folder / name).is_file()])


def check_weights(folder: Path) -> None:
    """Prove that the weight files of `folder` are whole and hold what its index says.

    Raises:
        ModelError: Names the file, and the tensors.
    """
    if (folder / "adapter_config.json").is_file():
        raise ModelError(
            f"{folder}: is a LoRA adapter; give it a table with 'base' and 'adapter' in models.toml"
        )
    if (folder / SINGLE).is_file():
        _tensors(folder / SINGLE)
        return
    if not (folder / INDEX).is_file():
        raise ModelError(
            f"no *.safetensors in {folder} that are read ({SINGLE}, or the files of {INDEX});"
            " other weight formats are not loaded"
        )
    files: dict[str, set[str]] = {}
    for tensor, file in _index(folder / INDEX).items():
        files.setdefault(file, set()).add(tensor)
    for file, listed in files.items():
        if not (folder / file).is_file():
            raise ModelError(f"{folder / file}: is missing; {INDEX} names it")
        held = _tensors(folder / file)
        if lacking := listed - held:
            raise ModelError(f"{folder / file}: lacks {name_tensors(lacking)}, which {INDEX} lists")


def name_tensors(names: Collection[str]) -> str:
    """The first names in order, and how many there are beyond them."""
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(sorted(names)[:NAMED]) + rest


def _index(path: Path) -> dict[str, str]:
    try:
        weights = json.loads(path.read_bytes())["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: is no index of weights: {error!r}") from None
    if not isinstance(weights, dict) or not weights:
        raise ModelError(f"{path}: its weight_map names no tensors")
    for tensor, file in weights.items():
        if not isinstance(file, str) or Path(file).name != file:
            raise ModelError(f"{path}: {tensor} is in {file!r}, which is no file of this folder")
    return weights


def _tensors(path: Path) -> set[str]:
    """Return the names of the tensors in a file; the reader proves their sizes against its own."""
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 - of the extra `local`

    try:
        with safe_open(path, framework="np") as opened:
            return set(opened.keys())
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{path}: cannot be read, is it whole? {error}; fetch it again") from None
