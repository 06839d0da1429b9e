"""In which order a sequential gate asks, and when it looks.

Sample by sample, so that every case is seen before one is asked again: a new case tells more than a
repeat. Within a sample the cases come in a random order in which every stretch holds about the same
share of each cluster, so that the first look is already spread over the source files. The order
does not depend on any answer, and looks come after whole batches only; both are what the bounds of
`boundary` rest on.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.errors import CompareError

Key = tuple[str, int]
"""Case and sample."""
Batch = tuple[Key, ...]

BURN_IN = 30
"""Cases before the first look: with fewer, a mean of logs is not yet near a normal distribution."""
LOOKS = 8
"""Looks a sample. More of them stop a little earlier, fewer keep a batched model busier."""
SMALLEST = 10
"""Attempts between two looks, at least."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What would be asked if nothing could be decided before."""

    batches: tuple[Batch, ...]
    """Attempts in the order to be asked; a look follows each."""
    times: tuple[float, ...]
    """The clock at each look, rising to 1: see `clock`."""
    cases: int
    attempts: int


def make_plan(
    keys: Iterable[Key],
    clusters: Mapping[str, str],
    *,
    baseline_samples: int,
    seed: int = 0,
    batch: int | None = None,
) -> Plan:
    """Order the attempts of a session and divide them by looks.

    Args:
        keys: The attempts, in any order.
        clusters: Cluster of every case.
        baseline_samples: Attempts per case in the baseline, which bear on what a look can know.
        seed: Of the order.
        batch: Attempts between two looks, 1 or more; by default so many that there are `LOOKS`
            looks a sample.

    Raises:
        CompareError: There is nothing to ask, an attempt occurs twice, or a case is not asked its
            first sample.
    """
    rounds = _rounds(keys)
    generator = random.Random(seed)  # noqa: S311 - the order is no secret
    cases = len(rounds[0])
    size = batch or max(SMALLEST, -(-cases // LOOKS))
    first = min(cases, max(BURN_IN, size))
    batches: list[Batch] = []
    for found in rounds:
        order = _spread(found, clusters, generator)
        if not batches:
            batches, order = [tuple(order[:first])], order[first:]
        batches += [tuple(order[at : at + size]) for at in range(0, len(order), size)]
    return Plan(
        batches=tuple(batches),
        times=clock(batches, baseline_samples),
        cases=cases,
        attempts=sum(map(len, batches)),
    )


def clock(batches: Sequence[Batch], baseline_samples: int) -> tuple[float, ...]:
    """How much of what the plan would know is known after each batch, 0 to 1.

    Knowledge is 1 / variance of the mean over the m cases seen so far,

        V = sum over cases of (1 / K_A + 1 / k) / m^2

    for k candidate attempts per case against K_A of the baseline, relative to that of the whole
    plan. This takes the same noise in both runs and no differences between the cases beyond it.
    With such differences the first samples tell more than is counted here, so the clock is slow
    and the bounds are wider than they need be, never narrower.
    """
    counts: Counter[str] = Counter()
    variances = []
    for batch in batches:
        counts.update(case for case, _ in batch)
        found = [1 / baseline_samples + 1 / count for count in counts.values()]
        variances.append(sum(found) / len(found) ** 2)
    # Rounded, so that the order of a sum does not make two equal plans differ.
    return tuple(round(variances[-1] / variance, 12) for variance in variances)


def _rounds(keys: Iterable[Key]) -> list[list[Key]]:
    """Attempts by sample, the first sample first."""
    ordered = sorted(keys, key=itemgetter(1, 0))
    if not ordered:
        raise CompareError("nothing to ask: no attempt is selected")
    if len(set(ordered)) < len(ordered):
        twice = {case for (case, _), count in Counter(ordered).items() if count > 1}
        raise CompareError(f"{len(twice)} cases have an attempt twice: {name_some(twice)}")
    rounds = [list(found) for _, found in groupby(ordered, key=itemgetter(1))]
    if late := {case for case, _ in ordered} - {case for case, _ in rounds[0]}:
        raise CompareError(f"{len(late)} cases lack their first sample: {name_some(late)}")
    return rounds


def _spread(
    keys: Sequence[Key], clusters: Mapping[str, str], generator: random.Random
) -> list[Key]:
    """Attempts at different cases in random order, each cluster spread evenly over the whole.

    The cases of a cluster of n stand at (rank + u) / n, with random ranks and one u in 0..1 a
    cluster: any stretch then has every case with the same probability.
    """
    members = defaultdict(list)
    for key in keys:
        members[clusters[key[0]]].append(key)
    places: dict[Key, float] = {}
    for cluster in sorted(members):
        ranked = sorted(members[cluster])
        generator.shuffle(ranked)
        offset = generator.random()
        places |= {key: (rank + offset) / len(ranked) for rank, key in enumerate(ranked)}
    return sorted(keys, key=lambda key: (places[key], key))
