"""Prove cases: the reference passes, and what is no solution does not.

Each case is proved the way candidates are graded. Its files and body must have the recorded
digests; with the reference put back in place every expected test must pass; with a throw, an empty
body and each trivial body (`mutants`) at least one expected test must fail. The reference is judged
three times, with its test files in other orders; in the second and third with changed expectations
beside (`grading.confirm`), of which it must meet none. A case none of whose tests states a value is
named, and one is stale that lacks tests which pass today in every look and are not marked as flaky.

What is not covered: whether the prompt tells enough to solve a case, and whether a body that is
wrong in a subtler way is noticed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_llmops.cases import Case, id_of_test
from pytest_llmops.errors import CaseError
from pytest_llmops.grading.confirm import falsified, forgery
from pytest_llmops.mining.mutants import Subject, mutants, passed_ids
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import looks, parts_that_pass, passed_before
from pytest_llmops.mining.together import Shared
from pytest_llmops.sandbox import Judge, TestReport
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

Fault = Literal[
    "changed",
    "reference fails",
    "reference meets any expectation",
    "a wrong body passes",
    "passes before",
    "fails before",
    "no test can be falsified",
    "stale",
    "near-duplicate",
    "a part of it passes",
    "flaky",
]
NOT_SOLVED: tuple[Fault, ...] = ("reference fails", "reference meets any expectation")
"""With these nothing else is worth looking at."""
NOTES: tuple[Fault, ...] = ("no test can be falsified",)
"""What is worth knowing of a case that is valid all the same."""
SHOWN = 5
"""Tests that a finding names."""


@dataclass(frozen=True)
class Finding:
    """What is wrong with one case."""

    case_id: str
    fault: Fault
    detail: str
    """The error, the tests that failed or are absent, or the name of the body that passed."""


def validate(cases: Iterable[Case], tree: SourceTree, pool: Judge, crew: Crew) -> list[Finding]:
    """Prove cases, as many at once as the crew has threads; no finding means all hold."""
    given = list(cases)
    opened = {case.id: _opened(case, tree) for case in given if not case.change}
    subjects = [one for one in opened.values() if isinstance(one, Subject)]
    shared = Shared.of(tree, pool, subjects)

    def findings(case: Case) -> list[Finding]:
        if case.change:
            return list(_findings_of_change(case, tree, pool))
        subject = opened[case.id]
        if isinstance(subject, Finding):
            return [subject]
        return list(_findings(case, subject, pool, shared))

    return [finding for found in crew.map("cases", findings, given) for finding in found]


def _opened(case: Case, tree: SourceTree) -> Subject | Finding:
    try:
        task = materialize(case, tree)
    except CaseError as error:
        return Finding(case.id, "changed", str(error))
    return Subject(tree, task.module, task.declaration, tuple(file.path for file in case.tests))


def _findings(case: Case, subject: Subject, pool: Judge, shared: Shared) -> Iterator[Finding]:
    reports = shared.looks.of(case.source.path, subject.tests, case.expected)
    faults = [*_faults_of_reference(case, reports)]
    yield from faults
    if any(one.fault in NOT_SOLVED for one in faults):
        return
    bodies = mutants(subject.module, subject.declaration)
    first = shared.together.report(subject, case.expected)
    for survivor in subject.survivors(pool, case.expected, bodies, first=first):
        yield Finding(case.id, "a wrong body passes", survivor.name)


def _findings_of_change(case: Case, tree: SourceTree, pool: Judge) -> Iterator[Finding]:
    try:
        task = materialize_change(case, tree)
    except CaseError as error:
        yield Finding(case.id, "changed", str(error))
        return
    if not task.statement:
        yield Finding(case.id, "changed", "its message asks for nothing")
    yield from _faults_of_reference(case, looks(task, pool))
    before = passed_before(task, pool)
    if wrong := before & frozenset(case.fail_to_pass):
        yield Finding(case.id, "passes before", ", ".join(sorted(wrong)[:SHOWN]))
    if wrong := frozenset(case.pass_to_pass) - before:
        yield Finding(case.id, "fails before", ", ".join(sorted(wrong)[:SHOWN]))
    yield from (
        Finding(case.id, "a part of it passes", part) for part in parts_that_pass(task, pool)
    )


def _faults_of_reference(case: Case, given: Iterable[TestReport]) -> Iterator[Finding]:
    """What looks at the reference say against a case; the first that fails is the last."""
    reports = []
    for number, report in enumerate(given, 1):
        reports.append(report)
        if missing := case.expected - passed_ids(report):
            count = f"{len(missing)} of {len(case.expected)} expected tests missing"
            detail = f"{report.status}, {count}: {', '.join(sorted(missing)[:SHOWN])}"
            again = f" (look {number}, files in another order)" if number > 1 else ""
            yield Finding(case.id, "reference fails", detail + again)
            return
        if lie := forgery(report, case.expected, 0):
            yield Finding(case.id, "reference meets any expectation", lie)
            return
    yield from _doubts(case, reports[-1])
    yield from _lacks(case, reports)


def _lacks(case: Case, reports: list[TestReport]) -> Iterator[Finding]:
    """What passes in every look and is not expected: the manifest is older than its tests' runs.

    So it is where a test that it marks as flaky is in no look at all.
    """
    marked = {one.id: one for one in case.flaky}
    seen = {id_of_test(one.file, one.title) for report in reports for one in report.results}
    if gone := [str(one) for name, one in marked.items() if name not in seen]:
        yield Finding(case.id, "stale", f"marked as flaky and not there: {', '.join(gone)}")
    absent = frozenset.intersection(*map(passed_ids, reports)) - case.expected - marked.keys()
    titles = sorted(
        one.title for one in reports[0].results if id_of_test(one.file, one.title) in absent
    )
    if titles:
        more = f" and {len(titles) - SHOWN} more" if len(titles) > SHOWN else ""
        said = f"{len(titles)} more tests pass: {', '.join(titles[:SHOWN])}{more}"
        yield Finding(case.id, "stale", said)


def _doubts(case: Case, report: TestReport) -> Iterator[Finding]:
    """What a look with everything changed says against a case."""
    count = falsified(report, case.expected)
    if not count:
        detail = f"none of its {len(case.expected)} tests states a value"
        yield Finding(case.id, "no test can be falsified", detail)
    if case.falsifiable not in (0, count):
        detail = f"{count} tests can be falsified, the manifest says {case.falsifiable}"
        yield Finding(case.id, "changed", detail)
