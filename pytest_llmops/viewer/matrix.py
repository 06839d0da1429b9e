"""Cases by runs: what became of each case in each run, filtered and sorted here, page by page."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from pytest_llmops.viewer.shown import Entry, Shown

PAGE = 60
"""Rows that are sent at a time; more come as a reader gets near their end."""

COLUMNS = 20
"""Runs that are shown unless others are chosen: the newest."""

Sort = Literal["case", "hardest", "differ"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader wants to see."""

    text: str = ""
    """Words that the id of a case must hold."""
    suite: str = ""
    difficulty: str = ""
    outcome: str = ""
    """Of some attempt in some run; `unsolved` stands for all that are not `solved`."""
    differ: str = ""
    """Not empty: only cases that one run solved and another did not."""
    sort: Sort = "case"


class Cell(msgspec.Struct, frozen=True):
    """The attempts of one run at one case."""

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


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One case."""

    case: str
    suite: str
    difficulty: str
    cells: tuple[Cell, ...]
    outcomes: frozenset[str]
    """Of all its attempts; `unsolved` among them where one is not `solved`."""
    solved: float
    """Share of runs that attempted it in which most attempts are solved; 0..1."""

    @property
    def differs(self) -> bool:
        """Whether some run solved it and another did not."""
        return 0 < self.solved < 1


class Matrix(msgspec.Struct, frozen=True):
    """Rows of some cases, and how many there are."""

    rows: tuple[Row, ...]
    found: int
    """Cases that fit what is asked."""
    every: int


def grid(runs: Sequence[Shown]) -> list[Row]:
    """All cases of some runs, by id."""
    columns = [run.by_case for run in runs]
    cases = sorted({case for column in columns for case in column})
    return [_row(case, columns) for case in cases]


def _row(case: str, columns: Sequence[Mapping[str, list[Entry]]]) -> Row:
    cells = [Cell(tuple(column.get(case, ()))) for column in columns]
    seen = [one for cell in cells for one in cell.attempts]
    sides = [*_sides(cells)]
    unsolved = {"unsolved"} if any(not one.solved for one in seen) else set()
    return Row(
        case=case,
        suite=seen[0].suite,
        difficulty=seen[0].difficulty,
        cells=tuple(cells),
        outcomes=frozenset({one.outcome for one in seen} | unsolved),
        solved=sum(sides) / len(sides),
    )


def _sides(cells: Sequence[Cell]) -> Iterator[bool]:
    for cell in cells:
        if cell.attempts:
            yield 2 * sum(one.solved for one in cell.attempts) > len(cell.attempts)


def matrix(rows: Sequence[Row], asked: Asked, start: int = 0) -> Matrix:
    """A page of the cases that fit.

    Args:
        rows: All of them.
        asked: Which, and in which order.
        start: Rows to pass over.
    """
    words = asked.text.lower().split()
    found = [row for row in rows if _fits(row, asked, words)]
    if asked.sort == "hardest":
        found.sort(key=lambda row: row.solved)
    elif asked.sort == "differ":
        found.sort(key=lambda row: abs(row.solved - 0.5))
    return Matrix(tuple(found[start : start + PAGE]), len(found), len(rows))


def _fits(row: Row, asked: Asked, words: Sequence[str]) -> bool:
    if asked.suite not in ("", row.suite) or asked.difficulty not in ("", row.difficulty):
        return False
    if asked.outcome and asked.outcome not in row.outcomes:
        return False
    if asked.differ and not row.differs:
        return False
    return not words or all(word in row.case.lower() for word in words)


def choices(rows: Sequence[Row]) -> dict[str, list[str]]:
    """What the filters offer: suites, difficulties and outcomes that occur."""
    return {
        "suite": sorted({row.suite for row in rows}),
        "difficulty": sorted({row.difficulty for row in rows}),
        "outcome": sorted({one for row in rows for one in row.outcomes}),
    }
