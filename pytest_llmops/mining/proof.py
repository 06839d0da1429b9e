"""What is proved of a change: its tests tell the solution from the tree before it.

With the solution all of them pass, whatever the order of their files, and none meets another
expectation (`grading.confirm`). Before it those that are to fail do not pass, and the others do,
each file run by itself, as one that does not even load must not take others with it. Tests that
pass at times only are in quarantine and judge nothing. Of an edit, no part may be missing unseen.
"""

import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import SequenceMatcher
from typing import NamedTuple
from zlib import crc32

import msgspec

from pytest_llmops.cases import Case, FileHash, id_of_test
from pytest_llmops.grading.changed import SECONDS, job_of_change, reference_of
from pytest_llmops.grading.confirm import falsified, forgery
from pytest_llmops.grading.patching import Patched
from pytest_llmops.mining.marks import MARKED, Marks
from pytest_llmops.mining.mutants import passed_ids
from pytest_llmops.mining.refused import Flaky, shortened
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.changes import ChangeTask

MAX_SECONDS = SECONDS / 2
"""Test files that take longer with the solution judge nothing."""
RUNS = 3
"""How often each test file runs alone with the solution; a test counts that passes every time."""
BEFORE = 2
"""How often before it."""
AGAIN = 3
"""How often the solution is looked at, without the tests that failed in the look before."""
PARTS = 12
"""Places that an edit may have."""
NONE_MARKED = Marks()
NPM = re.compile("npm packages need real vitest|not among the npm packages of the suite")
"""What the judge says of an import that is a package."""


