"""The test files of a suite, and what each does unmodified: which tests pass, what they call.

A test file is run three times, once with its functions counted (`reach`). Only tests that pass in
all of them count; one that passes in some runs alone is put in quarantine. Where the counted run
alone says otherwise, a fourth, uncounted one decides: some tests look at the text of a function.
"""

import re
from collections.abc import Container
from dataclasses import dataclass

import msgspec

from pytest_llmops.cases import Suite, id_of_test
from pytest_llmops.errors import CaseError
from pytest_llmops.mining import reach
from pytest_llmops.mining.mutants import passed_ids
from pytest_llmops.mining.reach import Function, Modules
from pytest_llmops.mining.refused import ALIASED, Flaky, Rejection, of_report, shortened
from pytest_llmops.mining.settings import is_alias, unread_settings
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.tasks.code.languages import test_globs
from pytest_llmops.tasks.sources import SourceTree

MAX_SECONDS = 5.0
"""A run of test files that takes longer, with the reference or a wrong body, judges no case."""
MAX_BYTES = 1024 * 1024
"""Size of a test file, or of a module it loads, beyond which nobody wrote it by hand."""
ABSENT = re.compile("cannot find '([^']+)' imported")
SKIPPED = {"node_modules", ".git"}
"""Folders whose test files are somebody else's."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a test file does unmodified."""

    refusal: Rejection | None = None
    """Why it judges no case."""
    passing: dict[str, str] = {}
    """Ids of the tests that passed in every run, sorted, with their titles."""
    reached: tuple[Function, ...] = ()
    """Functions its tests call, sorted."""
    flaky: tuple[Flaky, ...] = ()
    """Tests that passed in some runs and not in others."""
    failing: tuple[tuple[str, str], ...] = ()
    """Title and message of the tests that passed in no run."""
    said: str = ""
    """The whole of what was said of a run that did not finish."""

    def tests(self, path: str) -> dict[str, str]:
        """All tests that the file, of this path, was seen to have: ids with titles."""
        never = {id_of_test(path, title): title for title, _ in self.failing}
        return {**never, **{one.id: one.title for one in self.flaky}, **self.passing}


def list_tests(suite: Suite, tree: SourceTree) -> list[str]:
    """List the test files of a suite, sorted.

    Raises:
        CaseError: No file of the tree matches `suite.tests`, or these are no patterns.
    """
    globs = test_globs(suite)
    try:
        found = {path for glob in globs for path in tree.root.glob(glob) if path.is_file()}
    except (NotImplementedError, ValueError) as error:
        raise CaseError(
            f"suite {suite.name!r}: tests = {list(globs)}: {error}; "
            "name patterns from the top of the source tree, such as src/**/*.test.ts"
        ) from None
    inside = (path.relative_to(tree.root) for path in found)
    names = sorted(path.as_posix() for path in inside if not SKIPPED.intersection(path.parts))
    if not names:
        raise CaseError(
            f"suite {suite.name!r}: no test file in {tree.root} matches {', '.join(globs)}"
        )
    return names


