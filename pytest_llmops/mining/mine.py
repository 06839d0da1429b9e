"""Make cases from a source tree: functions whose tests notice when they are not written.

The funnel, each step on what the one before left: test files, of which the tests count that pass in
each of three runs (`measure`); the functions that each of them reaches (`reach`); of those, the
functions that can be proved (`prove`). All runs go the way candidates go: sandboxed, the body
overlaid; those of wrong bodies share processes where that comes to the same (`together`). The order
of the work is drawn anew each time, and what comes out does not depend on it. A test that fails
with the reference in its place goes into quarantine, and every function that it judged is proved
again without it.

What is not covered: a test file that needs packages the sandbox has not got does not finish, and is
left out with its functions. Some tests fail once in a hundred runs; `validate` runs them again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TypeVar

import msgspec

from pytest_llmops.cases import Case, Suite
from pytest_llmops.mining.alike import without_twins
from pytest_llmops.mining.kept import Digests
from pytest_llmops.mining.marks import name_of
from pytest_llmops.mining.measure import Measured, Measuring, list_tests
from pytest_llmops.mining.mined import (
    Known,
    Mined,
    Outcome,
    Part,
    Proved,
    Work,
    in_quarantine,
    less,
    quarantine,
    with_failing,
    work_on,
)
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.prove import Proving
from pytest_llmops.mining.reach import Function, Modules
from pytest_llmops.mining.refused import Rejection
from pytest_llmops.mining.together import Shared
from pytest_llmops.sandbox import Judge, TestReport
from pytest_llmops.tasks.sources import SourceTree

AGAIN = 5
"""How often functions are proved, because tests that judged them went into quarantine."""
NOTHING = Known()

Result = TypeVar("Result")


class Miner:
    """A suite and what is needed to mine it."""

    def __init__(
        self, suite: Suite, tree: SourceTree, pool: Judge, crew: Crew, known: Known = NOTHING
    ) -> None:
        self._suite = suite
        self._tree = tree
        self._crew = crew
        self._kept = known.kept
        self._marks = known.marks
        self._digests = Digests(suite, tree) if known.kept else None
        self._loads: dict[str, tuple[str, ...]] = {}
        self._uses_packages: set[str] = set()
        modules = Modules(tree)
        self._measuring = Measuring(tree, pool, modules)
        self._proving = Proving(suite, tree, pool, modules)

    def mine(
        self,
        limit: int = 0,
        without: frozenset[Function] = frozenset(),
        part: Part | None = None,
    ) -> Mined:
        """Make cases, in the order of path and symbol; `limit` of them where it is not 0.

        Args:
            limit: The number.
            without: Functions that are to be none.
            part: What is mined, where that is not all.

        Raises:
            CaseError: The tests reach nothing of that part.
        """
        measured = self.measure(self.tests())
        measured = part.of(measured) if part else measured
        if without:
            measured = {
                test: less(one, lambda found: found not in without)
                for test, one in measured.items()
            }
        mined = self.prove(measured, limit=limit)
        elsewhere = part.elsewhere if part else ()
        found = [*mined.cases, *(case for case in elsewhere if not case.quarantine)]
        cases, twins = without_twins(found, self._tree)
        still = [*mined.quarantined, *(case for case in elsewhere if case.quarantine)]
        rejections = [*mined.rejections, *twins]
        return replace(mined, cases=cases, rejections=rejections, quarantined=still)

    def tests(self) -> list[str]:
        """The test files of the suite; see `list_tests`."""
        return list_tests(self._suite, self._tree)

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self.tests())

    def survey(self, tests: list[str]) -> dict[str, TestReport]:
        """What test files load."""
        found = self._crew.map("imports", self._measuring.survey, tests)
        return dict(zip(tests, found, strict=True))

    def measure(self, tests: list[str]) -> dict[str, Measured]:
        """What test files do unmodified."""
        found = self._crew.map("test files", self._measure, tests, shuffled=True)
        return dict(zip(tests, found, strict=True))

    def prove(self, measured: Mapping[str, Measured], *, limit: int = 0, within: str = "") -> Mined:
        """Make cases of the functions that measured test files reach.

        Args:
            measured: What the test files do.
            limit: Stop after so many cases; 0 for all.
            within: Only functions of this file.
        """
        done: dict[Work, Outcome] = {}
        there = {name for test, one in measured.items() for name in one.tests(test)}
        self._marks = self._marks.only(there)
        flaky = self._marks.ids()
        for _ in range(AGAIN):
            work = [one for one in work_on(measured, flaky) if not within or one[0][0] == within]
            self._prove_all(work, done, limit)
            outcomes = [done[one] for one in work if one in done]
            new = frozenset(lost for one in outcomes for lost in _lost(one)) - flaky
            if not new:
                break
            flaky |= new
        cases = [one for one in outcomes if isinstance(one, Case)]
        rejections = [
            with_failing(outcome, self._tree.root, [*_files(one, measured)])
            for one in work
            if isinstance(outcome := done.get(one), Rejection)
        ]
        still = {name_of(one): one for one in self._marks.still({one.name for one in rejections})}
        return Mined(
            cases[: limit or None],
            [in_quarantine(one, still.get(one.name)) for one in rejections],
            [one.refusal for one in measured.values() if one.refusal],
            [*quarantine(measured, flaky, self._marks)],
            [*still.values()],
        )

    def _prove_all(self, work: list[Work], done: dict[Work, Outcome], limit: int) -> None:
        """Add outcomes to what is done; of so many cases where a limit is set."""
        new = [one for one in work if one not in done]
        shared = self._proving.shared(one for one in new if not self._is_kept(one))
        step = limit or max(1, len(new))
        for start in range(0, len(new), step):
            if limit and sum(isinstance(done.get(one), Case) for one in work) >= limit:
                break
            some = new[start : start + step]
            found = self._crew.map(
                "functions", lambda one: self._prove(one, shared), some, shuffled=True
            )
            done.update(zip(some, found, strict=True))

    def _measure(self, test: str) -> Measured:
        if unfit := self._measuring.unfit(test):
            return Measured(refusal=unfit)
        seen = self._measuring.survey(test)
        self._loads[test] = seen.files
        if seen.packages:
            self._uses_packages.add(test)
        names = ("test file", test, seen.status, *seen.missing)
        return self._kept_or(
            names, seen.files, Measured, lambda: self._measuring.measure(test, seen, self._own)
        )

    def _prove(self, work: Work, shared: Shared) -> Outcome:
        made = self._kept_or(
            *self._follows(work), Proved, lambda: Proved.of(self._proving.prove(*work, shared))
        )
        outcome, lock = made.outcome, self._tree.lock
        if isinstance(outcome, Rejection):
            return outcome
        case = self._marks.on(outcome)
        if lock and self._uses_packages & {*_paths(case)}:
            return msgspec.structs.replace(case, packages=lock.digest)
        return case

    def _follows(self, work: Work) -> tuple[list[str], list[str]]:
        """The names and files that an outcome follows from."""
        (path, symbol), judges = work
        passing = (one for test, ids in judges for one in (test, *sorted(ids)))
        files = {path, *(file for test, _ in judges for file in self._loads[test])}
        return ["function", path, symbol, *passing], sorted(files)

    def _is_kept(self, work: Work) -> bool:
        if not (self._kept and self._digests):
            return False
        names, files = self._follows(work)
        return self._digests.of(*names, files=files) in self._kept

    def _kept_or(
        self,
        names: Iterable[str],
        files: Iterable[str],
        kind: type[Result],
        make: Callable[[], Result],
    ) -> Result:
        """The result of an interrupted mining, where there is one."""
        if not (self._kept and self._digests):
            return make()
        return self._kept.get(self._digests.of(*names, files=files), kind, make)


def _files(work: Work, measured: Mapping[str, Measured]) -> Iterable[tuple[str, int, int]]:
    """The test files that judge a function, with how many tests of each fail and pass here."""
    for test, _ in work[1]:
        yield test, len(measured[test].failing), len(measured[test].passing)


def _paths(case: Case) -> Iterable[str]:
    return (file.path for file in case.tests)


def _lost(outcome: Outcome) -> tuple[str, ...]:
    return outcome.flaky if isinstance(outcome, Rejection) else ()
