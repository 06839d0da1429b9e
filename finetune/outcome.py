"""What a training leaves behind: the adapter in PEFT's format and `training.json`.

`training.json` is written last: a folder that has it is finished.
"""

import importlib.metadata
import platform
import shutil
from pathlib import Path

import msgspec
import torch

from pytest_llmops.memory import own_peak

from .checkpoint import (
    Identity,
    Point,
    Standing,
    check_identity,
    sync_folder,
    write_through,
)
from .errors import FinetuneError
from .snapshot import Tensors
from .trainee import Trainee, save_adapter

OUTCOME = "training.json"
_PACKAGES = ("torch", "transformers", "peft", "accelerate", "datasets", "pytest-llmops")


class Training(msgspec.Struct, frozen=True, kw_only=True):
    """`training.json`: what came of a training."""

    steps: int
    """Optimizer steps done."""
    best_step: int
    """After which the saved weights were taken."""
    train_loss: float | None
    """Of the last step."""
    validation_loss: float | None
    """Of the saved weights; None when nothing was held out."""
    tokens: int
    """Of the examples trained on, prompts included, each as long as it is by itself."""
    computed_tokens: int
    """What was computed for them; a prompt with several answers counts once."""
    seconds: float
    """Of training and validation, over all processes that worked on it one after another."""
    peak_memory: int
    """Bytes: of the process on a CPU, of the device on a GPU; since the last resume."""
    dtype: str
    """In which the base was computed."""
    curve: tuple[Point, ...]
    identity: Identity
    """Settings, and digests of data and base."""
    versions: dict[str, str]


def finished(output: Path, identity: Identity) -> Training | None:
    """Return the outcome of a finished training; None where there is none.

    Raises:
        FinetuneError: It is of another training, or cannot be read.
    """
    path = output / OUTCOME
    try:
        outcome = msgspec.json.decode(path.read_bytes(), type=Training)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise FinetuneError(f"{path}: cannot be read: {error}; remove it to train anew") from error
    check_identity(outcome.identity, identity, path)
    return outcome


def write_outcome(
    trainee: Trainee, weights: Tensors, standing: Standing, identity: Identity, output: Path
) -> None:
    """Write adapter and outcome, and remove the checkpoints.

    Raises:
        FinetuneError: The disk is full or cannot be written; the checkpoints stay.
    """
    making = output / ".making-adapter"
    outcome = Training(
        steps=standing.step,
        best_step=standing.best_step,
        train_loss=standing.curve[-1].train_loss,
        validation_loss=standing.best_loss,
        tokens=standing.tokens,
        computed_tokens=standing.computed_tokens,
        seconds=standing.seconds,
        peak_memory=peak_memory(),
        dtype=standing.dtype,
        curve=standing.curve,
        identity=identity,
        versions={name: importlib.metadata.version(name) for name in _PACKAGES}
        | {"python": platform.python_version()},
    )
    text = msgspec.json.format(msgspec.json.encode(outcome), indent=2)
    try:
        shutil.rmtree(making, ignore_errors=True)
        save_adapter(trainee, weights, making)
        write_through(making / OUTCOME, text + b"\n")
        for path in sorted(making.iterdir(), key=lambda path: path.name == OUTCOME):
            path.replace(output / path.name)
            sync_folder(output)
        making.rmdir()
        shutil.rmtree(output / "checkpoints")
    except OSError as error:
        raise FinetuneError(
            f"{output}: cannot be written: {error.strerror or error}; make room and run it again"
        ) from error


def peak_memory() -> int:
    """Return the most memory this process had, in bytes; that of its GPU where it has one."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return own_peak()
