"""Runs counted by suite and difficulty, and by the models' cut-offs, side by side."""

from collections.abc import Sequence

import msgspec

from pytest_llmops.cases import DIFFICULTIES
from pytest_llmops.report.cutoff import sides
from pytest_llmops.report.subject import Subject
from pytest_llmops.report.summary import OUTCOMES, Summary, summarize
from pytest_llmops.runs.record import Record


class Group(msgspec.Struct, frozen=True):
    """One suite and difficulty, the cases of one side of the models' cut-offs, or all of them."""

    suite: str
    difficulty: str
    """"" for all attempts, and for a side."""
    runs: tuple[Summary | None, ...]
    """By run; None where a run has no attempt in this group."""

    @property
    def name(self) -> str:
        """`starter medium`, or `all`."""
        return f"{self.suite} {self.difficulty}".strip()


def groups(subject: Subject) -> list[Group]:
    """Groups by suite, difficulties from easy to hard, sides, then all; none that is empty."""
    kinds = [_by_kind(run.records) for run in subject.runs]
    suites = sorted({suite for kind in kinds for suite, _ in kind})
    present = [
        (suite, difficulty)
        for suite in suites
        for difficulty in DIFFICULTIES
        if any((suite, difficulty) in kind for kind in kinds)
    ]
    found = [
        Group(suite, difficulty, tuple(_counted(kind.get((suite, difficulty))) for kind in kinds))
        for suite, difficulty in present
    ]
    parted = [sides(run.run, run.records) for run in subject.runs]
    found += [
        Group(name, "", tuple(_counted(one.get(name)) for one in parted))
        for name in dict.fromkeys(name for one in parted for name in one)
    ]
    if len(found) == 1:
        return found
    return [*found, Group("all", "", tuple(_counted(run.records) for run in subject.runs))]


def _by_kind(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.suite, record.difficulty), []).append(record)
    return found


def _counted(records: Sequence[Record] | None) -> Summary | None:
    return summarize(records) if records else None


def outcomes(totals: Sequence[Summary]) -> list[tuple[str, list[int]]]:
    """Attempts by outcome: its name and the count of each run, in the order of `OUTCOMES`."""
    return [
        (name.replace("_", " "), [total.outcomes.get(name, 0) for total in totals])
        for name in OUTCOMES
        if any(total.outcomes.get(name) for total in totals)
    ]
