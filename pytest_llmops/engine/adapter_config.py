"""`adapter_config.json`: which fields of PEFT's LoRA decide what is computed, and what is refused.

Every field that the installed PEFT knows is in one of three lists, which a test compares with those
of PEFT itself. What changes the base in another way than by a product of two small matrices (DoRA,
the changed base weights of PiSSA and OLoRA, activated LoRA, trained biases, whole saved modules) is
refused by name: served half, it would be another model under the adapter's name. Imports no torch.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pytest_llmops.errors import ModelError

WEIGHTS = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
BASE = "base.json"
"""Optional file beside them: the digests of what it was trained on, as `_Pins` has them."""

COMPUTED = {
    "peft_type",
    "base_model_name_or_path",
    "r",
    "lora_alpha",
    "alpha_pattern",
    "use_rslora",
}
"""Fields that the engine computes with. The ranks themselves are those of the weights."""

HARMLESS = {
    # Which layers are adapted and with what rank: the weights say so themselves.
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "rank_pattern"),
    # For training, or how the weights began; `init_lora_weights` tells where that changed the base.
    *("lora_dropout", "loftq_config", "eva_config", "corda_config", "lora_ga_config"),
    # How PEFT holds or shards what it computes the same.
    *("fan_in_fan_out", "inference_mode", "runtime_config", "megatron_core", "qalora_group_size"),
    # Where it came from.
    *("peft_version", "revision", "auto_mapping"),
}
"""Fields that change nothing in the answers of a saved adapter."""

OFF: dict[str, tuple[object, ...]] = {
    "task_type": (None, "CAUSAL_LM"),
    "bias": (None, "none"),
    "init_lora_weights": (None, True, False, "gaussian", "orthogonal", "eva"),
    **dict.fromkeys(
        (
            *("use_dora", "lora_bias", "use_qalora", "use_bdlora", "ensure_weight_tying"),
            *("modules_to_save", "alora_invocation_tokens", "trainable_token_indices"),
            *("layer_replication", "target_parameters", "megatron_config", "arrow_config"),
            *("kasa_config", "monteclora_config", "velora_config"),
        ),
        (None, False),
    ),
}
"""Values with which a field changes nothing; with any other, the adapter is refused."""

_Read = TypeVar("_Read", bound=msgspec.Struct)


class AdapterConfig(msgspec.Struct):
    """The part of `adapter_config.json` that decides what is computed."""

    peft_type: str = ""
    base_model_name_or_path: str | None = None
    r: int = 8
    lora_alpha: float = 8
    rank_pattern: dict[str, int] | None = None
    alpha_pattern: dict[str, float] | None = None
    use_rslora: bool = False

    @property
    def highest_rank(self) -> int:
        """The largest rank of any layer."""
        return max([self.r, *(self.rank_pattern or {}).values()])

    def scaling(self, path: str, rank: int) -> float:
        """Return alpha over rank (or its root), as PEFT finds them for a layer."""
        alpha = next(
            (
                alpha
                for pattern, alpha in (self.alpha_pattern or {}).items()
                if re.match(rf"(.*\.)?({pattern})$", path)
            ),
            self.lora_alpha,
        )
        return alpha / (rank**0.5 if self.use_rslora else rank)


def read_config(folder: Path) -> AdapterConfig:
    """Read the configuration of the adapter in `folder`.

    Raises:
        ModelError: There is no adapter, or it holds what cannot be served; names every such field.
    """
    if not folder.is_dir():
        raise ModelError(
            f"{folder}: no such folder; train the adapter first (`llmops finetune`), or name"
            " its folder in models.toml"
        )
    if not (folder / CONFIG).is_file():
        raise ModelError(f"{folder}: no {CONFIG}; an adapter is a folder as PEFT saves it")
    if not (folder / WEIGHTS).is_file():
        pickle = " (a pickle, adapter_model.bin, is not read)" if _has_pickle(folder) else ""
        raise ModelError(f"{folder}: no {WEIGHTS}{pickle}; save it with safe_serialization=True")
    config = decode(folder / CONFIG, AdapterConfig)
    found = list(_refused(msgspec.json.decode((folder / CONFIG).read_bytes())))
    if found:
        raise ModelError(
            f"{folder}: {', '.join(found)} cannot be served as an adapter; merge it into the base"
        )
    return config


class _Pins(msgspec.Struct):
    """`base.json`."""

    sha256: str
    """Of the base's weights."""
    tokenizer_sha256: str | None = None


def check_pins(folder: Path, base: str, sha256: str, tokenizer_sha256: str) -> bool:
    """Return whether the adapter in `folder` names its base by digest.

    Raises:
        ModelError: It names another than `base`, whose digests these are.
    """
    if not (folder / BASE).is_file():
        return False
    pins = decode(folder / BASE, _Pins)
    if pins.sha256 != sha256:
        raise ModelError(
            f"{folder / BASE}: trained on a base with digest {pins.sha256}; {base} has {sha256}"
        )
    if tokenizer_sha256 and pins.tokenizer_sha256 not in {None, tokenizer_sha256}:
        raise ModelError(
            f"{folder / BASE}: trained with a tokenizer of digest {pins.tokenizer_sha256};"
            f" {base} has {tokenizer_sha256}"
        )
    return True


def decode(path: Path, kind: type[_Read]) -> _Read:
    """Read a JSON file into `kind`; raises ModelError with the file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: {error}") from error


def _refused(fields: dict[str, Any]) -> Iterator[str]:
    """Yield the fields that change what is computed in a way that is not built."""
    if fields.get("peft_type") != "LORA":
        yield f"peft_type {fields.get('peft_type')!r}"
    for name, value in fields.items():
        if name in COMPUTED or name in HARMLESS or _is_off(name, value):
            continue
        known = "" if name in OFF else ", a field that is not known here,"
        yield f"{name} {value!r}{known}"


def _is_off(name: str, value: object) -> bool:
    """Whether a field does nothing; one that is not known may only be empty."""
    off = OFF.get(name, (None, False))
    return value in off or value in ([], {}, "")


def _has_pickle(folder: Path) -> bool:
    return (folder / "adapter_model.bin").exists()
