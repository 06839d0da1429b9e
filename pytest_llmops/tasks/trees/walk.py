"""The commits that lead to the one of a suite, the newest first, and the files each changes."""

from collections.abc import Iterator
from typing import NamedTuple

from pytest_llmops.tasks.trees.git import PLAIN, Git
from pytest_llmops.tasks.trees.history import Shelf

NONE = "0" * 40
"""In the place of a file that is not there."""
_HEAD = "\x1e"


class Changed(NamedTuple):
    """One file that a commit changes."""

    path: str
    before: str
    """Id of its text before; `NONE` for a new one."""
    after: str
    """Id of its text after; `NONE` for one that is removed."""
    plain: bool
    """It is a file on both sides, where it is there: no link and no submodule."""


class Walked(NamedTuple):
    """One commit."""

    commit: str
    parent: str
    """"" for the first of all, or where a shallow clone ends."""
    day: str
    """When it was committed, as 2025-08-22, in UTC."""
    files: tuple[Changed, ...]
    """In the folders of the suite."""


def walk(shelf: Shelf) -> list[Walked]:
    """The commits of a walked shelf; merges, and those whose parent is not there, left out.

    Raises:
        SourceError: They cannot be fetched.
    """
    asked = shelf.suite.walk
    assert asked
    assert shelf.walked
    git = shelf.git
    git.fetch_walk(asked.since)
    days = ["--date=format-local:%Y-%m-%d", f"--since={asked.since}T00:00:00Z"]
    days += [f"--until={asked.until}T23:59:59Z"] if asked.until else []
    found = _logged(git, [*days, shelf.commit, "--", *shelf.suite.sparse])
    return [one for one in found if one.parent]  # without, it is where the history begins here


def whole_history(git: Git, commit: str) -> list[Walked]:
    """All commits that lead to one, merges left out; the first of all adds its files.

    Raises:
        SourceError: They cannot be fetched.
    """
    git.fetch_whole(commit)
    return _logged(git, ["--date=format-local:%Y-%m-%d", commit, "--"])


def _logged(git: Git, asked: list[str]) -> list[Walked]:
    shown = ["--no-merges", "--raw", "-r", "-z", "--no-renames", "--no-abbrev"]
    said = git.run("log", *shown, f"--format={_HEAD}%H %P %cd", *asked)
    return [*map(_read, said.split(_HEAD)[1:])]


def _read(part: str) -> Walked:
    head, *rest = part.split("\0")
    commit, *parent, day = head.split()
    changed = tuple(_changed([one for one in rest if one.strip()]))
    return Walked(commit, parent[0] if parent else "", day, changed)


def _changed(parts: list[str]) -> Iterator[Changed]:
    for said, path in zip(parts[::2], parts[1::2], strict=True):
        old, new, before, after, _ = said.strip().lstrip(":").split(" ")
        yield Changed(path, before, after, {old, new} <= {*PLAIN, "000000"})
