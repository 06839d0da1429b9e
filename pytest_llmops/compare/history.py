"""A metric over many runs, and where it changed for good.

Every run is measured against the same reference, not against its predecessor: many small steps,
each too small to be seen from one run to the next, add up in sight.

Change points are found by E-divisive: of all ways to cut the series in two, take the one with the
largest energy distance between the parts, ask by permutation how often chance does as well, and go
on within the parts until it does so too often.

Sources: Matteson and James 2014, "A nonparametric approach for multiple change point analysis of
multivariate data", JASA 109 (505), 334-345; Hunter 2023, "Automated system performance testing",
arXiv:2301.03034 (its use on benchmark histories).
"""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from pytest_llmops.compare.comparable import refuse_other_questions
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.compare.estimates.bootstrap import cost_of_pass
from pytest_llmops.compare.paired import Paired
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun

Floats = NDArray[np.float64]

Metric = Literal[
    "token ratio", "solve rate", "cost of pass", "dollars per solved", "priced per solved"
]

ALPHA = 0.05
SHORTEST = 3
"""Runs on either side of a change; fewer say nothing of a lasting one."""
PERMUTATIONS = 999


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One run in a series."""

    run: str
    started: float
    """Unix time, seconds."""
    model: str
    value: float


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A lasting change in a series."""

    index: int
    """Of the first value after it."""
    before: float
    """Mean of the values from the previous change to this one."""
    after: float
    """Mean of the values from this change to the next."""
    p: float
    """Share of permutations in which a cut of pure chance is as sharp."""


def measure(reference: RecordedRun, found: RecordedRun, metric: Metric) -> Point:
    """The metric of a run.

    `token ratio` is the geometric mean over cases of output tokens against the reference; `solve
    rate` the mean over cases of the share of attempts solved, 0..1; `cost of pass` output tokens by
    solved attempt, inf where none is solved; `dollars per solved` the same in dollars, nan where an
    answer has no price; `priced per solved` in priced tokens of loops, nan where there are none.

    Args:
        reference: The run that all of a series are compared with; complete.
        found: Complete, and of the same cases asked in the same way.
        metric: What to measure.

    Raises:
        CompareError: The run is not complete, or cannot be compared with the reference.
    """
    return Point(
        run=found.run.id,
        started=found.run.started,
        model=found.run.identity.model,
        value=_value(reference, found, metric),
    )


def change_points(
    values: Sequence[float], *, alpha: float = ALPHA, seed: int = 0
) -> tuple[Change, ...]:
    """Where a series changed for good, in order.

    Args:
        values: One a run, in order; a value that is not finite (a cost of pass without any pass) is
            left out, and indices count it.
        alpha: Chance of finding a first change in a series that has none.
        seed: Of the permutations.
    """
    known = [index for index, value in enumerate(values) if math.isfinite(value)]
    numbers = np.array([values[index] for index in known], dtype=np.float64)
    if len(numbers) < 2 * SHORTEST:
        return ()
    generator = np.random.default_rng(seed)
    cuts: dict[int, float] = {}
    while (found := _next_cut(numbers, sorted(cuts), generator)) and found[1] <= alpha:
        cuts[found[0]] = found[1]
    edges = [0, *sorted(cuts), len(numbers)]
    return tuple(
        Change(
            index=known[cut],
            before=float(numbers[start:cut].mean()),
            after=float(numbers[cut:end].mean()),
            p=cuts[cut],
        )
        for start, cut, end in zip(edges, edges[1:], edges[2:], strict=False)
    )


