"""Make cases from a source tree: functions whose tests notice when they are not written.

The funnel, each step on what the one before left: test files that pass twice unmodified in the
sandbox; the functions that each of them reaches (`reach`); of those, the functions for which some
test fails when the body throws; and of those, the ones for which every trivial body (`mutants`)
fails too. All runs go the way candidates go: one sandboxed process, the body overlaid.

What is not covered: a test file that needs packages the sandbox has not got does not finish, and is
left out with its functions. Two runs do not find every flaky test; `validate` runs them again.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from pytest_llmops.cases import (
    Case,
    FileHash,
    Suite,
    case_id,
    difficulty_of,
    split_of,
)
from pytest_llmops.errors import CaseError
from pytest_llmops.grading.complexity import complexity
from pytest_llmops.grading.confirm import falsified, forgery
from pytest_llmops.mining import reach
from pytest_llmops.mining.mutants import EMPTY, THROW, Mutant, Subject, mutants, passed_ids
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.reach import Function
from pytest_llmops.mining.settings import unread_settings
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.materialize import body_sha256
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.typescript import Declaration, Module

MAX_BODY_LINES = 60
"""Longer functions do not fit the answer budget of small models."""

REASON = 300
"""Characters that are told of why a test file is of no use."""
MAX_SECONDS = 5.0
"""A run of test files that takes longer, with the reference or a wrong body, judges no case."""


@dataclass(frozen=True)
class Baseline:
    """A test file as it passes unmodified."""

    ids: frozenset[str]
    """Ids of the tests that passed in both runs."""
    reached: frozenset[Function]
    """Functions its tests call."""


@dataclass(frozen=True)
class Rejection:
    """A function that does not become a case."""

    path: str
    symbol: str
    reason: str
    """One of few words, the same for all rejections of a kind."""
    detail: str = ""


@dataclass(frozen=True)
class Mined:
    """The outcome of mining a suite."""

    cases: list[Case]
    rejections: list[Rejection]
    """Functions that a test file reaches and that are no cases all the same."""
    unusable: dict[str, str]
    """Test files that do not pass in the sandbox, and why: few words, `: ` and what was said."""


class Miner:
    """A suite and what is needed to mine it."""

    def __init__(self, suite: Suite, tree: SourceTree, pool: Judge, crew: Crew) -> None:
        self._suite = suite
        self._tree = tree
        self._pool = pool
        self._crew = crew
        self._graph = reach.ImportGraph(tree)
        self._baselines: dict[str, Baseline] = {}

    def mine(self, limit: int = 0) -> Mined:
        """Make cases, in the order of path and symbol; `limit` of them where it is not 0."""
        tests = list_tests(self._suite, self._tree)
        measured = list(zip(tests, self._crew.map("test files", self._measure, tests), strict=True))
        self._baselines = {path: one for path, one in measured if isinstance(one, Baseline)}
        judges = reach.nearest_tests({path: one.reached for path, one in self._baselines.items()})
        work = sorted(judges.items())
        outcomes: list[Case | Rejection] = []
        cases: list[Case] = []
        step = limit or max(1, len(work))
        for start in range(0, len(work), step):
            outcomes += self._crew.map("functions", self._prove, work[start : start + step])
            cases = [one for one in outcomes if isinstance(one, Case)]
            if limit and len(cases) >= limit:
                break
        rejections = [one for one in outcomes if isinstance(one, Rejection)]
        unusable = {path: one for path, one in measured if isinstance(one, str)}
        return Mined(cases[: limit or None], rejections, unusable)

    def _measure(self, test: str) -> Baseline | str:
        """Run a test file unmodified, twice, and instrumented; or say why it is unusable."""
        runs = []
        for _ in range(2):
            runs.append(report := self._run(test))
            if report.status != "finished":
                return _why(f"{report.status}: {report.detail}", self._tree, test)
            if report.seconds > MAX_SECONDS:
                return "slow"
        ids = passed_ids(runs[0]) & passed_ids(runs[1])
        functions = self._graph.reachable(test)
        report = self._run(test, reach.instrumented(self._graph.module(test), functions))
        found = reach.reached(report, functions)
        if not ids:
            failed = next((f": {one.title}: {one.message}" for one in runs[0].results), "")
            return _why(f"nothing passes{failed}", self._tree, test)
        return "cannot be instrumented" if found is None else Baseline(ids, found)

    def _run(self, test: str, overlay: Mapping[str, str] | None = None) -> TestReport:
        return self._pool.run(TestJob(root=self._tree.root, tests=(test,), overlay=overlay or {}))

    def _prove(self, work: tuple[Function, tuple[str, ...]]) -> Case | Rejection:
        """Make the case of one function, or say what is in the way."""
        (path, symbol), tests = work
        module = self._graph.module(path)
        found = [one for one in module.declarations if one.symbol == symbol]
        fault = "name not unique" if len(found) > 1 else _size_fault(module, found[0])
        if fault:
            return Rejection(path, symbol, fault)
        thrown = Subject(self._tree, module, found[0], tests).run(self._pool, THROW.body)
        broken = {test: self._baselines[test].ids - passed_ids(thrown) for test in tests}
        judges = tuple(test for test in tests if broken[test])
        if (fault := fault_of_wrong(THROW, thrown)) or not judges:
            return Rejection(path, symbol, fault or "no test fails")
        failing = frozenset().union(*broken.values())
        expected = frozenset().union(*(self._baselines[test].ids for test in judges))
        subject = Subject(self._tree, module, found[0], judges)
        if weakness := self._weakness(subject, expected):
            return Rejection(path, symbol, *weakness)
        for number, report in enumerate(subject.looks(self._pool)):
            if not expected <= passed_ids(report):
                reason = "not reproducible" if number == 0 else "order of its tests matters"
                return Rejection(path, symbol, reason)
            if lie := forgery(report, expected, 0):
                return Rejection(path, symbol, "meets any expectation", lie)
        return msgspec.structs.replace(
            self._case(subject, failing, expected), falsifiable=falsified(report, expected)
        )

    def _weakness(self, subject: Subject, expected: frozenset[str]) -> tuple[str, ...]:
        """Reason and detail against a case for which the throw is already refused."""
        emptied = subject.run(self._pool, EMPTY.body)
        if fault := fault_of_wrong(EMPTY, emptied):
            return (fault,)
        if expected <= passed_ids(emptied):
            return "a trivial body passes", EMPTY.name
        rest = [one for one in mutants(subject.declaration) if one not in (THROW, EMPTY)]
        for survivor in subject.survivors(self._pool, expected, rest):
            return "a trivial body passes", survivor.name
        return ()

    def _case(self, subject: Subject, failing: frozenset[str], expected: frozenset[str]) -> Case:
        module, declaration = subject.module, subject.declaration
        lines = body_lines(module, declaration)
        paths = complexity(module.body(declaration), module.path)
        return Case(
            id=case_id(self._suite.name, module.path, declaration.symbol),
            split=split_of(self._suite, module.path),
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
        return FileHash(path=path, sha256=hashlib.sha256(self._tree.read(path)).hexdigest())


def list_tests(suite: Suite, tree: SourceTree) -> list[str]:
    """List the test files of a suite, sorted.

    Raises:
        CaseError: No file of the tree matches `suite.tests`, or these are no patterns.
    """
    try:
        found = {path for glob in suite.tests for path in tree.root.glob(glob) if path.is_file()}
    except (NotImplementedError, ValueError) as error:
        raise CaseError(
            f"suite {suite.name!r}: tests = {list(suite.tests)}: {error}; "
            "name patterns from the top of the source tree, such as src/**/*.test.ts"
        ) from None
    if not found:
        raise CaseError(f"suite {suite.name!r}: no test file in {tree.root} matches {suite.tests}")
    return sorted(path.relative_to(tree.root).as_posix() for path in found)


def _why(reason: str, tree: SourceTree, test: str) -> str:
    """A reason in one line, with what of vitest's configuration may be the cause."""
    line = " ".join(reason.split())[:REASON]
    return "; ".join(filter(None, (line, unread_settings(tree.root, test))))


def _size_fault(module: Module, declaration: Declaration) -> str:
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
    inner = body if declaration.is_expression else body[1:-1].strip()
    return len(inner.splitlines())
