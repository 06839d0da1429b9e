"""Cases without their flaky tests, and what is no case without them.

A case that is marked is proved again by what is left of its tests. Where only flaky tests would
judge it, or what is left lets a wrong body pass, its line stays in the manifest, in quarantine with
the reason, and is no case.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.grading.confirm import falsified
from pytest_llmops.mining.marks import tree_of
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.repeat import AtTimes, job_number
from pytest_llmops.mining.validate import Finding, validate
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.sources import SourceTree

ONLY_FLAKY = "only flaky tests judge it"
STATES_NOTHING = "without its flaky tests no test states a value"
TOO_WEAK = {"a wrong body passes", "a part of it passes"}
"""Faults that flaky tests kept away."""


class Marked(NamedTuple):
    """Lines that change."""

    lines: dict[str, Case]
    """By id: cases, and what is in quarantine now."""
    findings: list[Finding]
    """What else is wrong with these cases."""


def marked(
    cases: Iterable[Case], flaky: Iterable[AtTimes], tree: SourceTree, judge: Judge, crew: Crew
) -> Marked:
    """Mark tests in all cases that have them, and prove these.

    Args:
        cases: All cases of the suite.
        flaky: The tests.
        tree: The source tree.
        judge: What runs tests.
        crew: Threads.
    """
    tests = {(one.tree, one.test.id): one.test for one in flaky}
    new = [one for case in cases if (one := without(case, tests)) != case]
    stated = crew.map("marked cases", lambda one: _stated(one, tree, judge), new)
    lines = {one.id: one for one in stated}
    findings = validate((one for one in stated if not one.quarantine), tree, judge, crew)
    for found in findings:
        line = lines[found.case_id]
        if found.fault in TOO_WEAK and not line.quarantine:
            reason = f"without its flaky tests {found.fault}: {found.detail}"
            lines[line.id] = quarantined(line, reason)
    return Marked(lines, [one for one in findings if not lines[one.case_id].quarantine])


def without(case: Case, tests: Mapping[tuple[str, str], FlakyTest]) -> Case:
    """The case without those tests of its files that are flaky; marks that it has stay.

    Args:
        case: The case.
        tests: By `marks.tree_of` and id.
    """
    files = {one.path for one in case.tests}
    known = {one.id for one in case.flaky}
    new = [
        one
        for (tree, name), one in tests.items()
        if tree == tree_of(case) and one.path in files and name not in known
    ]
    if not new:
        return case
    ids = {one.id for one in new}
    left = msgspec.structs.replace(
        case,
        fail_to_pass=tuple(one for one in case.fail_to_pass if one not in ids),
        pass_to_pass=tuple(one for one in case.pass_to_pass if one not in ids),
        flaky=tuple(sorted([*case.flaky, *new])),
    )
    return left if left.fail_to_pass else quarantined(left, ONLY_FLAKY)


def quarantined(case: Case, reason: str) -> Case:
    """The line of a case that is none."""
    return msgspec.structs.replace(
        case, fail_to_pass=(), pass_to_pass=(), falsifiable=0, quarantine=reason
    )


def _stated(case: Case, tree: SourceTree, judge: Judge) -> Case:
    """The case with the number of its tests that state a value."""
    if case.quarantine:
        return case
    count = falsified(judge.run(job_number(case, tree, 2)), case.expected)
    if not count:
        return quarantined(case, STATES_NOTHING)
    return msgspec.structs.replace(case, falsifiable=count)
