"""A commit case or edit case with its texts: the tree before, its files, and what is asked.

As for functions, all is verified: the files that change as they were and as they are to be, and the
tests that judge. The text of the question is made here: of a commit's message, with what tells the
solution left out (`statement`), or of the edits that are undone (`edit_words`).
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff

from pytest_llmops.cases import Case
from pytest_llmops.commits import Change, FileHash
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.edit_words import asked
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.statement import statement
from pytest_llmops.tasks.trees.history import Shelf


@dataclass(frozen=True)
class ChangeTask:
    """A commit case or an edit case that can be put to a model and graded."""

    case: Case
    change: Change
    """What the case says of it."""
    tree: SourceTree
    """The parent of the commit, with the commit's own tests."""
    folders: tuple[str, ...]
    """Where an answer may change files; none for all of the tree."""
    before: Mapping[str, str]
    """Text of each file that is to change, as the tree has it; none for a new one."""
    solution: Mapping[str, str]
    """Text of the same files as they are to be; none for one that is removed."""
    statement: str
    """What is asked for, for people and models."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The files that are to change."""
        return tuple(file.path for file in self.change.solution)

    @property
    def hidden(self) -> frozenset[str]:
        """Files of the tree that nobody who works at the case may see: those of the commit."""
        return frozenset({*self.change.given, *(test.path for test in self.case.tests)})

    @property
    def reference(self) -> str:
        """The change that solves it, as a unified diff."""
        return "".join(diff(path, self.before, self.solution) for path in self.sources)


def materialize_change(case: Case, tree: SourceTree) -> ChangeTask:
    """Read and verify everything a commit case needs; its tree is laid out where it is not.

    Raises:
        CaseError: A file has another digest, or the tree is no shelf of commits.
        SourceError: Its files cannot be fetched.
    """
    change = case.change
    if change is None or not isinstance(tree, Shelf):
        what = (
            "a function, and its suite has" if change is None else "a change, and its suite has no"
        )
        raise CaseError(
            f"{case.id}: asks for {what} a table 'walk' or 'edits'; mine the suite again"
        )
    own, told = tree.lay_out(change)
    for test in case.tests:
        own.verify(test)
    before = _verified(change.sources, told.before, case)
    solution = _verified(change.solution, told.solution, case)
    return ChangeTask(
        case=case,
        change=change,
        tree=own,
        folders=tree.suite.sparse,
        before=before,
        solution=solution,
        statement=asked(change.edits, told.solution)
        if change.edits
        else statement(told.message, before.values(), solution.values()),
    )


def diff(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """The change of one file as a unified diff, as `git apply` reads it; "" for none."""
    old, new = before.get(path), after.get(path)
    names = (
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    return "".join(_whole(unified_diff(_lines(old), _lines(new), *names)))


def changed_lines(before: bytes, after: bytes) -> int:
    """Lines that are added or removed; moved ones are neither.

    A difference of two texts would take minutes for files that tools write.
    """
    old, new = Counter(before.splitlines()), Counter(after.splitlines())
    return (old - new).total() + (new - old).total()


def _lines(text: str | None) -> list[str]:
    return (
        [f"{line}\n" for line in text.split("\n")[:-1]]
        + [text.rpartition("\n")[2]] * (not text.endswith("\n"))
        if text
        else []
    )


def _whole(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _verified(
    files: Iterable[FileHash], texts: Mapping[str, bytes], case: Case
) -> Mapping[str, str]:
    for file in files:
        text = texts.get(file.path)
        found = "" if text is None else hashlib.sha256(text).hexdigest()
        if found != file.sha256:
            raise CaseError(
                f"{case.id}: {file.path} has SHA-256 {found or 'none'}, the manifest says "
                f"{file.sha256 or 'none'}; mine the case again"
            )
    return {path: text.decode("utf-8", "replace") for path, text in texts.items()}
