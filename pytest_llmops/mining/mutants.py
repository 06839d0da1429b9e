"""Bodies that must not pass: the ways of not solving a case.

A case is worth asking only if its tests tell a solution from no solution. A throw shows that the
tests reach the function; the trivial bodies show that they look at what it gives back. No claim is
made beyond that: a body that is wrong in a subtler way may pass.

An empty body and `return undefined` (in Python `return None`) are the same function and count as
one mutant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import msgspec

from pytest_llmops.cases import id_of_test
from pytest_llmops.sandbox import Judge, Round, TestJob, TestReport
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.modules import Declaration, Module, replace_body
from pytest_llmops.tasks.sources import SourceTree

TOGETHER = 12.0
"""Seconds of a process that judges many bodies."""
EMPTY = "empty"
"""Name of the body that does nothing; what its tests take is looked at as with the throw."""


class Mutant(msgspec.Struct, frozen=True):
    """A body put in place of the reference."""

    name: str
    """As shown to people: `empty`, `return null`, `first argument`, ..."""
    body: str
    """Valid in functions, methods and all arrows, async ones included (`Language.body`)."""


def mutants(module: Module, declaration: Declaration) -> tuple[Mutant, ...]:
    """Give all bodies that must fail at least one expected test: throw, empty, trivial ones."""
    language = language_of(module.path)
    returned = [(f"return {value}", value) for value in language.values]
    if argument := language.first_argument(declaration):
        returned.append(("first argument", argument))
    return (
        Mutant("throw", language.body(language.throw)),
        Mutant(EMPTY, language.body(language.nothing)),
        *(Mutant(name, language.body(f"return {value}")) for name, value in returned),
    )


def passed_ids(report: TestReport) -> frozenset[str]:
    """Give the ids (`id_of_test`) of the passed tests; none where the run did not finish."""
    if report.status != "finished":
        return frozenset()
    return frozenset(id_of_test(one.file, one.title) for one in report.results if one.passed)


def failed_ids(report: TestReport) -> frozenset[str]:
    """Give the ids of the tests that ran and failed."""
    return frozenset(id_of_test(one.file, one.title) for one in report.results if not one.passed)


@dataclass(frozen=True)
class Subject:
    """A function under proof and the test files that judge it."""

    tree: SourceTree
    module: Module
    declaration: Declaration
    tests: tuple[str, ...]

    def job(self, body: str) -> TestJob:
        """What runs the tests with another body, the way candidates are run."""
        return TestJob(root=self.tree.root, tests=self.tests, overlay=self._overlay(body))

    def run(self, judge: Judge, body: str) -> TestReport:
        """Run the tests with another body."""
        return judge.run(self.job(body))

    def outcomes(
        self,
        judge: Judge,
        bodies: Sequence[Mutant],
        expected: frozenset[str],
        *,
        by_file: Mapping[str, frozenset[str]] | None = None,
        first: TestReport | None = None,
    ) -> Iterator[tuple[Mutant, TestReport]]:
        """Judge bodies in their order, several in one process where that comes to the same.

        The first in a process is judged as it would be alone. Of the others only that is taken from
        it that an expected test fails, and only if with the reference, judged last, none does: then
        no body has left anything that fails tests. All else is judged in a process of its own.

        Args:
            judge: What runs the tests.
            bodies: What to judge; no reference.
            expected: Ids of the tests that count.
            by_file: The same by test file; where given, files of which the first body fails none
                are left out from then on.
            first: Of the first body, where it is judged already, with rounds of the others.
        """
        rest, subject, together = list(bodies), self, True
        while rest:
            mutant, *others = rest
            together = together and bool(others)
            job = subject.in_one(rest, expected) if together else subject.job(mutant.body)
            report, first = first or judge.run(job), None
            if together and report.status != "finished":
                together = False  # any of them may be the one to blame
                continue
            yield mutant, report
            if by_file and subject is self:
                passed = passed_ids(report)
                kept = tuple(one for one in self.tests if by_file[one] - passed)
                subject = replace(self, tests=kept)
            refused: list[tuple[Mutant, TestReport]] = []
            if report.rounds:
                together = is_clean(report, subject.tests, expected)
                judged = zip(others, report.rounds[:-1], strict=False)
                if together:
                    refused = [*takewhile(lambda one: _fails(one[1], expected), judged)]
            yield from refused
            rest = others[len(refused) :]

    def survivors(
        self,
        judge: Judge,
        expected: frozenset[str],
        bodies: Sequence[Mutant],
        *,
        first: TestReport | None = None,
    ) -> Iterator[Mutant]:
        """Give those bodies with which every expected test still passes; see `outcomes`."""
        for mutant, report in self.outcomes(judge, bodies, expected, first=first):
            if expected <= passed_ids(report):
                yield mutant

    def in_one(self, bodies: Sequence[Mutant], expected: frozenset[str]) -> TestJob:
        """What judges several bodies in one process, with the reference as a control."""
        first, *others = bodies
        rounds = [Round(overlay=self._overlay(one.body), whole=one.name == EMPTY) for one in others]
        control = Round(overlay=self._overlay(self.module.body(self.declaration)), whole=True)
        return msgspec.structs.replace(
            self.job(first.body),
            timeout=TOGETHER,
            rounds=(*rounds, control),
            expected=tuple(sorted(expected)),
        )

    def _overlay(self, body: str) -> dict[str, str]:
        return {self.module.path: replace_body(self.module, self.declaration, body)}


def is_clean(report: TestReport, tests: Iterable[str], expected: frozenset[str]) -> bool:
    """Whether the reference still passes these test files, after the bodies of a process."""
    if not report.rounds:
        return False
    control = report.rounds[-1]
    files = {one.file for one in control.results}
    there = [one for one in (*report.results, *control.results) if one.file in files]
    ids = {id_of_test(one.file, one.title) for one in there} & expected
    return files.issuperset(tests) and ids <= passed_ids(control)


def _fails(report: TestReport, expected: frozenset[str]) -> bool:
    return report.status == "finished" and bool(failed_ids(report) & expected)
