"""Whether a function becomes a case: its tests notice when it is not written, and never else.

Of the tests that reach it, some must fail when the body throws, and each trivial body (`mutants`)
must be refused. The reference passes three times, with its test files in other orders. Where one
test file spoils another, or does not load with a wrong body, one of them judges alone.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import msgspec

from pytest_llmops.cases import Case, FileHash, Suite, case_id
from pytest_llmops.grading.complexity import complexity
from pytest_llmops.grading.confirm import falsified, forgery
from pytest_llmops.mining.looks import Looks
from pytest_llmops.mining.measure import MAX_SECONDS
from pytest_llmops.mining.mutants import EMPTY, Mutant, Subject, mutants, passed_ids
from pytest_llmops.mining.reach import Function, Modules
from pytest_llmops.mining.refused import Rejection, shortened
from pytest_llmops.mining.strata import difficulty_of, split_of
from pytest_llmops.mining.together import Shared
from pytest_llmops.sandbox import Judge, TestReport
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.materialize import body_sha256
from pytest_llmops.tasks.sources import SourceTree

MAX_BODY_LINES = 60
"""Longer functions do not fit the answer budget of small models."""


NOT_BACK = {"timeout", "out_of_memory", "crashed"}
"""Statuses of runs that say nothing of any one test."""
UNFINISHED = "reference"
"""What the reason begins with where the reference was looked at and did not come back."""
UNLOADED = ": load_error"
"""What the reason ends with where a test file does not load with a wrong body."""
RUNS = 5
"""How often each of several test files runs alone where they do not pass together."""

Judges = tuple[tuple[str, frozenset[str]], ...]
"""Test files that may judge a function, the best first, with the ids of their tests that pass."""


@dataclass(frozen=True)
class Refusal:
    """Says why a function is no case."""

    path: str
    symbol: str

    def __call__(
        self, reason: str, detail: str = "", flaky: frozenset[str] = frozenset()
    ) -> Rejection:
        """Give the rejection for one reason."""
        return Rejection(self.path, self.symbol, reason, detail, tuple(sorted(flaky)))


@dataclass(frozen=True)
class Proving:
    """What is needed to prove functions of a tree."""

    suite: Suite
    tree: SourceTree
    judge: Judge
    modules: Modules

    def shared(self, work: Iterable[tuple[Function, Judges]]) -> Shared:
        """What functions that are to be proved have in common; nothing is judged yet."""
        found = (self.subject(*one) for one in work)
        subjects = [one for one in found if isinstance(one, Subject)]
        return Shared.of(self.tree, self.judge, subjects)

    def subject(self, function: Function, judges: Judges) -> Subject | Rejection:
        """A function with its test files, or why it is none to ask for."""
        path, symbol = function
        module = self.modules[path]
        found = [one for one in module.declarations if one.symbol == symbol]
        if len(found) > 1:
            return Rejection(path, symbol, "name not unique", f"declared {len(found)} times")
        if fault := size_fault(module, found[0]):
            return Rejection(path, symbol, fault, f"{body_lines(module, found[0])} lines")
        return Subject(self.tree, module, found[0], tuple(test for test, _ in judges))

    def prove(self, function: Function, judges: Judges, shared: Shared) -> Case | Rejection:
        """Make the case of one function, or say what is in the way.

        Args:
            function: The function.
            judges: What may judge it.
            shared: What is known of functions together.
        """
        subject = self.subject(function, judges)
        if isinstance(subject, Rejection):
            return subject
        outcome = self._judged(subject, judges, shared)
        if isinstance(outcome, Case) or len(judges) == 1:
            return outcome
        if outcome.reason.endswith(UNLOADED):
            alone = (
                self._judged(replace(subject, tests=(one[0],)), (one,), shared) for one in judges
            )
            return next((one for one in alone if isinstance(one, Case)), outcome)
        if not outcome.flaky and not outcome.reason.startswith(UNFINISHED):
            return outcome
        return self._apart(subject, judges, shared)

    def _apart(self, subject: Subject, judges: Judges, shared: Shared) -> Case | Rejection:
        """Judge with one test file where several do not pass together."""
        refused = Refusal(subject.module.path, subject.declaration.symbol)
        if lost := self._flaky(subject, judges):
            return refused("not reproducible", of_all(lost, judges), lost)
        singles = [replace(subject, tests=(test,)) for test, _ in judges]
        found = [
            self._judged(one, (judge,), shared) for one, judge in zip(singles, judges, strict=True)
        ]
        if cases := [one for one in found if isinstance(one, Case)]:
            return cases[0]
        rejections = [one for one in found if isinstance(one, Rejection)]
        if late := frozenset(lost for one in rejections for lost in one.flaky):
            return refused("not reproducible", of_all(late, judges), late)
        alone = {_told(one): one for one in rejections}
        unfinished = [one for one in rejections if one.reason.startswith(UNFINISHED)]
        if unfinished or len(alone) == 1:  # what passes with each file would with both
            return [*unfinished, *rejections][0]
        names, reasons = " and ".join(test for test, _ in judges), ", ".join(alone)
        return refused("order of its tests matters", f"{names} fail together; alone: {reasons}")

    def _flaky(self, subject: Subject, judges: Judges) -> frozenset[str]:
        """The tests that fail at times where each file runs alone, with the reference."""
        lost: frozenset[str] = frozenset()
        for test, ids in judges:
            job = replace(subject, tests=(test,)).job(subject.module.body(subject.declaration))
            reports = [self.judge.run(job) for _ in range(RUNS)]
            back = [one for one in reports if one.status not in NOT_BACK]
            lost = lost.union(*(ids - passed_ids(one) for one in back))
        return lost

    def _judged(self, subject: Subject, judges: Judges, shared: Shared) -> Case | Rejection:
        """Make the case whose test files run in one process."""
        path, tests = subject.module.path, subject.tests
        refused = Refusal(path, subject.declaration.symbol)
        every = frozenset[str]().union(*(ids for _, ids in judges))
        bodies = mutants(subject.module, subject.declaration)
        first = shared.together.report(subject, every)
        outcomes = subject.outcomes(self.judge, bodies, every, by_file=dict(judges), first=first)
        throw, thrown = next(outcomes)
        if fault := fault_of_wrong(throw, thrown):
            return refused(fault, shortened(thrown.detail))
        passed = passed_ids(thrown)
        judging = tuple((test, ids) for test, ids in judges if ids - passed)
        if not judging:
            return refused("no test fails", f"with a throw in it, {', '.join(tests)} passes")
        expected = frozenset().union(*(ids for _, ids in judging))
        reason, detail = weakness(outcomes, expected)
        if reason:
            return refused(reason, detail)
        subject = replace(subject, tests=tuple(test for test, _ in judging))
        case = self._case(subject, expected - passed, expected)
        return self._looked_at(case, judging, shared.looks)

    def _looked_at(self, case: Case, judging: Judges, looks: Looks) -> Case | Rejection:
        """The case with what three looks at the reference tell, or why they make it none."""
        refused = Refusal(case.source.path, case.symbol)
        tests = tuple(test for test, _ in judging)
        for report in looks.of(case.source.path, tests, case.expected):
            if report.status in NOT_BACK:
                return refused(f"{UNFINISHED}: {report.status}", shortened(report.detail))
            if lost := case.expected - passed_ids(report):
                return refused("not reproducible", of_all(lost, judging), lost)
            if lie := forgery(report, case.expected, 0):
                return refused("meets any expectation", lie)
        count = falsified(report, case.expected)
        if not count:
            return refused("no test can be falsified", f"none of {len(case.expected)} tests")
        return msgspec.structs.replace(case, falsifiable=count)

    def _case(self, subject: Subject, failing: frozenset[str], expected: frozenset[str]) -> Case:
        module, declaration = subject.module, subject.declaration
        lines = body_lines(module, declaration)
        paths = complexity(module.body(declaration), module.path)
        return Case(
            id=case_id(self.suite.name, module.path, declaration.symbol),
            split=split_of(self.suite, module.path),
            difficulty=difficulty_of(lines, paths),
            source=self._hash(module.path),
            symbol=declaration.symbol,
            body_sha256=body_sha256(module, declaration),
            body_lines=lines,
            complexity=paths,
            tests=tuple(map(self._hash, subject.tests)),
            fail_to_pass=tuple(sorted(failing)),
            pass_to_pass=tuple(sorted(expected - failing)),
        )

    def _hash(self, path: str) -> FileHash:
        return FileHash(path=path, sha256=hashlib.sha256(self.tree.read(path)).hexdigest())


def weakness(
    outcomes: Iterator[tuple[Mutant, TestReport]], expected: frozenset[str]
) -> tuple[str, str]:
    """Reason and detail against a case for which the throw is already refused."""
    for mutant, report in outcomes:
        if mutant.name == EMPTY and (fault := fault_of_wrong(mutant, report)):
            return fault, shortened(report.detail)
        if expected <= passed_ids(report):
            return "a trivial body passes", mutant.name
    return "", ""


def _told(one: Rejection) -> str:
    return f"{one.reason} ({one.detail})" if one.reason == "a trivial body passes" else one.reason


def of_all(lost: frozenset[str], judges: Judges) -> str:
    """Say how many tests of how many fail at times."""
    names = ", ".join(test for test, ids in judges if ids & lost)
    return f"{len(lost)} tests of {names} fail with the reference at times"


def size_fault(module: Module, declaration: Declaration) -> str:
    """Why a body is no good question by its size; "" where it is one."""
    lines = body_lines(module, declaration)
    return "body empty" if not lines else "body too long" if lines > MAX_BODY_LINES else ""


def fault_of_wrong(mutant: Mutant, report: TestReport) -> str:
    """Say why a wrong body costs too much to refuse; "" where its run ends soon and in order.

    Tests that wait for what never comes would take the time limit with every wrong answer.
    """
    if report.status != "finished":
        return f"{mutant.name}: {report.status}"
    return f"{mutant.name}: slow" if report.seconds > MAX_SECONDS else ""


def body_lines(module: Module, declaration: Declaration) -> int:
    """Count the lines of a body between its braces; 0 for an empty one."""
    body = module.body(declaration).strip()
    braces = language_of(module.path).braces and not declaration.is_expression
    return len((body[1:-1].strip() if braces else body).splitlines())
