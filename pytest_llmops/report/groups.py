"""Runs counted by suite and tier, side by side."""

from collections.abc import Sequence

import msgspec

from pytest_llmops.cases import TIERS
from pytest_llmops.report.subject import Subject
from pytest_llmops.report.summary import OUTCOMES, Summary, summarize
from pytest_llmops.runs.record import Record


class Group(msgspec.Struct, frozen=True):
    """One suite and tier, or all of them."""

    suite: str
    tier: str
    """"" for all attempts."""
    runs: tuple[Summary | None, ...]
    """By run; None where a run has no attempt in this group."""

    @property
    def name(self) -> str:
        """`starter medium`, or `all`."""
        return f"{self.suite} {self.tier}".strip()


def groups(subject: Subject) -> list[Group]:
    """Groups by suite, tiers from easy to hard, then all; empty ones are left out."""
    kinds = [_by_kind(run.records) for run in subject.runs]
    suites = sorted({suite for kind in kinds for suite, _ in kind})
    present = [
        (suite, tier)
        for suite in suites
        for tier in TIERS
        if any((suite, tier) in kind for kind in kinds)
    ]
    found = [
        Group(suite, tier, tuple(_counted(kind.get((suite, tier))) for kind in kinds))
        for suite, tier in present
    ]
    if len(found) == 1:
        return found
    return [*found, Group("all", "", tuple(_counted(run.records) for run in subject.runs))]


def _by_kind(records: Sequence[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.suite, record.tier), []).append(record)
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
