"""A selection in parts, one a machine: whole source files, so that statistics lose nothing."""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pytest_llmops.cases import Case


class Shard(msgspec.Struct, frozen=True):
    """One of the parts of a selection."""

    index: int
    """From 1."""
    count: int
    """Of all parts."""

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def parse_shard(text: str) -> Shard:
    """Read `2/4`, the second of four.

    Raises:
        ValueError: It is something else.
    """
    found = re.fullmatch(r"([1-9]\d{0,4})/([1-9]\d{0,4})", text)
    if not found or int(found[1]) > int(found[2]):
        raise ValueError(f"{text!r} is no part of a selection; write I/N, as in 2/4")
    return Shard(int(found[1]), int(found[2]))


def divide(
    cases: Sequence[Case], count: int, seconds: Mapping[str, float]
) -> tuple[tuple[Case, ...], ...]:
    """Divide cases into parts that take about as long, the same on every machine.

    The longest source file goes first, each to the part that is the shortest so far, which is at
    most a third longer than the best division.

    Args:
        cases: In their order, which each part keeps.
        count: Of the parts; those beyond the number of source files are empty.
        seconds: What an attempt at a case took, by case id; a case that is missing counts as the
            mean of the others, and all as alike where it is empty.

    Source: Graham 1969, "Bounds on multiprocessing timing anomalies" (LPT).
    """
    usual = sum(seconds.values()) / len(seconds) if seconds else 1.0
    lengths: dict[tuple[str, str], float] = {}
    for case in cases:
        lengths[_file(case)] = lengths.get(_file(case), 0.0) + seconds.get(case.id, usual)
    spent = [0.0] * count
    part: dict[tuple[str, str], int] = {}
    for file in sorted(lengths, key=lambda file: (-lengths[file], file)):
        part[file] = spent.index(min(spent))
        spent[part[file]] += lengths[file]
    return tuple(
        tuple(case for case in cases if part[_file(case)] == number) for number in range(count)
    )


def _file(case: Case) -> tuple[str, str]:
    return case.id.partition(":")[0], case.cluster


def mean_seconds(taken: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The mean by case of what attempts took, (case id, seconds) each."""
    found: dict[str, list[float]] = {}
    for case, seconds in taken:
        found.setdefault(case, []).append(seconds)
    return {case: sum(values) / len(values) for case, values in found.items()}
