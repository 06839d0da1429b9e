"""Train a LoRA adapter: one program, read from top to bottom.

The same steps serve both methods, one process or many (`accelerate launch`), CPU and GPU. Every
step takes `accumulate` packed rows in each process; its loss is the sum over all of them divided
by what they hold together, so how the rows are divided changes nothing but rounding. Validation
comes with each checkpoint and after the last step; the weights of the best one are what is saved.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list

from .checkpoint import Checkpoint, Identity, Standing, newest_checkpoint, save_checkpoint
from .errors import FinetuneError
from .objective import Objective
from .outcome import Training, finished, write_outcome
from .packing import Bundle, Prepared, pack, plan
from .settings import Train
from .snapshot import Tensors, restore, take, whole_weights
from .splits import identify, read_splits
from .stepping import Worker, do_step, learning_rate, stepped, validate, validated
from .trainee import Trainee, dtype_of, load_trainee, weights_of


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """What is told after every step, for a progress bar."""

    step: int
    """Optimizer steps done."""
    steps: int
    """Of the whole training, unless it stops early."""
    loss: float | None = None
    """Mean of the step, over tokens or pairs."""
    tokens_per_second: float = 0.0
    """Tokens of examples, since this process began to train."""
    validation_loss: float | None = None
    """The last one measured."""
    message: str = ""
    """Something to say: resumed, stopped early, a damaged checkpoint, examples left out."""


Report = Callable[[Progress], None]


class _Job(NamedTuple):
    """What stays the same from the first step to the last."""

    accelerator: Accelerator
    settings: Train
    base: Path
    output: Path
    identity: Identity
    steps: Sequence[Sequence[Sequence[Bundle]]]
    """Rows of bundles, by step."""
    held_out: Sequence[Sequence[Bundle]]
    """Rows of the validation split."""
    report: Report

    def say(self, text: str, step: int = 0) -> None:
        """Report a message."""
        self.report(Progress(step=step, steps=len(self.steps), message=text))


class _Started(NamedTuple):
    """A model ready for its next step."""

    worker: Worker
    trainee: Trainee
    """The model without the wrappers of accelerate."""
    optimizer: Any
    standing: Standing
    best: Tensors


def train(
    data: Path,
    base: Path,
    output: Path,
    settings: Train,
    *,
    report: Report = lambda _: None,
) -> Training:
    """Train an adapter on a dataset, or go on where an earlier call was interrupted.

    Args:
        data: A `datasets` folder with the split `train`, and `validation` unless nothing is held
            out.
        base: Folder of the base: safetensors weights and tokenizer.
        output: Where adapter and `training.json` go; `checkpoints` in it until then.
        settings: How.
        report: Told after every step, in the main process.

    Returns:
        What came of it. A training that is already finished is not done again.

    Raises:
        FinetuneError: Data, base and settings do not fit together, the output folder holds another
            training, the loss is no number any more, or the disk is full.
    """
    accelerator = _accelerator()
    training, validation = read_splits(data, base, settings)
    job = _Job(
        accelerator=accelerator,
        settings=settings,
        base=base,
        output=output,
        identity=identify(accelerator, training, validation, base=base, settings=settings),
        steps=plan(
            training.bundles,
            batch_tokens=settings.batch_tokens,
            rows=settings.accumulate * accelerator.num_processes,
            epochs=settings.passes,
            seed=settings.seed,
        ),
        held_out=pack(validation.bundles, settings.batch_tokens),
        report=report if accelerator.is_main_process else lambda _: None,
    )
    if done := finished(output, job.identity):
        return done
    _tell_left_out(job, training, validation)
    started = _start(job)
    standing, best = _go_on(job, started)
    if accelerator.is_main_process:
        write_outcome(started.trainee, best, standing, job.identity, output)
    accelerator.wait_for_everyone()
    outcome = finished(output, job.identity)
    assert outcome
    return outcome


def _accelerator() -> Accelerator:
    """Return what knows the processes; without autocast, as `trainee` explains."""
    accelerator = Accelerator(mixed_precision="no")
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != accelerator.num_processes:
        raise FinetuneError(
            f"started as {started} processes that do not find each other: each would train alone"
            " into one folder; without GPUs set ACCELERATE_USE_CPU=true"
        )
    return accelerator


def _tell_left_out(job: _Job, training: Prepared, validation: Prepared) -> None:
    left_out = training.too_long + validation.too_long
    if left_out:
        job.say(f"{left_out} examples left out: longer than {job.settings.max_tokens} tokens")


def _start(job: _Job) -> _Started:
    """Load the model, and put it where the newest whole checkpoint left it."""
    accelerator, settings = job.accelerator, job.settings
    checkpoint = newest_checkpoint(job.output / "checkpoints", job.identity, job.say)
    dtype = _agreed_dtype(job, checkpoint)
    trainee = load_trainee(job.base, settings, getattr(torch, dtype))
    optimizer = torch.optim.AdamW(
        [parameter for _, parameter in weights_of(trainee)],
        lr=settings.learning_rate,
        weight_decay=settings.weight_decay,
    )
    model, optimizer = accelerator.prepare(trainee, optimizer)
    trainee = accelerator.unwrap_model(model)
    standing, best = Standing(dtype=dtype), whole_weights(trainee)
    torch.manual_seed(settings.seed + accelerator.process_index)  # of dropout, in each its own
    if checkpoint:
        standing, rank = checkpoint.standing, accelerator.process_index
        best = restore(trainee, optimizer, checkpoint.tensors, step=standing.step, rank=rank)
        job.say(f"going on after step {standing.step}", standing.step)
    return _Started(
        Worker(accelerator, model, Objective(settings)), trainee, optimizer, standing, best
    )


def _agreed_dtype(job: _Job, checkpoint: Checkpoint | None) -> str:
    """Return the dtype of all processes: that of the checkpoint, else as set or measured."""
    if checkpoint:
        return checkpoint.standing.dtype
    dtype = dtype_of(job.settings, job.accelerator.device)
    agreed = broadcast_object_list([str(dtype).removeprefix("torch.")])
    return str(agreed[0])


def _go_on(job: _Job, started: _Started) -> tuple[Standing, Tensors]:
    """Do the steps that are left; return where it ended, and the best weights."""
    worker, trainee, optimizer, standing, best = started
    settings, first, begun = job.settings, started.standing, time.perf_counter()
    while standing.step < len(job.steps) and standing.worse < settings.patience:
        rows = job.steps[standing.step]
        rate = learning_rate(standing.step, len(job.steps), settings)
        loss = do_step(worker, optimizer, rows, rate=rate, max_norm=settings.max_grad_norm)
        spent = time.perf_counter() - begun
        standing = stepped(standing, rows, loss, seconds=first.seconds + spent)
        if standing.step % settings.checkpoint_every == 0 or standing.step == len(job.steps):
            standing = validated(standing, validate(worker, job.held_out))
            is_best = standing.best_step == standing.step
            best = whole_weights(trainee) if is_best else best
            tensors = take(trainee, optimizer, best, with_best=not is_best)
            if job.accelerator.is_main_process:
                folder = job.output / "checkpoints"
                save_checkpoint(folder, Checkpoint(standing, tensors), job.identity)
        speed = (standing.tokens - first.tokens) / spent
        job.report(_progress(standing, len(job.steps), speed))
    if standing.step < len(job.steps):
        job.say(f"stopped early: no better loss since step {standing.best_step}", standing.step)
    return standing, best


def _progress(standing: Standing, steps: int, speed: float) -> Progress:
    return Progress(
        step=standing.step,
        steps=steps,
        loss=standing.curve[-1].train_loss,
        tokens_per_second=speed,
        validation_loss=next(
            (point.validation_loss for point in reversed(standing.curve) if point.validation_loss),
            None,
        ),
    )
