"""Two runs, case by case: what each case became, and the arrays that statistics are made of.

A case is the unit of evidence: its samples enter as their mean (of logs, for tokens), because they
are not independent of each other. Cases of one source file form a cluster.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.compare.complete import has_tokens
from pytest_llmops.compare.values import CasePair
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.record import Record

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

ROUNDING = 1e-12
"""Differences of mean logs below this are what summation leaves of equal counts."""


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """n cases in both runs, in the order of their ids; column 0 is the baseline, 1 the candidate.

    A case all of whose attempts crashed has no token counts: nan in every array of tokens.
    """

    pairs: tuple[CasePair, ...]
    clusters: Codes
    """(n,) number of the cluster of each case, 0..G-1."""
    samples: Floats
    """(n, 2) attempts."""
    solved: Floats
    """(n, 2) share of attempts solved; crashed ones count as not solved."""
    truncated: Floats
    """(n, 2) share of attempts that hit the token limit."""
    output: Floats
    """(n, 2) mean over samples of ln output tokens."""
    input: Floats
    """(n, 2) the same of input tokens."""
    total: Floats
    """(n, 2) the same of their sum."""
    spread: Floats
    """(n, 2) variance over samples of ln output tokens; nan below two samples."""
    censored: Floats
    """(n, 2) of the attempts with tokens, the share whose count is only a lower bound."""
    spent: Floats
    """(n, 2) output tokens, summed over attempts."""
    identical: bool
    """Every attempt has the same answer, tokens and outcome in both runs."""

    def log_ratio(self, tokens: Floats) -> Floats:
        """(n,) candidate less baseline of an (n, 2) array of mean logs."""
        found = tokens[:, 1] - tokens[:, 0]
        found[np.abs(found) < ROUNDING] = 0.0
        return found


class _Side(NamedTuple):
    """One case in one run; the names are those of `Paired`."""

    samples: int
    solved: float
    truncated: float
    output: float
    input: float
    total: float
    spread: float
    censored: float
    spent: int
    outcome: str


def pair_records(baseline: Iterable[Record], candidate: Iterable[Record]) -> Paired:
    """Pair the records of two complete runs by case, in any order.

    Raises:
        CompareError: A case occurs in one run only, or is not the same case in both.
    """
    before, after = _by_case(baseline), _by_case(candidate)
    if alone := before.keys() ^ after.keys():
        raise CompareError(f"{len(alone)} cases occur in one run only: {name_some(alone)}")
    cases = sorted(before)
    _refuse_changed(before, after)
    sides = [[_side(run[case]) for case in cases] for run in (before, after)]
    numbers = np.array([[one[:-1] for one in side] for side in sides], dtype=np.float64)
    names = [f"{before[case][0].suite}:{before[case][0].cluster}" for case in cases]
    columns = {name: numbers[:, :, i].T for i, name in enumerate(_Side._fields[:-1])}
    return Paired(
        pairs=tuple(
            _pair(before[case][0], one, other)
            for case, one, other in zip(cases, *sides, strict=True)
        ),
        clusters=np.unique(names, return_inverse=True)[1],
        identical=all(_same(before[case], after[case]) for case in cases),
        **columns,
    )


def _by_case(records: Iterable[Record]) -> dict[str, list[Record]]:
    found: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[record.case].append(record)
    return found


def _refuse_changed(before: dict[str, list[Record]], after: dict[str, list[Record]]) -> None:
    """Refuse cases whose cluster changed although the suite's hash did not."""
    pairs = {case: (records[0], after[case][0]) for case, records in before.items()}
    moved = {
        case
        for case, (one, other) in pairs.items()
        if (one.suite, one.cluster) != (other.suite, other.cluster)
    }
    if moved:
        raise CompareError(f"{len(moved)} cases are of another source file: {name_some(moved)}")


def _side(records: Sequence[Record]) -> _Side:
    counted = [record for record in records if has_tokens(record)]
    usages = [record.usage for record in counted if record.usage]
    logs = [math.log(usage.output) for usage in usages]
    return _Side(
        samples=len(records),
        solved=sum(record.solved and not record.error for record in records) / len(records),
        truncated=sum(map(_cut, records)) / len(records),
        output=_mean(logs),
        input=_mean([math.log(usage.input) for usage in usages if usage.input > 0]),
        total=_mean([math.log(usage.input + usage.output) for usage in usages]),
        spread=_variance(logs),
        censored=_mean([*map(_cut, counted)]),
        spent=sum(usage.output for usage in usages),
        outcome=_most_frequent([record.outcome for record in records]),
    )


def _cut(record: Record) -> bool:
    return record.cut


def _most_frequent(outcomes: Sequence[str]) -> str:
    """The first in time on a tie; the shortcut is for suites of 100,000 cases."""
    return outcomes[0] if len(outcomes) == 1 else Counter(outcomes).most_common(1)[0][0]


def _mean(values: Sequence[float]) -> float:
    """Mean that does not depend on the order; nan of none."""
    if len(values) == 1:
        return values[0]
    return math.fsum(values) / len(values) if values else math.nan


def _variance(values: Sequence[float]) -> float:
    if len(values) < 2:
        return math.nan
    mean = _mean(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)


def _pair(record: Record, one: _Side, other: _Side) -> CasePair:
    return CasePair(
        case=record.case,
        suite=record.suite,
        tier=record.tier,
        cluster=record.cluster,
        samples=(one.samples, other.samples),
        output=(math.exp(one.output), math.exp(other.output)),
        input=(math.exp(one.input), math.exp(other.input)),
        solved=(one.solved, other.solved),
        truncated=(one.truncated, other.truncated),
        outcome=(one.outcome, other.outcome),
    )


def _same(before: Sequence[Record], after: Sequence[Record]) -> bool:
    """Whether every attempt was answered alike; not so where the answers were not recorded."""
    if not all(record.text_sha256 and not record.error for record in (*before, *after)):
        return False
    return _answers(before) == _answers(after)


def _answers(records: Sequence[Record]) -> dict[int, object]:
    return {
        record.sample: (
            record.text_sha256,
            record.usage and record.usage.output,
            record.finish_reason,
            record.outcome,
        )
        for record in records
    }
