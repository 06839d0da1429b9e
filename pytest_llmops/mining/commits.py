"""Make cases from commits: changes of source that their own tests tell from the tree before.

The funnel, each step on what the one before left: commits of the walk that change sources together
with test files, and no more of them than the walk takes; messages that ask for something once the
solution is taken out; tests that run in the sandbox with the solution, each file by itself, three
times; of those, some that do not pass before; and all of them again, three times with the solution
and twice before it, in the way that answers are judged.

Tests that need npm packages do not run here; what else is left of a commit is judged by the others.
"""

from dataclasses import replace
from fnmatch import fnmatchcase

from pytest_llmops.cases import FileHash, Suite
from pytest_llmops.commits import Change, Walk
from pytest_llmops.errors import CaseError
from pytest_llmops.grading.ground import TESTS
from pytest_llmops.mining.changes import (
    DIGITS,
    Bench,
    Drafted,
    MinedChanges,
    Outcome,
    is_source,
    mined,
)
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import WeakError
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.code.languages import test_globs
from pytest_llmops.tasks.trees.walk import NONE, Walked, walk


class CommitMiner:
    """A suite that walks, and what is needed to mine it."""

    def __init__(self, bench: Bench, crew: Crew) -> None:
        self._suite = bench.suite
        self._walk = require_walk(bench.suite)
        self._bench = replace(bench, shelf=replace(bench.shelf, walked=True))
        self._crew = crew

    def mine(self, limit: int = 0) -> MinedChanges:
        """Make cases, the newest commit first; `limit` of them where it is not 0.

        Raises:
            SourceError: The commits cannot be fetched.
        """
        walked = walk(self._bench.shelf)
        drafts = [(draft, one) for one in walked if (draft := self._draft(one))]
        outcomes: list[Outcome] = []
        step = limit or max(1, len(drafts))
        for start in range(0, len(drafts), step):
            some = drafts[start : start + step]
            outcomes += self._crew.map("commits", lambda pair: self._prove(*pair), some)
            if limit and sum(bool(one.case) for one in outcomes) >= limit:
                break
        return mined(outcomes, f"{len(walked)} commits", limit)

    def _draft(self, one: Walked) -> Drafted | None:
        """What a commit would be as a case; None where it does not change sources with tests."""
        sources = tuple(file.path for file in one.files if is_source(file.path))
        beside = tuple(file for file in one.files if TESTS.search(file.path))
        tests = tuple(file.path for file in beside if file.after != NONE and self._runs(file.path))
        if not sources or not tests:
            return None
        change = Change(
            commit=one.commit,
            parent=one.parent,
            sources=(),
            solution=tuple(FileHash(path=path, sha256="") for path in sources),
            given=tuple(file.path for file in beside),
        )
        return Drafted(change, one.commit[:DIGITS], one.day, tests)

    def _runs(self, path: str) -> bool:
        return any(fnmatchcase(path, glob.replace("**/", "*")) for glob in test_globs(self._suite))

    def _prove(self, draft: Drafted, one: Walked) -> Outcome:
        """Make the case of one commit, or say what is in the way."""
        paths = {file.path for file in draft.change.solution}
        if not all(file.plain for file in one.files if file.path in paths):
            return self._bench.left_out(draft, WeakError("a link or a submodule"))
        if len(paths) > self._walk.files:
            return self._bench.left_out(draft, WeakError("too many source files", str(len(paths))))
        return self._bench.prove(draft, self._check)

    def _check(self, task: ChangeTask) -> None:
        if task.case.body_lines > self._walk.lines:
            raise WeakError("too many changed lines", str(task.case.body_lines))
        if not task.statement:
            raise WeakError("its message asks for nothing")


def require_walk(suite: Suite) -> Walk:
    """Which commits of a suite are its cases.

    Raises:
        CaseError: None are.
    """
    if suite.walk:
        return suite.walk
    raise CaseError(
        f"suite {suite.name!r} does not say which commits are its cases; add to its table: "
        'walk = {since = "2025-08-22"}'
    )
