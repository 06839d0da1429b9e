"""Functions that have the same test files, several judged in one process.

Of the first of them that process says what one of its own would. Of each other only what stands
between two runs of the reference, before it and behind it, in which every expected test passes.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Self

import msgspec

from pytest_llmops.mining.looks import Looks
from pytest_llmops.mining.mutants import Subject, is_clean, mutants
from pytest_llmops.sandbox import Judge, Section, TestReport
from pytest_llmops.tasks.sources import SourceTree

MOST = 8
"""Functions of one process."""
TOLD = {"finished", "load_error"}
"""Statuses of processes that have come back: what they say is of the first of several functions."""

Name = tuple[str, str]
"""Path and symbol."""


@dataclass
class _Group:
    """What is to be judged, and what is known of it: None where it is to have its own process."""

    pending: list[Subject]
    at_once: int = MOST
    """How many one process has time for, as far as is known."""
    known: dict[Name, TestReport | None] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


class Together:
    """First reports on functions, each with rounds of its other bodies; for any thread."""

    def __init__(self, judge: Judge, subjects: Iterable[Subject]) -> None:
        self._judge = judge
        by_tests: dict[tuple[str, ...], list[Subject]] = {}
        for one in subjects:
            by_tests.setdefault(one.tests, []).append(one)
        self._groups = {
            (_name(one), one.tests): group
            for same in by_tests.values()
            for group in (_Group(same[start : start + MOST]) for start in range(0, len(same), MOST))
            for one in group.pending
        }

    def report(self, subject: Subject, expected: frozenset[str]) -> TestReport | None:
        """What a process says of a function first; None where it is to have its own.

        Args:
            subject: The function, with test files.
            expected: Ids of the tests that count, the same for all with these test files.
        """
        group = self._groups.get((_name(subject), subject.tests))
        if group is None:
            return None
        with group.lock:
            while (name := _name(subject)) not in group.known:
                found = self._judged(group.pending[: group.at_once], expected)
                group.known |= found
                group.at_once = max(2, len(found))
                group.pending = [one for one in group.pending if _name(one) not in group.known]
            return group.known[name]

    def _judged(
        self, subjects: list[Subject], expected: frozenset[str]
    ) -> dict[Name, TestReport | None]:
        """Judge as many as one process can; at least the first is known then."""
        first, *others = subjects
        if not others:
            return {_name(first): None}
        jobs = [one.in_one(mutants(one.module, one.declaration), expected) for one in subjects]
        sections = [Section(overlay=one.overlay, rounds=one.rounds) for one in jobs[1:]]
        job = msgspec.structs.replace(jobs[0], sections=tuple(sections))
        report = self._judge.run(job)
        if report.status not in TOLD:
            return dict.fromkeys(map(_name, subjects))  # any of them may be the one to blame
        if report.status != "finished":
            return {_name(first): None}
        told = [msgspec.structs.replace(report, sections=()), *report.sections]
        return dict(zip(map(_name, subjects), _believed(told, first.tests, expected), strict=False))


def _believed(
    reports: list[TestReport], tests: tuple[str, ...], expected: frozenset[str]
) -> Iterator[TestReport]:
    """The first, and those behind it that have the reference pass before and behind them."""
    first, *others = reports
    yield first
    is_passing = is_clean(first, tests, expected)
    for one in others:
        is_passing = is_passing and one.status == "finished" and is_clean(one, tests, expected)
        if not is_passing:
            return
        yield one


def _name(subject: Subject) -> Name:
    return subject.module.path, subject.declaration.symbol


@dataclass(frozen=True)
class Shared:
    """What is judged of several functions together."""

    looks: Looks
    """On their references."""
    together: Together
    """On their wrong bodies."""

    @classmethod
    def of(cls, tree: SourceTree, judge: Judge, subjects: Iterable[Subject]) -> Self:
        """What functions have in common; nothing is judged yet."""
        given = list(subjects)
        sources: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for one in given:
            sources[one.tests].append(one.module.path)
        return cls(Looks(tree, judge, sources), Together(judge, given))
