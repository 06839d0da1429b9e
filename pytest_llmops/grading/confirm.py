"""What a solved answer must not do: meet other expectations than those of its tests.

Each assertion that states a value is checked with a changed one too (`falsify.mjs` of the sandbox).
Whatever holds for both has learned what was expected, or equals anything. A right answer never
does: two values that exclude each other cannot both be met, so nothing more is asked of it here.

Where all that is compared is plain data, which cannot notice, this is done while an answer is
judged, in an order that is drawn. Where something compared could run code of the answer, it is left
alone there, so that the test runs as it always does; an answer that is solved so is judged again,
in a fresh process, with everything changed.
"""

import secrets

import msgspec

from pytest_llmops.cases import id_of_test
from pytest_llmops.sandbox import TestJob, TestReport, TestResult

LOOKS = 2
"""How often an answer is judged again where it does not pass a second time: tests may flicker."""


def forgery(report: TestReport, expected: frozenset[str], falsifiable: int) -> str:
    """Why a report shows a lie; "" where it does not.

    Args:
        report: Of a job with `falsify` set.
        expected: Ids of the tests that count.
        falsifiable: Of these, how many state a value when the reference is judged; 0 if unknown.
    """
    counted = _counted(report, expected)
    for result in counted:
        if result.held:
            return f"{result.title}: holds for another expected value as well"
    compared = sum(one.refuted + one.unsure > 0 for one in counted)
    if report.status == "finished" and compared < falsifiable:
        return f"an expected value was compared in {compared} tests; {falsifiable} state one"
    return ""


def is_unsure(report: TestReport, expected: frozenset[str]) -> bool:
    """Whether the report of a wary job leaves something that only a second look can tell."""
    return any(one.unsure for one in _counted(report, expected))


def falsified(report: TestReport, expected: frozenset[str]) -> int:
    """How many of the expected tests compared a stated value, and with nothing else."""
    return _falsified(_counted(report, expected))


def _counted(report: TestReport, expected: frozenset[str]) -> list[TestResult]:
    return [one for one in report.results if id_of_test(one.file, one.title) in expected]


def _falsified(results: list[TestResult]) -> int:
    return sum(one.refuted > 0 and not one.held for one in results)


def wary(job: TestJob) -> TestJob:
    """The job of a first look: changed where nothing that is compared could notice."""
    return msgspec.structs.replace(job, falsify=secrets.randbits(32), wary=True)


def doubtful(job: TestJob) -> TestJob:
    """The job of a second look: all changed, and by nothing that is known beforehand."""
    return msgspec.structs.replace(job, falsify=secrets.randbits(32), wary=False)
