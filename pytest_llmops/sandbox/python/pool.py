"""Python tests judged in the cage, and what their reports are worth.

An answer in Python runs in the process that reports on it, and can make that process say anything:
no language feature is out of its reach there. So a report is not believed because of where it comes
from. What an answer can't know is what is right: whoever has not solved a case can only guess
whether a test that it is put to expects the truth. Whatever counts as solved is judged in two more
processes of its own. In each a drawn half of the tests expects something else (`changes`), in the
other one the other half; each must fail exactly there.

What is not covered: tests in which nothing can be changed (`sites`), which only count beside others
(mining leaves out cases that have no others), and an answer that finds out which of two texts is
the true one by being nearly right itself.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.job import TestJob, TestReport, TestResult
from pytest_llmops.sandbox.pool import Pool, Runtime
from pytest_llmops.sandbox.python.changes import changed
from pytest_llmops.sandbox.python.given import Given, texts
from pytest_llmops.sandbox.python.program import NOT_BARE, PythonProgram
from pytest_llmops.sandbox.python.sites import sites

Test = tuple[str, str]
"""A test file, and the function in it, as `sites` names it."""


class PythonPool(Pool):
    """Judges Python with pytest; see `Pool`."""

    def __init__(
        self, root: Path, *, size: int = 1, isolation: Isolation = "bwrap", many: bool = False
    ) -> None:
        if isolation == "process":
            raise SandboxError(NOT_BARE)
        runtime = Runtime(PythonProgram(), Given())
        super().__init__(root, runtime, size=size, isolation=isolation, many=many)

    def run(self, job: TestJob) -> TestReport:
        """Judge one job, see `Pool.run`; one that is to be falsified in two processes.

        A wary job leaves its tests alone, and says of which one more is to be known.
        """
        if job.falsify is None:
            return super().run(job)
        written = {test: text for test in job.tests if (text := _text(job, test))}
        tests = [(path, name) for path, text in written.items() for name in sites(text)]
        if job.wary:
            return _unsure(super().run(job), tests)
        drawn = random.Random(job.falsify)  # noqa: S311 - secret is the seed alone
        first = {one for one in sorted(tests) if drawn.random() < 0.5}
        halves = [first, set(tests) - first]
        reports = [super(PythonPool, self).run(_changed(job, written, half)) for half in halves]
        return _together(reports, halves)


def _text(job: TestJob, test: str) -> str:
    return job.overlay.get(test) or texts(job.root.resolve()).get(test, "")


def _changed(job: TestJob, written: Mapping[str, str], half: set[Test]) -> TestJob:
    """The job with other expectations in some of its tests."""
    assert job.falsify is not None
    overlay = {
        path: changed(text, {name for test, name in half if test == path}, job.falsify)
        for path, text in written.items()
    }
    return msgspec.structs.replace(job, overlay={**job.overlay, **overlay}, falsify=None)


def _test(result: TestResult) -> Test:
    return result.file, result.title.partition("[")[0]


def _unsure(report: TestReport, tests: Iterable[Test]) -> TestReport:
    known = set(tests)
    results = [
        msgspec.structs.replace(one, unsure=1) if _test(one) in known else one
        for one in report.results
    ]
    return msgspec.structs.replace(report, results=tuple(results))


def _together(reports: list[TestReport], halves: list[set[Test]]) -> TestReport:
    """One report of two: each test as the process told that left it alone, and the other's word.

    The runs of one function are matched by their order, as their names may hold expected values.
    """
    for report in reports:
        if report.status != "finished":
            return report
    told = [_by_test(report.results) for report in reports]
    results: list[TestResult] = []
    for test in told[0] | told[1]:
        here, there = told[0][test], told[1][test]
        if test in halves[0]:
            results += _matched(there, here)
        elif test in halves[1]:
            results += _matched(here, there)
        else:
            results += [
                msgspec.structs.replace(one, passed=one.passed and other.passed)
                for one, other in zip(here, there, strict=False)
            ]
    peaks = [one.peak_memory for one in reports if one.peak_memory is not None]
    return TestReport(
        status="finished",
        results=tuple(results),
        detail=reports[0].detail,
        seconds=sum(one.seconds for one in reports),
        peak_memory=max(peaks, default=None),
    )


def _by_test(results: Iterable[TestResult]) -> defaultdict[Test, list[TestResult]]:
    found: defaultdict[Test, list[TestResult]] = defaultdict(list)
    for one in results:
        found[_test(one)].append(one)
    return found


def _matched(true: list[TestResult], other: list[TestResult]) -> Iterator[TestResult]:
    if len(true) != len(other):
        yield from true
        return
    for one, lie in zip(true, other, strict=True):
        yield msgspec.structs.replace(
            one, refuted=int(one.passed and not lie.passed), held=int(lie.passed)
        )
