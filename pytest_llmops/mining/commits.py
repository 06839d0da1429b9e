"""Make cases from commits: changes of source that their own tests tell from the tree before.

The funnel, each step on what the one before left: commits of the walk that change sources together
with test files, and no more of them than the walk takes; messages that ask for something once the
solution is taken out; tests that run in the sandbox with the solution, each file by itself; of
those, some that do not pass before; and all of them again, three times with the solution and twice
before it, in the way that answers are judged.

Tests that need npm packages do not run here; what else is left of a commit is judged by the others.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

from pytest_llmops.cases import Case, Difficulty, FileHash, Suite, case_id
from pytest_llmops.commits import Change, Walk
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.grading.changed import JUDGED
from pytest_llmops.grading.ground import TESTS
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.proof import WeakError, judged
from pytest_llmops.mining.strata import split_of
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.changes import ChangeTask, materialize_change
from pytest_llmops.tasks.history import Shelf
from pytest_llmops.tasks.languages import test_globs
from pytest_llmops.tasks.walk import NONE, Changed, Walked, walk

SOURCES = tuple(ending for ending in JUDGED if ending != ".json")
DIGITS = 12
"""Digits of a commit's id that name its case."""


class _Draft(NamedTuple):
    """A commit that may become a case."""

    walked: Walked
    sources: tuple[Changed, ...]
    given: tuple[str, ...]
    """Its tests, and what serves them."""
    tests: tuple[str, ...]
    """Of these, the test files that the suite takes."""


class LeftOut(NamedTuple):
    """A commit that does not become a case."""

    commit: str
    """The first digits of its id."""
    reason: str
    """One of few words, the same for all of a kind."""
    detail: str


@dataclass(frozen=True)
class MinedCommits:
    """The outcome of a walk."""

    cases: list[Case]
    left_out: list[LeftOut]
    """Commits that change sources and tests and are no cases all the same."""
    walked: int
    """Commits that were looked at."""


class CommitMiner:
    """A suite that walks, and what is needed to mine it."""

    def __init__(self, suite: Suite, shelf: Shelf, judge: Judge, crew: Crew) -> None:
        self._suite = suite
        self._walk = require_walk(suite)
        self._shelf = replace(shelf, walked=True)
        self._judge = judge
        self._crew = crew

    def mine(self, limit: int = 0) -> MinedCommits:
        """Make cases, the newest commit first; `limit` of them where it is not 0.

        Raises:
            SourceError: The commits cannot be fetched.
        """
        walked = walk(self._shelf)
        drafts = [draft for one in walked if (draft := self._draft(one))]
        outcomes: list[Case | LeftOut] = []
        step = limit or max(1, len(drafts))
        for start in range(0, len(drafts), step):
            outcomes += self._crew.map("commits", self._prove, drafts[start : start + step])
            if limit and sum(isinstance(one, Case) for one in outcomes) >= limit:
                break
        cases = [one for one in outcomes if isinstance(one, Case)]
        left_out = [one for one in outcomes if isinstance(one, LeftOut)]
        return MinedCommits(cases[: limit or None], left_out, len(walked))

    def _draft(self, one: Walked) -> _Draft | None:
        """What a commit would be as a case; None where it does not change sources with tests."""
        sources = tuple(file for file in one.files if _is_source(file.path))
        beside = tuple(file for file in one.files if TESTS.search(file.path))
        tests = tuple(file.path for file in beside if file.after != NONE and self._runs(file.path))
        if not sources or not tests:
            return None
        return _Draft(one, sources, tuple(file.path for file in beside), tests)

    def _runs(self, path: str) -> bool:
        return any(fnmatchcase(path, glob.replace("**/", "*")) for glob in test_globs(self._suite))

    def _prove(self, draft: _Draft) -> Case | LeftOut:
        """Make the case of one commit, or say what is in the way."""
        try:
            return self._proved(draft)
        except SourceError as error:
            fault = WeakError("cannot be read", str(error))
        except WeakError as error:
            fault = error
        self._shelf.forget(_change_of(draft))  # what is no case needs no room
        commit = draft.walked.commit[:DIGITS]
        return LeftOut(commit, fault.reason, fault.detail)

    def _proved(self, draft: _Draft) -> Case:
        if not all(file.plain for file in draft.sources):
            raise WeakError("a link or a submodule")
        if len(draft.sources) > self._walk.files:
            raise WeakError(f"more than {self._walk.files} source files")
        task = self._task(draft)
        if task.case.body_lines > self._walk.lines:
            raise WeakError(f"more than {self._walk.lines} changed lines")
        if not task.statement:
            raise WeakError("its message asks for nothing")
        return judged(task, self._judge)

    def _task(self, draft: _Draft) -> ChangeTask:
        """The commit as a task whose tests are not known yet."""
        one = draft.walked
        paths = [file.path for file in draft.sources]
        change = _change_of(draft)
        own, told = self._shelf.lay_out(change)
        before, after = _hashes(told.before, paths), _hashes(told.solution, paths)
        sizes = {
            path: _changed_lines(told.before.get(path, b""), told.solution.get(path, b""))
            for path in paths
        }
        largest = max(paths, key=lambda path: (sizes[path], path))
        source = next(file for file in before if file.path == largest)
        change = msgspec.structs.replace(change, sources=before, solution=after)
        case = Case(
            id=case_id(self._suite.name, largest, one.commit[:DIGITS]),
            split=split_of(self._suite, largest),
            difficulty=difficulty_of_change(sum(sizes.values()), len(paths)),
            source=source,
            symbol=one.commit[:DIGITS],
            body_sha256=change.digest,
            body_lines=sum(sizes.values()),
            complexity=0,
            tests=tuple(_hash(path, own.read(path)) for path in draft.tests),
            fail_to_pass=(),
            pass_to_pass=(),
            date=one.day,
            change=change,
        )
        return materialize_change(case, self._shelf)


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


def difficulty_of_change(lines: int, files: int) -> Difficulty:
    """Difficulty by size: easy is up to 10 lines of one file, hard over 60 lines or 3 files."""
    if lines <= 10 and files == 1:
        return "easy"
    return "hard" if lines > 60 or files > 3 else "medium"


def _change_of(draft: _Draft) -> Change:
    """The change of a commit, its files not read yet."""
    return Change(
        commit=draft.walked.commit,
        parent=draft.walked.parent,
        sources=(),
        solution=tuple(FileHash(path=file.path, sha256="") for file in draft.sources),
        given=draft.given,
    )


def _is_source(path: str) -> bool:
    return path.endswith(SOURCES) and not path.endswith(".d.ts") and not TESTS.search(path)


def _hash(path: str, text: bytes | None) -> FileHash:
    return FileHash(path=path, sha256="" if text is None else hashlib.sha256(text).hexdigest())


def _hashes(texts: Mapping[str, bytes], paths: Iterable[str]) -> tuple[FileHash, ...]:
    return tuple(_hash(path, texts.get(path)) for path in paths)


def _changed_lines(before: bytes, after: bytes) -> int:
    """Lines that are added or removed; moved ones are neither.

    A difference of two texts would take minutes for files that tools write.
    """
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return (old - new).total() + (new - old).total()
