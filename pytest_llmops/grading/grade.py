"""The verdict on one answer: its code in the file, the tests run on it, one outcome of many.

A grade starts from nothing passed. Solved means that the judge finished and that exactly the
expected tests were reported, each once and each as passed, and that no other expectation was met
(`confirm`); tests beyond them (those that mining found flaky) count neither way. Whatever an answer
does is an outcome; only a fault of the sandbox itself raises.
"""

import time
from collections import defaultdict
from typing import NamedTuple

from pytest_llmops.cases import Case, id_of_test
from pytest_llmops.completions import Completion, Ending, FinishReason
from pytest_llmops.grading.candidate import Candidate
from pytest_llmops.grading.changed import changed, job_of, job_of_change, measure_change, text_in
from pytest_llmops.grading.confirm import LOOKS, doubtful, forgery, is_unsure, wary
from pytest_llmops.grading.extract import answered
from pytest_llmops.grading.fences import READ_LIMIT
from pytest_llmops.grading.graded import Grade, Outcome, Quality
from pytest_llmops.grading.ground import serves_tests
from pytest_llmops.grading.pieces import is_unread
from pytest_llmops.grading.quality import measure
from pytest_llmops.sandbox import Judge, TestJob, TestReport, TestResult
from pytest_llmops.tasks.asked import AnyTask
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.materialize import Task

OUTCOMES: dict[str, Outcome] = {
    "finished": "wrong",
    "crashed": "wrong",
    "syntax_error": "syntax_error",
    "load_error": "load_error",
    "forbidden_import": "forbidden_import",
    "timeout": "timeout",
    "out_of_memory": "out_of_memory",
}
"""What a report's status makes of an answer that is not solved."""

CUT_OFF: dict[FinishReason, Outcome] = {"length": "truncated", "context": "context"}
"""What an unsolved answer is that the model did not end itself."""

ENDED: dict[Ending, Outcome] = {
    "turns": "budget",
    "tokens": "budget",
    "cost": "budget",
    "time": "budget",
    "memory": "out_of_memory",
    "silence": "hung",
    "repeated": "repeated",
    "gave_up": "gave_up",
    "failed": "aborted",
}
"""What an unsolved attempt is whose loop the agent did not end as done."""

FINAL = ("solved", "forged")
"""Outcomes that an answer has whoever ended it."""
DETAIL_LIMIT = 300
"""Characters of `Grade.detail`."""


class _Verdict(NamedTuple):
    outcome: Outcome
    detail: str = ""
    passed: int = 0
    seconds: float = 0.0
    memory: int | None = None


def grade(task: AnyTask, completion: Completion, pool: Judge) -> Grade:
    """Judge one completion.

    Raises:
        SandboxError: The sandbox cannot be used; says nothing about the answer.
    """
    if isinstance(task, Task):
        verdict, quality = _function(task, completion, pool)
    else:
        verdict, quality = _change(task, completion, pool)
    judged = time.time()
    return Grade(
        outcome=_outcome(verdict.outcome, completion),
        tests_passed=verdict.passed,
        tests_expected=len(task.case.expected),
        detail=" ".join(verdict.detail.split())[:DETAIL_LIMIT],
        seconds=verdict.seconds,
        started=judged - verdict.seconds,
        memory=verdict.memory,
        quality=quality,
    )


def _function(task: Task, completion: Completion, pool: Judge) -> tuple[_Verdict, Quality]:
    path = task.case.source.path
    files = completion.loop.files if completion.loop else {}
    candidate = answered(completion.text, files, task)
    verdict = _unjudged(task, completion, candidate)
    if candidate and not verdict:
        kept = {
            name: text
            for name, text in files.items()
            if not serves_tests(name, (path,), text_in(task.tree, name))
        }
        overlay = {**kept, path: candidate.file_text}
        verdict = _judged(job_of(task.case, task.tree, overlay), task.case, pool)
    assert verdict
    return verdict, measure(completion.text, candidate, task.module.path, task.reference)


