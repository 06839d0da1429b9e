"""LoRA adapters in PEFT's folder format, read without pickle and proved to fit the base.

Supported is what PEFT calls LoRA on linear layers, rank and alpha patterns and rsLoRA included;
`adapter_config` refuses the rest.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from pytest_llmops.engine.adapter_config import (
    CONFIG,
    WEIGHTS,
    AdapterConfig,
    check_pins,
    read_config,
)
from pytest_llmops.engine.folders import files_sha256
from pytest_llmops.engine.linear import LowRank
from pytest_llmops.engine.load import Loaded
from pytest_llmops.errors import ModelError

_KEY = re.compile(r"(?:base_model\.model\.)?(?P<path>.+)\.lora_(?P<side>[AB])\.weight")


class Adapter(NamedTuple):
    """A LoRA adapter in memory."""

    sha256: str
    """Digest of its configuration and weights."""
    pairs: dict[str, LowRank]
    """By path of the linear layer in the base model."""


def read_adapter(folder: Path, base: Loaded, base_spec: str) -> Adapter:
    """Read the adapter in `folder` for `base`; raises ModelError, by name, when it does not fit."""
    config = read_config(folder)
    _check_base(folder, config, base, base_spec)
    pairs = _pairs(folder, config)
    for path, pair in pairs.items():
        _check_shape(folder, path, pair, base.model)
    moved = {
        path: LowRank(
            pair.down.to(base.device, base.dtype), pair.up.to(base.device, base.dtype), pair.scaling
        )
        for path, pair in pairs.items()
    }
    return Adapter(files_sha256([folder / CONFIG, folder / WEIGHTS]), moved)


def _check_base(folder: Path, config: AdapterConfig, base: Loaded, base_spec: str) -> None:
    """The digest decides where there is one; otherwise the last part of the base's name."""
    if check_pins(folder, base_spec, base.sha256, base.tokenizer_sha256):
        return
    named = config.base_model_name_or_path
    known = {_last_part(name) for name in (base_spec, str(base.folder))}
    if named and _last_part(named) not in known:
        raise ModelError(
            f"{folder / CONFIG}: base_model_name_or_path is {named!r}, the base served is"
            f" {base_spec!r} ({base.folder}); serve it on the base that it was trained on"
        )


def _last_part(name: str) -> str:
    return re.split(r"[/\\:]", name.rstrip("/\\"))[-1].lower()


def _pairs(folder: Path, config: AdapterConfig) -> dict[str, LowRank]:
    try:
        tensors: Mapping[str, torch.Tensor] = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise ModelError(f"{folder / WEIGHTS}: {error}") from error
    sides: dict[str, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        if not match:
            raise ModelError(f"{folder / WEIGHTS}: {key!r} is no LoRA weight of a linear layer")
        sides.setdefault(match["path"], {})[match["side"]] = tensor
    for path, both in sides.items():
        if set(both) != {"A", "B"} or both["A"].shape[0] != both["B"].shape[1]:
            raise ModelError(f"{folder / WEIGHTS}: {path} has no matching lora_A and lora_B")
    return {
        path: LowRank(both["A"], both["B"], config.scaling(path, len(both["A"])))
        for path, both in sides.items()
    }


def _check_shape(folder: Path, path: str, pair: LowRank, model: Any) -> None:
    try:
        weight = model.get_submodule(path).weight
    except AttributeError as error:
        raise ModelError(f"{folder}: adapts {path}, which the base does not have") from error
    found = (len(pair.up), pair.down.shape[1])
    shapes = {tuple(weight.shape)}
    if type(model.get_submodule(path)).__name__ == "Conv1D":
        shapes = {tuple(weight.shape[::-1])}
    if found not in shapes:
        raise ModelError(
            f"{folder}: {path} is for a layer of shape {list(found)},"
            f" the base has {list(weight.shape)}"
        )
