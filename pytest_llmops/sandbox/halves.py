"""What the word of a process is worth that an answer can make say anything.

An answer that runs in the process that tells of its tests can have anything reported. What it can't
know is what is right: whoever has not solved a case can only guess whether a test that it is put to
expects the truth. So what counts as solved is judged in two more processes of its own. In each a
drawn half of the tests expects something else, in the other one the other half; each must fail
exactly there.

What is not covered: tests in which nothing can be changed, which only count beside others (mining
leaves out cases that have no others), and an answer that finds out which of two texts is the true
one by being nearly right itself.
"""

import random
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from pytest_llmops.sandbox.job import TestJob, TestReport, TestResult

Test = tuple[str, str]
"""A test file, and the test in it, by the name that `Stated.named` finds."""


class Stated(NamedTuple):
    """What a language knows of the places where its tests state what they expect."""

    text: Callable[[TestJob, str], str]
    """The text of a test file of a job; "" where there is none."""
    named: Callable[[str, str], Collection[str]]
    """Names of the tests of a file (its path, its text) in which something can be changed."""
    changed: Callable[[str, str, Collection[str], int], str]
    """The text with something else expected in the named tests, drawn from a seed."""
    name: Callable[[TestResult], str]
    """Which of these tests a result is of."""


def doubted(job: TestJob, run: Callable[[TestJob], TestReport], stated: Stated) -> TestReport:
    """Judge a job that is to be falsified: in two processes, or where it is wary as it is.

    A wary job leaves its tests alone, and says of which one more is to be known.
    """
    written = {test: text for test in job.tests if (text := stated.text(job, test))}
    tests = [(path, name) for path, text in written.items() for name in stated.named(path, text)]
    if job.wary:
        return _unsure(run(job), tests, stated)
    drawn = random.Random(job.falsify)  # noqa: S311 - secret is the seed alone
    first = {one for one in sorted(tests) if drawn.random() < 0.5}
    halves = [first, set(tests) - first]
    reports = [run(_changed(job, written, half, stated)) for half in halves]
    return _together(reports, halves, stated)


def _changed(job: TestJob, written: Mapping[str, str], half: set[Test], stated: Stated) -> TestJob:
    """The job with other expectations in some of its tests."""
    assert job.falsify is not None
    overlay = {
        path: stated.changed(path, text, {name for test, name in half if test == path}, job.falsify)
        for path, text in written.items()
    }
    return msgspec.structs.replace(job, overlay={**job.overlay, **overlay}, falsify=None)


def _unsure(report: TestReport, tests: Iterable[Test], stated: Stated) -> TestReport:
    known = set(tests)
    results = [
        msgspec.structs.replace(one, unsure=1) if (one.file, stated.name(one)) in known else one
        for one in report.results
    ]
    return msgspec.structs.replace(report, results=tuple(results))


def _together(reports: list[TestReport], halves: list[set[Test]], stated: Stated) -> TestReport:
    """One report of two: each test as the process told that left it alone, and the other's word.

    The runs of one test are matched by their order, as their names may hold expected values.
    """
    for report in reports:
        if report.status != "finished":
            return report
    told = [_by_test(report.results, stated) for report in reports]
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


def _by_test(results: Iterable[TestResult], stated: Stated) -> defaultdict[Test, list[TestResult]]:
    found: defaultdict[Test, list[TestResult]] = defaultdict(list)
    for one in results:
        found[one.file, stated.name(one)].append(one)
    return found


def _matched(true: list[TestResult], other: list[TestResult]) -> Iterator[TestResult]:
    if len(true) != len(other):
        yield from true
        return
    for one, lie in zip(true, other, strict=True):
        yield msgspec.structs.replace(
            one, refuted=int(one.passed and not lie.passed), held=int(lie.passed)
        )
