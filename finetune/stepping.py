"""One optimizer step, one validation, and what they change in the standing of a training."""

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from accelerate import Accelerator
from msgspec.structs import replace

from .checkpoint import Point, Standing
from .errors import FinetuneError
from .objective import Objective
from .packing import Bundle, lay_out
from .settings import Train
from .trainee import to_inputs

Rows = Sequence[Sequence[Bundle]]


class Worker(NamedTuple):
    """What computes the loss of a row in this process."""

    accelerator: Accelerator
    model: Any
    """As accelerate prepared it."""
    objective: Objective


def learning_rate(step: int, steps: int, settings: Train) -> float:
    """Return the rate of optimizer step `step`, counted from 0, of `steps`.

    It rises in a line over the first `warmup_share` of the steps to `learning_rate`, and falls
    from there along half a cosine towards 0.
    """
    warmup = math.ceil(settings.warmup_share * steps)
    if step < warmup:
        return settings.learning_rate * (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def do_step(worker: Worker, optimizer: Any, rows: Rows, *, rate: float, max_norm: float) -> float:
    """Do one optimizer step on `rows`, those of all processes; return its mean loss.

    Raises:
        FinetuneError: The loss is no number any more.
    """
    accelerator, model, objective = worker
    units = sum(map(objective.units, rows))
    mine = list(_mine(worker, rows))
    total = torch.zeros((), device=accelerator.device)
    for place, (row, counts) in enumerate(mine):
        is_last = place == len(mine) - 1
        with nullcontext() if is_last else accelerator.no_sync(model):
            loss = _loss(worker, row) * counts / units
            # Gradients are averaged over the processes; here they are to be summed.
            accelerator.backward(loss * accelerator.num_processes)
        total += loss.detach()
    mean = float(accelerator.reduce(total, "sum"))
    if not math.isfinite(mean):
        raise FinetuneError(
            f"the loss is {mean}: training has diverged; lower train.learning_rate, or set"
            ' train.dtype = "float32"'
        )
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    accelerator.clip_grad_norm_(weights, max_norm)
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.step()
    optimizer.zero_grad()
    return mean


def validate(worker: Worker, rows: Rows) -> float | None:
    """Return the mean loss of `rows`, those of all processes; None without any."""
    if not rows:
        return None
    accelerator, model, objective = worker
    total = torch.zeros((), device=accelerator.device)
    model.eval()
    with torch.no_grad():
        for row, counts in _mine(worker, rows):
            total += _loss(worker, row) * counts
    model.train()
    return float(accelerator.reduce(total, "sum")) / sum(map(objective.units, rows))


def _mine(worker: Worker, rows: Rows) -> Iterator[tuple[Sequence[Bundle], bool]]:
    """Yield the rows of this process, and whether they count.

    All processes take as many, because they wait for each other in every pass; one that has fewer
    repeats a row for nothing.
    """
    count, rank = worker.accelerator.num_processes, worker.accelerator.process_index
    for first in range(0, len(rows), count):
        counts = first + rank < len(rows)
        yield rows[first + rank if counts else first], counts


def _loss(worker: Worker, bundles: Sequence[Bundle]) -> torch.Tensor:
    row = lay_out(bundles)
    log_probs = worker.model(to_inputs(row, worker.accelerator.device))
    return worker.objective.loss(log_probs, row)


def stepped(standing: Standing, rows: Rows, loss: float, *, seconds: float) -> Standing:
    """Return the standing after one more step, on `rows`."""
    bundles = [bundle for row in rows for bundle in row]
    step = standing.step + 1
    return replace(
        standing,
        step=step,
        seconds=seconds,
        tokens=standing.tokens + sum(bundle.plain_tokens for bundle in bundles),
        computed_tokens=standing.computed_tokens + sum(bundle.tokens for bundle in bundles),
        curve=(*standing.curve, Point(step, loss)),
    )


def validated(standing: Standing, loss: float | None) -> Standing:
    """Return the standing after a validation; without one the latest weights are the best."""
    *before, last = standing.curve
    curve = (*before, replace(last, validation_loss=loss))
    if loss is None or standing.best_loss is None or loss < standing.best_loss:
        return replace(standing, curve=curve, best_step=standing.step, best_loss=loss, worse=0)
    return replace(standing, curve=curve, worse=standing.worse + 1)
