"""The day of a function: when its body became what it is.

A model whose training ended later may have seen it. Files are touched for many reasons, so what is
looked for is the body: back through the versions of its file, and of the file that this was moved
from, as long as they have it, white space aside. The day is that of the oldest of these; it errs
to the past where another function of the file had the same body. Only commits are fetched, and the
versions of the files that cases are in.

What is not covered: a body that was moved into a file that existed, or rewritten in other words, is
as young as that; merges are left out, so what only a merge wrote has the day of the pinned commit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

import msgspec

from pytest_llmops.cases import Case, Suite
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.git import Git, origin_of
from pytest_llmops.tasks.trees.history import present_shelf
from pytest_llmops.tasks.trees.walk import NONE, Changed, Walked, whole_history

MOVES = 8
"""How often a file may have been moved."""


@dataclass(frozen=True)
class _Step:
    """A body on its way back."""

    number: int
    """Of the body."""
    body: bytes
    path: str
    since: int
    """Place in the history from which on this path is looked at."""


@dataclass
class _History:
    """What changed, the newest first, by path as well."""

    git: Git
    walked: Sequence[Walked]
    versions: dict[str, list[tuple[int, Changed]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for place, one in enumerate(self.walked):
            for changed in one.files:
                self.versions.setdefault(changed.path, []).append((place, changed))

    def texts(self, steps: Iterable[_Step]) -> dict[str, bytes]:
        """All versions of the files that steps are at, without white space, by id."""
        paths = {step.path for step in steps}
        wanted = {one.after for path in paths for _, one in self.versions.get(path, ())}
        found = self.git.blobs(sorted(wanted - {NONE}))
        return {oid: _squeezed(text) for oid, text in found}

    def back(self, step: _Step, texts: dict[str, bytes]) -> tuple[str, list[_Step]]:
        """The day of the oldest version that has the body, and where to look further."""
        day = ""
        for place, changed in self.versions.get(step.path, ()):
            if place < step.since:
                continue
            if changed.after == NONE or step.body not in texts[changed.after]:
                break
            day = self.walked[place].day
            if changed.before == NONE:
                return day, list(self._moved(step, place, changed))
        return day, []

    def _moved(self, step: _Step, place: int, added: Changed) -> Iterator[_Step]:
        """Files that a commit removes while it adds one of the same text or name."""
        name = PurePosixPath(added.path).name
        for other in self.walked[place].files:
            same = other.before == added.after or PurePosixPath(other.path).name == name
            if other.after == NONE and same:
                yield replace(step, path=other.path, since=place + 1)


def dated(cases: Sequence[Case], suite: Suite, tree: SourceTree, source: str | None) -> list[Case]:
    """The cases of functions with their days; as they are where the suite has no history.

    Args:
        cases: Cases of one suite.
        suite: The suite.
        tree: Its source tree.
        source: Path or URL in place of the suite's repository.

    Raises:
        SourceError: The history cannot be fetched.
        CaseError: A case is not what its file says.
    """
    if not suite.repository or suite.asks_for_changes or not cases:
        return list(cases)
    origin = origin_of(suite, source)
    git = Git(present_shelf(suite).root.parent / "whole.git", suite, origin)
    git.folder.parent.mkdir(parents=True, exist_ok=True)
    history = _History(git, whole_history(git, suite.commit))
    command = ("log", "-1", "--date=format-local:%Y-%m-%d", "--format=%cd", suite.commit)
    days = dict.fromkeys(range(len(cases)), git.run(*command).strip())
    steps = [
        _Step(number, _squeezed(materialize(case, tree).reference.encode()), case.source.path, 0)
        for number, case in enumerate(cases)
    ]
    for _ in range(MOVES):
        texts, following = history.texts(steps), []
        for step in steps:
            day, further = history.back(step, texts)
            days[step.number] = min(day or days[step.number], days[step.number])
            following += further
        if not (steps := following):
            break
    return [msgspec.structs.replace(case, date=days[n]) for n, case in enumerate(cases)]


def _squeezed(text: bytes) -> bytes:
    return b"".join(text.split())