def sharpest_cut(distances: Floats) -> tuple[int, float]:
    """The cut of a series with the largest energy statistic.

    For m values before the cut and n after it,

        Q = m n / (m + n) * (2 mean|x - y| - mean|x - x'| - mean|y - y'|)

    where the second and third mean are over pairs within a part.

    Args:
        distances: (N, N) of all pairs of values.

    Returns:
        Index of the first value after the cut, and Q; (0, -inf) for fewer than 2 `SHORTEST`.
    """
    length = len(distances)
    before = np.arange(SHORTEST, length - SHORTEST + 1)
    if not len(before):
        return 0, -math.inf
    table = np.zeros((length + 1, length + 1))
    table[1:, 1:] = distances.cumsum(axis=0).cumsum(axis=1)
    after = length - before
    first, whole = table[before, before], table[length, length]
    across = table[before, length] - first
    second = whole - first - 2 * across
    energy = (
        2 * across / (before * after)
        - first / (before * (before - 1))
        - second / (after * (after - 1))
    )
    scores = before * after / length * energy
    best = int(scores.argmax())
    return int(before[best]), float(scores[best])


def _next_cut(
    values: Floats, cuts: Sequence[int], generator: np.random.Generator
) -> tuple[int, float] | None:
    """The sharpest cut within the parts there are, and its p-value; None where none is possible.

    Values are permuted within their parts, so that the changes already found do not count again.
    """
    parts = np.split(values, list(cuts))
    scores = [sharpest_cut(np.abs(part[:, None] - part)) for part in parts]
    best = max(range(len(parts)), key=lambda index: scores[index][1])
    cut, score = scores[best]
    if score == -math.inf:
        return None
    reached = 0
    for _ in range(PERMUTATIONS):
        shuffled = [generator.permutation(part) for part in parts]
        drawn = max(sharpest_cut(np.abs(part[:, None] - part))[1] for part in shuffled)
        reached += drawn >= score
    start = [0, *cuts][best]
    return start + cut, (1 + reached) / (1 + PERMUTATIONS)


def require_told(found: RecordedRun, metric: Metric) -> None:
    """Refuse a run that does not tell what a series is of; the logs of some harnesses do not.

    Raises:
        CompareError: Says what is missing.
    """
    told = found.run.harness
    if told and metric != "solve rate" and not any(one.usage for one in found.records):
        raise CompareError(f"{told} tells no tokens, so it has no {metric}")
    if told and metric != "token ratio" and not any(one.grade for one in found.records):
        raise CompareError(f"{told} does not say which answers are right, so it has no {metric}")


def refuse_outsider(reference: RecordedRun, found: RecordedRun, metric: Metric) -> None:
    """Refuse a run that does not belong in the series of another.

    Raises:
        CompareError: Names every difference.
    """
    cases = [{record.case for record in run.records} for run in (reference, found)]
    refuse_other_questions(
        reference.run,
        found.run,
        cases=(cases[0], cases[1]),
        records=(reference.records, found.records),
        tokens=metric in {"token ratio", "cost of pass"},
    )


def _value(reference: RecordedRun, found: RecordedRun, metric: Metric) -> float:
    require_complete(found, "run")
    require_told(found, metric)
    refuse_outsider(reference, found, metric)
    if metric == "dollars per solved":
        return _per_solved(found, "cost")
    if metric == "priced per solved":
        return _per_solved(found, "priced")
    return _measure(pair_records(reference.records, found.records, listed=False), metric)


def _per_solved(found: RecordedRun, field: Literal["cost", "priced"]) -> float:
    answered = [record for record in found.records if record.usage]
    told = (record.cost if field == "cost" else record.priced for record in answered)
    costs = [amount for amount in told if amount is not None]
    if not costs or len(costs) < len(answered):
        return math.nan
    return cost_of_pass(sum(costs), sum(record.solved for record in found.records))


def _measure(paired: Paired, metric: Metric) -> float:
    if metric == "token ratio":
        return math.exp(float(np.nanmean(paired.log_ratio(paired.output))))
    if metric == "solve rate":
        return float(paired.solved[:, 1].mean())
    solved = float((paired.solved[:, 1] * paired.samples[:, 1]).sum())
    return cost_of_pass(float(paired.spent[:, 1].sum()), round(solved))
