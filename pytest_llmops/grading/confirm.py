"""The second look at a solved answer: it must not meet other expectations than those of its tests.

The answer is judged again, in a fresh process, where each assertion that states a value is checked
with a changed one too (`sandbox/falsify.mjs`). Whatever holds for both values has learned what was
expected, or equals anything. A right answer never does: two values that exclude each other cannot
both be met, so nothing is asked of a right answer here but to pass once more.
"""

import secrets

import msgspec

from pytest_llmops.cases import id_of_test
from pytest_llmops.sandbox import TestJob, TestReport, TestResult

LOOKS = 2
"""How often an answer is judged again where it does not pass a second time: tests may flicker."""


def forgery(report: TestReport, expected: frozenset[str], falsifiable: int) -> str:
    """Why the report of a second look shows a lie; "" where it does not.

    Args:
        report: Of a job with `falsify` set.
        expected: Ids of the tests that count.
        falsifiable: Of these, how many state a value when the reference is judged; 0 if unknown.
    """
    counted = _counted(report, expected)
    for result in counted:
        if result.held:
            return f"{result.title}: holds for another expected value as well"
    if report.status == "finished" and falsifiable and not _falsified(counted):
        return f"no expected value was compared; {falsifiable} tests state one"
    return ""


def falsified(report: TestReport, expected: frozenset[str]) -> int:
    """How many of the expected tests compared a stated value, and with nothing else."""
    return _falsified(
        [one for one in report.results if id_of_test(one.file, one.title) in expected]
    )


def _counted(report: TestReport, expected: frozenset[str]) -> list[TestResult]:
    return [one for one in report.results if id_of_test(one.file, one.title) in expected]


def _falsified(results: list[TestResult]) -> int:
    return sum(one.refuted > 0 and not one.held for one in results)


def doubtful(job: TestJob) -> TestJob:
    """The job of a second look, with changes that nobody knows beforehand."""
    return msgspec.structs.replace(job, falsify=secrets.randbits(32))