@dataclass(frozen=True)
class Measuring:
    """What is needed to measure test files of a tree."""

    tree: SourceTree
    judge: Judge
    modules: Modules

    def measure(self, test: str, seen: TestReport, tests: Container[str] = frozenset()) -> Measured:
        """Run a test file unmodified, counted, and unmodified again.

        Args:
            test: The file.
            seen: Its survey.
            tests: The test files of the suite, whose own functions are none of the tree's.
        """
        job = TestJob(root=self.tree.root, tests=(test,), overlay={})
        first = self.judge.run(job) if seen.status == "finished" else seen
        if refusal := of_report(first, test):
            return self._refused(refusal, first)
        files = [path for path in seen.files if path not in tests and self._is_small(path)]
        functions = self.modules.functions(files)
        counted = self.judge.run(reach.instrumented(job, functions))
        last = self.judge.run(job)
        took = min(first.seconds, last.seconds)
        if took > MAX_SECONDS:
            return self._refused(Rejection(test, "", "slow", f"it took {took:.1f} s"), first)
        found = reach.reached(counted, functions)
        if found is None:
            said = shortened(f"{counted.status}: {counted.detail}")
            return self._refused(Rejection(test, "", "cannot be instrumented", said), counted)
        looks = [first, counted, last]
        if (passed_ids(first) & passed_ids(last)) - passed_ids(counted):
            looks.append(self.judge.run(job))
        return self._measured(test, looks, found)

    def survey(self, test: str) -> TestReport:
        """Say what a test file loads, without running it."""
        return self.judge.run(TestJob(root=self.tree.root, tests=(test,), overlay={}, survey=True))

    def unfit(self, test: str) -> Rejection | None:
        """Why a file is not run at all."""
        try:
            size = len(self.tree.read(test))
        except CaseError as error:
            leaves = "leaves the source tree"
            return Rejection(test, "", leaves if leaves in str(error) else "unreadable", str(error))
        if size <= MAX_BYTES:
            return None
        return Rejection(test, "", "too large", f"{size / MAX_BYTES:.1f} MiB, at most 1 counts")

    def _measured(self, test: str, looks: list[TestReport], found: frozenset[Function]) -> Measured:
        first, counted, last, *more = map(passed_ids, looks)
        stable = first & last & counted.union(*more)
        ever = first.union(counted, last, *more)
        titles = {id_of_test(one.file, one.title): one for look in looks for one in look.results}
        never = (one for identity, one in titles.items() if identity not in ever)
        failing = (one for one in never if not reach.is_probe(one.file))
        flaky = _flaky(test, looks, ever - stable)
        refusal = None
        if not stable:
            detail = f"each test that passes fails at times: {flaky[0].title}: {flaky[0].detail}"
            refusal = Rejection(test, "", "flaky", shortened(detail))
        elif not found:
            settings = unread_settings(self.tree.root, test)
            refusal = Rejection(test, "", "calls no function of the tree", settings)
        return Measured(
            refusal=refusal,
            passing={identity: titles[identity].title for identity in sorted(stable)},
            reached=tuple(sorted(found)),
            flaky=flaky,
            failing=tuple((one.title, one.message) for one in failing),
        )

    def _refused(self, refusal: Rejection, report: TestReport) -> Measured:
        settings = unread_settings(self.tree.root, refusal.path)
        detail = "; ".join(filter(None, (refusal.detail, settings)))
        package = ABSENT.match(refusal.detail)
        aliased = package and is_alias(self.tree.root, refusal.path, package[1])
        reason = ALIASED if aliased else refusal.reason
        return Measured(
            refusal=msgspec.structs.replace(refusal, reason=reason, detail=detail),
            said=report.detail,
            failing=tuple((one.title, one.message) for one in report.results if not one.passed),
        )

    def _is_small(self, path: str) -> bool:
        try:
            return len(self.tree.read(path)) <= MAX_BYTES
        except CaseError:  # a link that leaves the tree
            return False


def _flaky(test: str, looks: list[TestReport], ids: frozenset[str]) -> tuple[Flaky, ...]:
    """The tests of those ids, each with the runs in which it failed."""
    return tuple(_one_flaky(test, looks, identity) for identity in sorted(ids))


def _one_flaky(test: str, looks: list[TestReport], identity: str) -> Flaky:
    found = [
        next((one for one in look.results if id_of_test(one.file, one.title) == identity), None)
        for look in looks
    ]
    failed = [number for number, one in enumerate(found, 1) if not (one and one.passed)]
    title = next(one.title for one in found if one)
    message = next((one.message for one in found if one and not one.passed), "it did not run")
    runs = f"failed in run {', '.join(map(str, failed))} of {len(looks)}: {message}"
    return Flaky(test, identity, title, shortened(runs))
