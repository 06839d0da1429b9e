"""What is proved of a commit case: its tests tell the solution from the tree before it.

With the solution all of them pass, whatever the order of their files, and none meets another
expectation (`grading.confirm`). Before it those that are to fail do not pass, and the others do,
each file run by itself, as one that does not even load must not take others with it.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from zlib import crc32

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.grading.changed import SECONDS, job_of_change, reference_of
from pytest_llmops.grading.confirm import falsified, forgery
from pytest_llmops.grading.patching import Patched
from pytest_llmops.mining.mutants import passed_ids
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.changes import ChangeTask

MAX_SECONDS = SECONDS / 2
"""Test files that take longer with the solution judge nothing."""
NPM = "npm packages need real vitest"
"""What the judge says of an import that is a package."""


class WeakError(Exception):
    """A commit is no case."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        """One of few words, the same for all of a kind."""
        self.detail = detail


def judged(task: ChangeTask, judge: Judge) -> Case:
    """The case with the tests that judge it.

    Raises:
        WeakError: Says why nothing does.
    """
    task, passing = _with_tests_that_run(task, judge)
    failing = passing - passed_before(task, judge)
    if not failing:
        raise WeakError("no test fails before it")
    if failing != passing - passed_before(task, judge):
        raise WeakError("not reproducible", "before it, tests pass now and then")
    for number, report in enumerate(looks(task, judge)):
        if not passing <= passed_ids(report):
            reason = "not reproducible" if number == 0 else "order of its tests matters"
            raise WeakError(reason, report.detail)
        if lie := forgery(report, passing, 0):
            raise WeakError("meets any expectation", lie)
    return msgspec.structs.replace(
        task.case,
        fail_to_pass=tuple(sorted(failing)),
        pass_to_pass=tuple(sorted(passing - failing)),
        falsifiable=falsified(report, passing),
    )


def looks(task: ChangeTask, judge: Judge) -> Iterator[TestReport]:
    """Judge the solution three times, with its test files in other orders; see `Subject.looks`."""
    job = job_of_change(task, reference_of(task))
    seed = crc32(task.case.id.encode())
    drawn = random.Random(seed).sample(job.tests, len(job.tests))  # noqa: S311 - an order
    yield judge.run(job)
    for wary, tests in ((True, job.tests[::-1]), (False, tuple(drawn))):
        yield judge.run(msgspec.structs.replace(job, tests=tests, falsify=seed, wary=wary))


def passed_before(task: ChangeTask, judge: Judge) -> frozenset[str]:
    """Ids of the tests that pass without the solution, each file by itself."""
    job = job_of_change(task, Patched())
    found = (judge.run(_alone(job, test.path)) for test in task.case.tests)
    return frozenset[str]().union(*map(passed_ids, found))


def _alone(job: TestJob, test: str) -> TestJob:
    return msgspec.structs.replace(job, tests=(test,))


def _with_tests_that_run(task: ChangeTask, judge: Judge) -> tuple[ChangeTask, frozenset[str]]:
    """The task with those test files in which some test passes with the solution, and their ids."""
    job = job_of_change(task, reference_of(task))
    kept, ids, faults = [], frozenset[str](), []
    for test in task.case.tests:
        fault, passed = _run(_alone(job, test.path), judge)
        if fault:
            faults.append(f"{test.path}: {fault}")
        else:
            kept.append(test)
            ids |= passed
    if not kept:
        npm = all(NPM in fault for fault in faults)
        raise WeakError("its tests need npm packages" if npm else "its tests fail", faults[0])
    return replace(task, case=msgspec.structs.replace(task.case, tests=tuple(kept))), ids


def _run(job: TestJob, judge: Judge) -> tuple[str, frozenset[str]]:
    """Why a test file judges nothing, and the ids of the tests that pass in it.

    It is run, as packages that it mocks or loads by the way need not be there.
    """
    report = judge.run(job)
    passed = passed_ids(report)
    if report.seconds > MAX_SECONDS:
        return "slow", frozenset()
    failed = next((one.message for one in report.results if not one.passed), "")
    return "" if passed else f"{report.status}: {report.detail or failed}", passed
