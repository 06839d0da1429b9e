"""References run many times, to find the tests that pass at times only.

Each run is that of a right answer: test files in their order, the reference in its place, nothing
changed. Cases with the same test files share their runs, and what a test did is counted over all
runs of its tree. A run that does not come back says nothing of any one test, and a test that ran
into its own time limit nothing of itself: a machine that is busy enough makes any test late.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from threading import Lock

from pytest_llmops.cases import Case, id_of_test
from pytest_llmops.errors import CaseError
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.mining.looks import jobs_of
from pytest_llmops.mining.marks import tree_of
from pytest_llmops.mining.mutants import passed_ids
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import look_jobs
from pytest_llmops.mining.refused import shortened
from pytest_llmops.mining.validate import SHOWN, Finding
from pytest_llmops.sandbox import Judge, TestJob, TestReport, TestResult
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

LATE = re.compile(r"Test timed out in \d+ms")
"""What vitest says of a test that its own limit ended, in seconds of the wall clock."""


@dataclass
class Group:
    """Cases whose references the same job runs, and what its runs said."""

    job: TestJob
    cases: list[Case]
    came_back: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    """Runs in which a test passed, by id."""
    late: Counter[str] = field(default_factory=Counter)
    """Runs in which it ran into its own time limit, which are not counted."""
    titles: dict[str, str] = field(default_factory=dict)
    """File and title of these, by id."""
    seen: dict[str, TestResult] = field(default_factory=dict)
    """Each test as it was when it first failed, or else as it is."""
    lost: list[str] = field(default_factory=list)
    """What was said of runs that did not come back."""
    lock: Lock = field(default_factory=Lock)

    def run(self, judge: Judge) -> None:
        """Run it once more; in any thread."""
        report = judge.run(self.job)
        with self.lock:
            self._count(report)

    def _count(self, report: TestReport) -> None:
        if report.status != "finished":
            self.lost.append(shortened(f"{report.status}: {report.detail}"))
            return
        self.came_back += 1
        self.passed.update(passed_ids(report))
        for one in report.results:
            name = id_of_test(one.file, one.title)
            if not one.passed and LATE.search(one.message):
                self.late[name] += 1
                self.titles[name] = f"{one.file} > {one.title}"
                continue
            known = self.seen.get(name)
            if known is None or (known.passed and not one.passed):
                self.seen[name] = one

    @property
    def at_times(self) -> frozenset[str]:
        """Ids of the tests that passed in some runs and not in others."""
        return frozenset(one for one, count in self.passed.items() if count < self.runs_of(one))

    def runs_of(self, test: str) -> int:
        """Runs that say something of a test."""
        return self.came_back - self.late[test]


@dataclass(frozen=True)
class AtTimes:
    """A test that passes at times, with what was counted."""

    tree: str
    """See `marks.tree_of`."""
    test: FlakyTest
    title: str
    message: str
    """What it said when it failed."""
    judges: int
    """Cases that expect it to pass."""
    is_known: bool
    """Whether all cases that have it mark it as flaky."""


@dataclass(frozen=True)
class Repeated:
    """What many runs of references told."""

    flaky: list[AtTimes]
    findings: list[Finding]
    """What is wrong with cases, flaky tests that no manifest marks among it."""
    steady: list[FlakyTest]
    """Tests that are marked as flaky and passed in every run, with these runs."""
    late: list[str]
    """Tests that ran into their own time limit, for people: in how many runs."""


def repeated(
    cases: Iterable[Case], tree: SourceTree, judge: Judge, crew: Crew, times: int
) -> Repeated:
    """Run the reference of each case so many times, as many at once as the crew has threads."""
    groups, findings = _groups(cases, tree)
    runs = [group for group in groups for _ in range(times)]
    crew.map("runs", lambda group: group.run(judge), runs, shuffled=True)
    flaky = _flaky(groups)
    ids = {(one.tree, one.test.id) for one in flaky}
    findings += (one for group in groups for one in _findings(group, ids))
    return Repeated(flaky, findings, _steady(groups, ids), _late(groups))


def job_number(case: Case, tree: SourceTree, look: int) -> TestJob:
    """One of the three looks at a reference; see `looks.jobs_of`.

    Raises:
        CaseError: The case is not what its tree has.
    """
    if case.change:
        jobs = look_jobs(materialize_change(case, tree))
    else:
        materialize(case, tree)
        jobs = jobs_of(tree, (case.source.path,), tuple(one.path for one in case.tests))
    return next(islice(jobs, look, None))


def _groups(cases: Iterable[Case], tree: SourceTree) -> tuple[list[Group], list[Finding]]:
    groups: list[Group] = []
    findings: list[Finding] = []
    functions: defaultdict[tuple[str, ...], list[Case]] = defaultdict(list)
    for case in cases:
        try:
            job = job_number(case, tree, 0)
        except CaseError as error:
            findings.append(Finding(case.id, "changed", str(error)))
            continue
        if case.change:
            groups.append(Group(job, [case]))
        else:
            functions[tuple(one.path for one in case.tests)].append(case)
    for tests, some in functions.items():
        sources = sorted({case.source.path for case in some})
        groups.append(Group(next(jobs_of(tree, sources, tests)), some))
    return groups, findings


def _flaky(groups: Iterable[Group]) -> list[AtTimes]:
    """The tests that pass at times, those that fail most often first."""
    by_tree: defaultdict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by_tree[tree_of(group.cases[0])].append(group)
    found = [
        _at_times(tree, name, [group for group in some if name in group.seen])
        for tree, some in by_tree.items()
        for name in frozenset[str]().union(*(group.at_times for group in some))
    ]
    return sorted(found, key=lambda one: (-one.test.failed / one.test.runs, one.test, one.tree))


def _at_times(tree: str, name: str, groups: list[Group]) -> AtTimes:
    runs = sum(group.runs_of(name) for group in groups)
    passed = sum(group.passed[name] for group in groups)
    seen = min((group.seen[name] for group in groups), key=lambda one: one.passed)
    cases = [case for group in groups for case in group.cases]
    return AtTimes(
        tree=tree,
        test=FlakyTest(path=seen.file, id=name, failed=runs - passed, runs=runs),
        title=seen.title,
        message=shortened(seen.message or "it did not run"),
        judges=sum(name in case.expected for case in cases),
        is_known=all(name in {one.id for one in case.flaky} for case in cases),
    )


def _findings(group: Group, flaky: set[tuple[str, str]]) -> Iterator[Finding]:
    """What is wrong with the cases of a group."""
    runs = group.came_back + len(group.lost)
    for case in group.cases:
        if group.lost:
            said = f"{len(group.lost)} of {runs} runs did not come back: {group.lost[0]}"
            yield Finding(case.id, "reference fails", said)
        marked = {one.id for one in case.flaky}
        at_times = {one for one in group.seen if (tree_of(case), one) in flaky} - marked
        if at_times:
            yield Finding(case.id, "flaky", _told(group, at_times))
        never = {one for one in case.expected if not group.passed[one]} - at_times
        if never and group.came_back:
            said = (
                f"{len(never)} of {len(case.expected)} expected tests pass in none of {runs} runs"
            )
            yield Finding(case.id, "reference fails", said)


def _told(group: Group, ids: set[str]) -> str:
    titles = sorted(group.seen[one].title for one in ids)
    more = f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
    number = f"{len(titles)} tests pass" if len(titles) > 1 else "a test passes"
    return f"{number} at times: {', '.join(titles[:SHOWN])}{more}"


def _steady(groups: Iterable[Group], flaky: set[tuple[str, str]]) -> list[FlakyTest]:
    """Marked tests that passed every time."""
    runs: Counter[FlakyTest] = Counter()
    for group in groups:
        tree = tree_of(group.cases[0])
        marks = {one for case in group.cases for one in case.flaky}
        for one in marks:
            if (tree, one.id) not in flaky and group.passed[one.id]:
                bare = FlakyTest(path=one.path, id=one.id)
                runs[bare] += group.runs_of(one.id)
    return [FlakyTest(path=one.path, id=one.id, runs=count) for one, count in sorted(runs.items())]


def _late(groups: Iterable[Group]) -> list[str]:
    late: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for group in groups:
        tree = tree_of(group.cases[0])
        for name, count in group.late.items():
            where = f"{tree} {group.titles[name]}".strip()
            late[where] += count
            runs[where] += group.came_back
    return [f"{where}: in {count} of {runs[where]} runs" for where, count in sorted(late.items())]