class WeakError(Exception):
    """A commit is no case."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        """One of few words, the same for all of a kind."""
        self.detail = detail


class Proof(NamedTuple):
    """A case that is proved."""

    case: Case
    """With the tests that judge it."""
    flaky: tuple[Flaky, ...]
    """Tests that judge nothing, because they pass at times only."""


def judged(task: ChangeTask, judge: Judge, marks: Marks = NONE_MARKED) -> Proof:
    """The case with the tests that judge it.

    Args:
        task: The change.
        judge: What runs the tests.
        marks: Tests that are known to be flaky, whatever they do this time.

    Raises:
        WeakError: Says why nothing does.
    """
    task, seen = _with_tests_that_run(task, judge)
    found = [passed_before(task, judge) for _ in range(BEFORE)]
    at_times = frozenset.union(*found) - frozenset.intersection(*found)
    titles = {id_of_test(path, title): (path, title) for path, title in seen.titles}
    marked = marks.on(task.case, titles)
    flaky = {**seen.flaky, **dict.fromkeys(at_times, "before the change, passes in some runs")}
    flaky |= {one.id: f"{MARKED}{one.counted}" for one in marked.flaky}
    passing = seen.passing - flaky.keys()
    for _ in range(AGAIN):
        failing = passing - found[0]
        if not failing:
            none = "only flaky tests fail before it" if flaky else "no test fails before it"
            raise WeakError(none)
        lost, report = _looked_at(task, judge, passing)
        if not lost:
            break
        flaky |= lost
        passing -= lost.keys()
    else:
        raise WeakError("not reproducible", next(iter(lost.values())))
    if whole := next(_parts_that_pass(task, judge, passing), ""):
        raise WeakError("a part of it passes", whole)
    count = falsified(report, passing)
    if not count:
        raise WeakError("no test can be falsified", f"none of {len(passing)} tests")
    case = msgspec.structs.replace(
        marked,
        fail_to_pass=tuple(sorted(failing)),
        pass_to_pass=tuple(sorted(passing - failing)),
        falsifiable=count,
    )
    named = ((*titles[one], one, why) for one, why in sorted(flaky.items()))
    return Proof(case, tuple(Flaky(path, one, title, why) for path, title, one, why in named))


def _looked_at(
    task: ChangeTask, judge: Judge, passing: frozenset[str]
) -> tuple[dict[str, str], TestReport]:
    """The tests that fail in one of the looks at the solution, with what they say; the last look.

    Raises:
        WeakError: One meets any expectation.
    """
    lost: dict[str, str] = {}
    for number, report in enumerate(looks(task, judge), 1):
        said = {id_of_test(one.file, one.title): one.message for one in report.results}
        where = f"look {number} with the change, files in another order: " if number > 1 else ""
        for one in passing - passed_ids(report):
            lost.setdefault(one, shortened(f"{where}{said.get(one) or report.detail}"))
        if lie := forgery(report, passing - lost.keys(), 0):
            raise WeakError("meets any expectation", lie)
    return lost, report


def looks(task: ChangeTask, judge: Judge) -> Iterator[TestReport]:
    """Judge the solution three times."""
    yield from map(judge.run, look_jobs(task))


def look_jobs(task: ChangeTask) -> Iterator[TestJob]:
    """What judges the solution three times, with its test files in other orders.

    As `looks.jobs_of` does with functions.
    """
    job = job_of_change(task, reference_of(task))
    seed = crc32(task.case.id.encode())
    drawn = random.Random(seed).sample(job.tests, len(job.tests))  # noqa: S311 - an order
    yield job
    for wary, tests in ((True, job.tests[::-1]), (False, tuple(drawn))):
        yield msgspec.structs.replace(job, tests=tests, falsify=seed, wary=wary)


def passed_before(task: ChangeTask, judge: Judge) -> frozenset[str]:
    """Ids of the tests that pass without the solution, each file by itself."""
    job = job_of_change(task, Patched())
    found = (judge.run(_alone(job, test.path)) for test in task.case.tests)
    return frozenset[str]().union(*map(passed_ids, found))


def _alone(job: TestJob, test: str) -> TestJob:
    return msgspec.structs.replace(job, tests=(test,))


class _Seen(NamedTuple):
    """What tests do with the solution, each file by itself."""

    passing: frozenset[str]
    """Ids of those that pass in every run."""
    flaky: dict[str, str]
    """Ids of those that pass in some, with what they say else."""
    titles: frozenset[tuple[str, str]]
    """File and title of each."""


def _with_tests_that_run(task: ChangeTask, judge: Judge) -> tuple[ChangeTask, _Seen]:
    """The task with those test files in which some test passes with the solution every time."""
    job = job_of_change(task, reference_of(task))
    kept: list[FileHash] = []
    runs: list[list[TestReport]] = []
    faults = []
    for test in task.case.tests:
        reports = [judge.run(_alone(job, test.path))]
        fault = _fault(reports[0])
        if fault:
            faults.append(f"{test.path}: {fault}")
            continue
        runs.append([*reports, *(judge.run(_alone(job, test.path)) for _ in range(RUNS - 1))])
        kept.append(test)
    seen = _seen(runs)
    if not seen.passing:
        npm = faults and all(map(NPM.search, faults))
        reason = "its tests need npm packages" if npm else "its tests fail"
        raise WeakError(reason, faults[0] if faults else "none passes in every run")
    return replace(task, case=msgspec.structs.replace(task.case, tests=tuple(kept))), seen


def _seen(runs: Iterable[list[TestReport]]) -> _Seen:
    passing: set[str] = set()
    flaky: dict[str, str] = {}
    titles: set[tuple[str, str]] = set()
    for reports in runs:
        found = [*map(passed_ids, reports)]
        always = frozenset.intersection(*found)
        passing |= always
        results = [one for report in reports for one in report.results]
        titles |= {(one.file, one.title) for one in results}
        said = {id_of_test(one.file, one.title): one.message for one in results if not one.passed}
        for one in frozenset.union(*found) - always:
            count = sum(one in ids for ids in found)
            why = f"passes in {count} of {RUNS} runs: {said.get(one, 'not reported else')}"
            flaky[one] = shortened(why)
    return _Seen(frozenset(passing), flaky, frozenset(titles))


def _fault(report: TestReport) -> str:
    """Why a test file judges nothing; "" where it may.

    It is run, as packages that it mocks or loads by the way need not be there.
    """
    if report.seconds > MAX_SECONDS:
        return "slow"
    failed = next((one.message for one in report.results if not one.passed), "")
    return "" if passed_ids(report) else f"{report.status}: {report.detail or failed}"


def parts_that_pass(task: ChangeTask, judge: Judge) -> Iterator[str]:
    """Parts of an edit without which every expected test passes all the same.

    The rest of it would be an answer that counts as right and is none. Nothing is said of commits,
    which change more than their tests can see.
    """
    yield from _parts_that_pass(task, judge, task.case.expected)


def _parts_that_pass(task: ChangeTask, judge: Judge, expected: frozenset[str]) -> Iterator[str]:
    for name, rest in _without_a_part(task) if task.change.edits else ():
        if expected <= passed_ids(judge.run(job_of_change(task, rest))):
            yield f"without its change of {name} all tests pass"


def _without_a_part(task: ChangeTask) -> Iterator[tuple[str, Patched]]:
    """The solution without one of its places, for each, where there are several."""
    whole = reference_of(task)
    places: list[tuple[str, Patched]] = []
    for path in task.sources:
        old = task.before[path].splitlines(keepends=True)
        new = task.solution[path].splitlines(keepends=True)
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                text = "".join([*new[:j1], *old[i1:i2], *new[j2:]])
                rest = {**whole.files, path: text}
                places.append((f"{path}:{i1 + 1}", Patched(files=rest)))
    if len(places) > PARTS:
        raise WeakError("too many places", str(len(places)))
    yield from places if len(places) > 1 else ()
