"""What mining commits and mining edits have in common: the case of a change, and their outcome."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from pytest_llmops.cases import Case, Difficulty, FileHash, Suite, case_id
from pytest_llmops.commits import Change
from pytest_llmops.errors import SourceError
from pytest_llmops.grading.changed import JUDGED, job_of_change, reference_of
from pytest_llmops.grading.ground import TESTS
from pytest_llmops.mining.kept import Kept, digest_of
from pytest_llmops.mining.marks import Marks
from pytest_llmops.mining.proof import NONE_MARKED, WeakError, judged
from pytest_llmops.mining.refused import Flaky
from pytest_llmops.mining.strata import split_of
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.changes import ChangeTask, changed_lines, materialize_change
from pytest_llmops.tasks.trees.history import Shelf

SOURCES = tuple(ending for ending in JUDGED if ending != ".json")
DIGITS = 12
"""Digits of a commit's id that name it."""


class LeftOut(NamedTuple):
    """A change that does not become a case."""

    name: str
    """The first digits of a commit's id, or the id that the case would have."""
    reason: str
    """One of few words, the same for all of a kind."""
    detail: str


class Drafted(NamedTuple):
    """A change that may become a case."""

    change: Change
    """Its files not read yet."""
    name: str
    """Its symbol as a case."""
    day: str
    tests: tuple[str, ...]
    """Test files that may judge it."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a draft: a case, or why it is none."""

    case: Case | None = None
    left_out: LeftOut | None = None
    flaky: tuple[Flaky, ...] = ()
    """Tests that it does without."""


@dataclass(frozen=True)
class MinedChanges:
    """The outcome of mining."""

    cases: list[Case]
    left_out: list[LeftOut]
    quarantine: list[Flaky]
    """Tests that pass at times only, and judge nothing."""
    looked_at: str
    """What was looked at, for people: `6 commits`."""
    quarantined: tuple[Case, ...] = ()
    """Lines that stay in the manifests and are no cases."""


@dataclass(frozen=True)
class Bench:
    """What drafts are proved with."""

    suite: Suite
    shelf: Shelf
    judge: Judge
    kept: Kept | None
    """Results of an interrupted mining."""
    marks: Marks = NONE_MARKED

    def prove(self, draft: Drafted, check: Callable[[ChangeTask], None]) -> Outcome:
        """Make the case of a draft, or say what is in the way.

        Args:
            draft: The draft.
            check: Raises `WeakError` for what need not be run.
        """
        if self.kept is None:
            return self._prove(draft, check)
        tree = "" if draft.change.edits else draft.name
        flaky = self.marks.of_files(tree, draft.tests)
        follows = [draft.change, draft.name, draft.day, draft.tests, flaky]
        asked = msgspec.json.encode(follows).decode()
        lines = str(self.suite.walk.lines) if self.suite.walk else ""
        lock = self.shelf.lock.digest if self.shelf.lock else ""
        key = digest_of(self.suite, lines, lock, asked)
        return self.kept.get(key, Outcome, lambda: self._prove(draft, check))

    def _prove(self, draft: Drafted, check: Callable[[ChangeTask], None]) -> Outcome:
        try:
            task = self._task(draft)
            check(task)
            found = judged(task, self.judge, self.marks)
        except SourceError as error:
            fault = WeakError("cannot be read", str(error))
        except WeakError as error:
            fault = error
        else:
            return Outcome(case=self._with_packages(found.case, task), flaky=found.flaky)
        self.shelf.forget(draft.change)  # what is no case needs no room
        return self.left_out(draft, fault)

    def left_out(self, draft: Drafted, fault: WeakError) -> Outcome:
        """What becomes of a draft that is no case."""
        name = draft.change.commit[:DIGITS]
        if draft.change.edits:
            name = f"{draft.change.edits[0].path}#{draft.name}"
        return Outcome(left_out=LeftOut(name, fault.reason, fault.detail))

    def _with_packages(self, case: Case, task: ChangeTask) -> Case:
        """The case, which names the suite's lock file where its tests load npm packages."""
        if self.shelf.lock is None:
            return case
        job = msgspec.structs.replace(job_of_change(task, reference_of(task)), survey=True)
        alone = (msgspec.structs.replace(job, tests=(test.path,)) for test in case.tests)
        uses = any(self.judge.run(one).packages for one in alone)
        return msgspec.structs.replace(case, packages=self.shelf.lock.digest) if uses else case

    def _task(self, draft: Drafted) -> ChangeTask:
        """The draft as a task whose tests are not known yet."""
        paths = [file.path for file in draft.change.solution]
        own, told = self.shelf.lay_out(draft.change)
        before, after = _hashes(told.before, paths), _hashes(told.solution, paths)
        sizes = {
            path: changed_lines(told.before.get(path, b""), told.solution.get(path, b""))
            for path in paths
        }
        largest = max(paths, key=lambda path: (sizes[path], path))
        source = next(file for file in before if file.path == largest)
        change = msgspec.structs.replace(draft.change, sources=before, solution=after)
        case = Case(
            id=case_id(self.suite.name, largest, draft.name),
            split=split_of(self.suite, largest),
            difficulty=difficulty_of_change(sum(sizes.values()), len(paths)),
            source=source,
            symbol=draft.name,
            body_sha256=change.digest,
            body_lines=sum(sizes.values()),
            complexity=0,
            tests=tuple(_hash(path, own.read(path)) for path in draft.tests),
            fail_to_pass=(),
            pass_to_pass=(),
            date=draft.day,
            change=change,
        )
        return materialize_change(case, self.shelf)


def mined(outcomes: Iterable[Outcome], looked_at: str, limit: int = 0) -> MinedChanges:
    """Sum up, in the order of the drafts; of cases no more than the limit, where it is not 0."""
    every = list(outcomes)
    cases = [one.case for one in every if one.case]
    flaky = {one.id: one for outcome in every for one in outcome.flaky}
    return MinedChanges(
        cases[: limit or None],
        [one.left_out for one in every if one.left_out],
        [flaky[name] for name in sorted(flaky)],
        looked_at,
    )


def difficulty_of_change(lines: int, files: int) -> Difficulty:
    """Difficulty by size: easy is up to 10 lines of one file, hard over 60 lines or 3 files."""
    if lines <= 10 and files == 1:
        return "easy"
    return "hard" if lines > 60 or files > 3 else "medium"


def is_source(path: str) -> bool:
    """Whether a file is code that a change may be asked of."""
    return path.endswith(SOURCES) and not path.endswith(".d.ts") and not TESTS.search(path)


def _hash(path: str, text: bytes | None) -> FileHash:
    return FileHash(path=path, sha256="" if text is None else hashlib.sha256(text).hexdigest())


def _hashes(texts: Mapping[str, bytes], paths: Iterable[str]) -> tuple[FileHash, ...]:
    return tuple(_hash(path, texts.get(path)) for path in paths)
