"""Cases by runs: what became of each case in each run, filtered and sorted here, page by page."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from pytest_llmops.viewer.shelf import Entry, Shown

PAGE = 100
"""Rows that are sent at a time; more come as a reader gets near their end."""

COLUMNS = 20
"""Runs that are shown unless others are chosen: the newest."""

Sort = Literal["case", "hardest", "differ"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants to see."""

    text: str = ""
    """Words that the id of a case must hold."""
    suite: str = ""
    tier: str = ""
    outcome: str = ""
    """Of some attempt in some run; `unsolved` stands for all that are not `solved`."""
    differ: str = ""
    """Not empty: only cases that one run solved and another did not."""
    sort: Sort = "case"


class Cell(msgspec.Struct, frozen=True):
    """The attempts of one run at one case."""

    run: str
    attempts: tuple[Entry, ...]

    @property
    def kind(self) -> str:
        """`none`, `solved`, `some`, `error`, or `failed` for all other outcomes."""
        if not self.attempts:
            return "none"
        solved = sum(one.solved for one in self.attempts)
        if solved:
            return "solved" if solved == len(self.attempts) else "some"
        return "error" if all(one.outcome == "error" for one in self.attempts) else "failed"

    @property
    def told(self) -> str:
        """In words: `wrong, 57 tokens` or `2 of 3 solved`."""
        if not self.attempts:
            return "not attempted"
        if len(self.attempts) > 1:
            solved = sum(one.solved for one in self.attempts)
            return f"{solved} of {len(self.attempts)} solved"
        only = self.attempts[0]
        tokens = "" if only.tokens is None else f", {only.tokens:,} tokens"
        return f"{only.outcome.replace('_', ' ')}{tokens}"


class Row(msgspec.Struct, frozen=True):
    """One case."""

    case: str
    tier: str
    cells: tuple[Cell, ...]

    @property
    def solved(self) -> float:
        """Share of runs that attempted it in which most attempts are solved; 0..1."""
        sides = [*_sides(self.cells)]
        return sum(sides) / len(sides)

    @property
    def differs(self) -> bool:
        """Whether some run solved it and another did not."""
        return len(set(_sides(self.cells))) > 1


def _sides(cells: Sequence[Cell]) -> Iterator[bool]:
    for cell in cells:
        if cell.attempts:
            yield 2 * sum(one.solved for one in cell.attempts) > len(cell.attempts)


class Matrix(msgspec.Struct, frozen=True):
    """Rows of some cases, and how many there are."""

    rows: tuple[Row, ...]
    found: int
    """Cases that fit what is asked."""
    every: int


def matrix(runs: Sequence[Shown], asked: Asked, start: int = 0) -> Matrix:
    """A page of the cases of some runs.

    Args:
        runs: Columns.
        asked: Which cases, and in which order.
        start: Rows to pass over.
    """
    columns = [_by_case(run) for run in runs]
    every = {case: attempts[0] for column in reversed(columns) for case, attempts in column.items()}
    words = asked.text.lower().split()
    fitting = sorted(
        case
        for case, one in every.items()
        if asked.suite in ("", one.suite)
        and asked.tier in ("", one.tier)
        and (not words or all(word in case.lower() for word in words))
    )
    if not (asked.outcome or asked.differ or asked.sort != "case"):
        rows = [_row(case, every[case], runs, columns) for case in fitting[start : start + PAGE]]
        return Matrix(tuple(rows), len(fitting), len(every))
    found = [_row(case, every[case], runs, columns) for case in fitting]
    found = [row for row in found if _fits(row, asked)]
    if asked.sort == "hardest":
        found.sort(key=lambda row: row.solved)
    elif asked.sort == "differ":
        found.sort(key=lambda row: abs(row.solved - 0.5))
    return Matrix(tuple(found[start : start + PAGE]), len(found), len(every))


def _by_case(run: Shown) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in run.entries.values():
        found.setdefault(entry.case, []).append(entry)
    return found


def _row(
    case: str, one: Entry, runs: Sequence[Shown], columns: Sequence[dict[str, list[Entry]]]
) -> Row:
    cells = (
        Cell(run.name, tuple(sorted(column.get(case, ()), key=lambda entry: entry.sample)))
        for run, column in zip(runs, columns, strict=True)
    )
    return Row(case, one.tier, tuple(cells))


def _fits(row: Row, asked: Asked) -> bool:
    if asked.differ and not row.differs:
        return False
    if not asked.outcome:
        return True
    seen = (one for cell in row.cells for one in cell.attempts)
    if asked.outcome == "unsolved":
        return any(not one.solved for one in seen)
    return any(one.outcome == asked.outcome for one in seen)


def choices(runs: Sequence[Shown]) -> dict[str, list[str]]:
    """What the filters offer: suites, tiers and outcomes that occur."""
    found: dict[str, dict[str, None]] = {"suite": {}, "tier": {}, "outcome": {}}
    for run in runs:
        for one in run.entries.values():
            found["suite"][one.suite] = None
            found["tier"][one.tier] = None
            found["outcome"][one.outcome] = None
    return {name: sorted(values) for name, values in found.items()}
