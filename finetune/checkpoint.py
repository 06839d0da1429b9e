"""Checkpoints that survive a kill at any moment, and say so when they did not.

A checkpoint is a folder `step-000050` with two files: `state.safetensors` (weights, the best ones
so far, the optimizer's moments, the state of the random generators) and `state.json` (how far
training was, the curve, and the digest of the tensors). It is written under another name, brought
to the disk (fsync), and renamed: what has the name is whole. The last two are kept, so that a disk
that loses one costs some steps and not the training. No pickle is written or read.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from .errors import FinetuneError

KEPT = 2
"""Checkpoints that are kept."""

TENSORS, STATE = "state.safetensors", "state.json"
_NAME = re.compile(r"step-(\d{6,})")

Identity = dict[str, str]
"""What must be the same for a training to go on: digests and settings, by name."""


class Point(msgspec.Struct, frozen=True):
    """Losses after an optimizer step; None where nothing was measured there."""

    step: int
    train_loss: float | None = None
    """Mean over the tokens (or pairs) of the step."""
    validation_loss: float | None = None
    """Mean over those of the whole validation split."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How far a training is."""

    step: int = 0
    """Optimizer steps done; with the seed it also says which rows come next."""
    dtype: str = "float32"
    """In which the base is computed; measured once, by the process that began."""
    tokens: int = 0
    """Of the examples so far, each as long as it is by itself."""
    computed_tokens: int = 0
    """What was computed for them; shared prompts count once."""
    seconds: float = 0.0
    """Spent so far, over all processes one after another that worked on it."""
    best_step: int = 0
    best_loss: float | None = None
    """Lowest validation loss."""
    worse: int = 0
    """Validations since then."""
    curve: tuple[Point, ...] = ()


class Checkpoint(NamedTuple):
    """What a training needs to go on."""

    standing: Standing
    tensors: dict[str, torch.Tensor]
    """By name: full tensors on the CPU."""


class _State(msgspec.Struct, frozen=True):
    """`state.json`."""

    identity: Identity
    standing: Standing
    sha256: str
    """Of the file of tensors."""


def save_checkpoint(folder: Path, checkpoint: Checkpoint, identity: Identity) -> Path:
    """Write a checkpoint into `folder`, remove those that are no longer needed, return its path.

    Raises:
        FinetuneError: The disk is full or cannot be written; the checkpoints there stay as they
            are.
    """
    final = folder / f"step-{checkpoint.standing.step:06}"
    making = folder / f".making-{final.name}"
    data = save({name: tensor.contiguous() for name, tensor in checkpoint.tensors.items()})
    state = _State(identity, checkpoint.standing, hashlib.sha256(data).hexdigest())
    try:
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        write_through(making / TENSORS, data)
        write_through(making / STATE, msgspec.json.encode(state))
        sync_folder(making)
        if final.exists():  # a damaged one, or training would not do this step again
            shutil.rmtree(final)
        making.rename(final)
        sync_folder(folder)
        for old in _found(folder)[KEPT:]:
            shutil.rmtree(old)
    except OSError as error:
        raise FinetuneError(
            f"{making}: cannot be written: {error.strerror or error}; make room and run it again:"
            " training goes on from the last whole checkpoint"
        ) from error
    return final


def write_through(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def newest_checkpoint(
    folder: Path, identity: Identity, say: Callable[[str], None] = lambda _: None
) -> Checkpoint | None:
    """Return the newest whole checkpoint; None where there is none.

    Args:
        folder: Where checkpoints are.
        identity: Of the training that wants to go on.
        say: Told of every damaged checkpoint that is passed over.

    Raises:
        FinetuneError: The newest whole checkpoint is of another training; names what differs.
    """
    for path in _found(folder):
        try:
            state = msgspec.json.decode((path / STATE).read_bytes(), type=_State)
            data = (path / TENSORS).read_bytes()
            if hashlib.sha256(data).hexdigest() != state.sha256:
                raise ValueError("the tensors do not match their digest")
            tensors = load(data)
        except (OSError, ValueError, msgspec.DecodeError, SafetensorError) as error:
            say(f"{path}: damaged ({error}); passed over")
            continue
        check_identity(state.identity, identity, path)
        return Checkpoint(state.standing, tensors)
    return None


def _found(folder: Path) -> list[Path]:
    """All named checkpoints, newest first."""
    named = {path: _NAME.fullmatch(path.name) for path in folder.glob("step-*")}
    steps = {path: int(match[1]) for path, match in named.items() if match}
    return sorted(steps, key=steps.__getitem__, reverse=True)


def check_identity(found: Mapping[str, str], wanted: Mapping[str, str], path: Path) -> None:
    """Raise FinetuneError unless both are of the same training; names every difference."""
    names = sorted({*found, *wanted})
    other = [
        f"{name} {found.get(name, 'none')} there, {wanted.get(name, 'none')} now"
        for name in names
        if found.get(name) != wanted.get(name)
    ]
    if other:
        raise FinetuneError(
            f"{path}: of another training ({'; '.join(other)}); choose another output folder, or"
            " remove this one to start anew"
        )