def _change(task: ChangeTask, completion: Completion, pool: Judge) -> tuple[_Verdict, Quality]:
    made = changed(task, completion)
    verdict = _refused(completion)
    if made.empty and not verdict:
        verdict = _Verdict("empty", "no change in the answer" if completion.text else "no text")
    if made.fault and not verdict:
        verdict = _Verdict("patch_failed", made.fault)
    if not verdict:
        verdict = _judged(job_of_change(task, made), task.case, pool)
    return verdict, measure_change(completion.text, made, task)


def _refused(completion: Completion) -> _Verdict | None:
    if completion.refusal or completion.finish_reason == "content_filter":
        return _Verdict("refused", completion.refusal or "the server filtered the answer")
    return None


def _outcome(judged: Outcome, completion: Completion) -> Outcome:
    """What an attempt is called: as it ended, where that says more than what the tests said."""
    if judged in FINAL:
        return judged
    if loop := completion.loop:
        return "edited_tests" if loop.edited_tests else ENDED.get(loop.ending, judged)
    return CUT_OFF.get(completion.finish_reason, judged)


def _unjudged(task: Task, completion: Completion, candidate: Candidate | None) -> _Verdict | None:
    """Return the verdict on what holds no answer to run."""
    if refused := _refused(completion):
        return refused
    if candidate:
        return None
    if is_unread(completion.text, task):
        limit = f"the {READ_LIMIT:,} characters that are read of an answer"
        return _Verdict("empty", f"not read: {task.case.symbol} reaches beyond {limit}")
    return _Verdict("empty", "no code in the answer" if completion.text.strip() else "no text")


def _judged(job: TestJob, case: Case, pool: Judge) -> _Verdict:
    expected, falsifiable = case.expected, case.falsifiable
    first = pool.run(wary(job))
    verdict = _verdict(first, expected)
    if verdict.outcome != "solved":
        return verdict
    if lie := forgery(first, expected, falsifiable):
        return verdict._replace(outcome="forged", detail=lie)
    if not is_unsure(first, expected):
        return verdict
    for _ in range(LOOKS):
        report = pool.run(doubtful(job))
        if lie := forgery(report, expected, falsifiable):
            return verdict._replace(outcome="forged", detail=lie)
        again = _verdict(report, expected)
        if again.outcome == "solved":
            return verdict
    return again._replace(detail=f"passed once and then no more: {again.detail}")


def _verdict(report: TestReport, expected: frozenset[str]) -> _Verdict:
    passed, detail = count_passed(report, expected)
    if report.status == "finished" and passed == len(expected):
        return _Verdict("solved", "", passed, report.seconds, report.peak_memory)
    outcome = OUTCOMES[report.status]
    return _Verdict(outcome, detail, passed, report.seconds, report.peak_memory)


def count_passed(report: TestReport, expected: frozenset[str]) -> tuple[int, str]:
    """Count the expected tests that passed, and say what is wrong with the first that did not.

    Args:
        report: The judge's report; one that did not finish proves nothing and counts 0.
        expected: Ids of tests, as `cases.id_of_test` makes them.
    """
    if report.status != "finished":
        return 0, f"{report.status.replace('_', ' ')}: {report.detail}"
    found: defaultdict[str, list[TestResult]] = defaultdict(list)
    for result in report.results:
        found[id_of_test(result.file, result.title)].append(result)
    passed = [one for one in expected if [result.passed for result in found[one]] == [True]]
    reasons = (_reason(results) for one, results in found.items() if one in expected and results)
    missing = sum(not found[one] for one in expected)
    reason = next(filter(None, reasons), f"{missing} expected tests were not reported")
    return len(passed), reason


def _reason(results: list[TestResult]) -> str:
    """Return why one test does not count as passed, "" if it does."""
    if len(results) > 1:
        return f"{results[0].title}: reported {len(results)} times"
    return "" if results[0].passed else f"{results[0].title}: {results[0].message}"
