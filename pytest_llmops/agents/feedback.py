"""What failing tests say, as a further question to the model.

Only tests that judge the case are quoted, each with its own message; the whole is bounded, because
it is paid for in every later turn.
"""

from collections.abc import Sequence

from pytest_llmops.cases import id_of_test
from pytest_llmops.completions import FinishReason
from pytest_llmops.grading.graded import Grade
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.asked import AnyTask
from pytest_llmops.tasks.materialize import Task

QUOTED = 5
"""Failing tests that are quoted; the others are counted."""
MESSAGE = 400
"""Characters of one test's message."""

_AGAIN_CHANGE = "Correct it. Answer with the whole change, of the files as they were at first."
_AGAIN = "Correct it. Answer with the whole {kind} `{symbol}` in one code block; add no imports."
_CUT = "Your answer was cut off at the limit of its length; be shorter. "


class Heard:
    """A judge whose reports can be read afterwards."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self.reports: list[TestReport] = []

    def run(self, job: TestJob) -> TestReport:
        """Run a job, and keep its report."""
        report = self._judge.run(job)
        self.reports.append(report)
        return report


def feedback(
    task: AnyTask, grade: Grade, reports: Sequence[TestReport], finish: FinishReason
) -> str:
    """Say what is wrong with an answer.

    Args:
        task: What was asked.
        grade: What the answer was worth; not solved.
        reports: Of the runs that led to it, the plain one first; none where nothing was run.
        finish: How the answer ended.
    """
    again = _AGAIN_CHANGE
    if isinstance(task, Task):
        kind = "method" if task.declaration.class_name else "function"
        again = _AGAIN.format(kind=kind, symbol=task.declaration.symbol)
    cut = _CUT if finish in {"length", "context"} else ""
    return f"{_found(task, grade, reports)}\n\n{cut}{again}"


def _found(task: AnyTask, grade: Grade, reports: Sequence[TestReport]) -> str:
    if not reports:
        if isinstance(task, Task):
            return f"There is no code of `{task.declaration.symbol}` in your answer."
        return f"Your change could not be applied: {grade.detail}."
    first = reports[0]
    if first.status != "finished":
        said = first.detail or grade.detail
        return f"The tests did not run: {first.status.replace('_', ' ')}: {said[:MESSAGE]}"
    expected = task.case.expected
    failed = {
        result.title: result.message
        for result in first.results
        if not result.passed and id_of_test(result.file, result.title) in expected
    }
    if not failed:
        return f"The tests did not pass: {grade.detail}"
    quoted = [f"- {title}: {said[:MESSAGE].strip()}" for title, said in [*failed.items()][:QUOTED]]
    more = len(failed) - QUOTED
    rest = [f"- and {more} more"] if more > 0 else []
    return "\n".join([f"{len(failed)} of {len(expected)} tests fail:", *quoted, *rest])
