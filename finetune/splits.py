"""The dataset as training sees it, and what identifies a training."""

from pathlib import Path
from typing import Any

import datasets
import msgspec
from accelerate import Accelerator

from pytest_llmops.engine.folders import files_sha256

from .checkpoint import Identity
from .errors import FinetuneError
from .packing import Prepared, prepare
from .settings import TRAINING_VERSION, Train
from .trainee import load_tokenizer

_COLUMNS = {
    "sft-shortest": {"messages", "completion"},
    "preference": {"messages", "chosen", "rejected", "rejected_stopped"},
}


def read_splits(data: Path, base: Path, settings: Train) -> tuple[Prepared, Prepared]:
    """Read the splits `train` and `validation` as tokens; without the second one it is empty.

    Raises:
        FinetuneError: The folder is no dataset, lacks a column that the method needs, or nothing
            is left of it.
    """
    splits = _load(data)
    if "train" not in splits:
        raise FinetuneError(f"{data}: has no split train; make the dataset first")
    wanted = _COLUMNS[settings.method]
    for name in splits:
        if missing := wanted - set(splits[name].column_names):
            raise FinetuneError(
                f"{data}: split {name} has no {', '.join(sorted(missing))}, which"
                f" train.method = {settings.method!r} needs; make the dataset with that method"
            )
    tokenizer = load_tokenizer(base)
    training, validation = (
        prepare(
            splits.get(name, ()),
            tokenizer,
            max_tokens=settings.max_tokens,
            batch_tokens=settings.batch_tokens,
        )
        for name in ("train", "validation")
    )
    if not training.bundles:
        raise FinetuneError(
            f"{data}: nothing to train on, {training.too_long} examples are longer than"
            f" {settings.max_tokens} tokens; raise train.max_tokens"
        )
    return training, validation


def _load(data: Path) -> Any:
    try:
        found = datasets.load_from_disk(str(data))
    except (OSError, ValueError, KeyError) as error:
        raise FinetuneError(f"{data}: no dataset that can be read: {error}") from error
    if not isinstance(found, datasets.DatasetDict):
        raise FinetuneError(f"{data}: one dataset without splits; it needs a split train")
    return found


def identify(
    accelerator: Accelerator,
    training: Prepared,
    validation: Prepared,
    *,
    base: Path,
    settings: Train,
) -> Identity:
    """Return what decides which weights come out, by name: an interrupted training needs it all."""
    named = {f"train.{name}": str(value) for name, value in msgspec.to_builtins(settings).items()}
    return named | {
        "training data": training.sha256,
        "validation data": validation.sha256,
        "base": files_sha256(sorted(base.glob("*.safetensors"))),
        "processes": str(accelerator.num_processes),
        "device": accelerator.device.type,
        "version": TRAINING_VERSION,
    }
