"""The commits of a suite's walk, the newest first, and the files that each of them changes."""

from collections.abc import Iterator
from typing import NamedTuple

from pytest_llmops.tasks.history import PLAIN, Shelf

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
    shown = ["--no-merges", "--raw", "-r", "-z", "--no-renames", "--no-abbrev"]
    command = ["log", *shown, f"--format={_HEAD}%H %P %cd", *days, shelf.commit, "--"]
    said = git.run(*command, *shelf.suite.sparse)
    return [*filter(None, map(_read, said.split(_HEAD)[1:]))]


def _read(part: str) -> Walked | None:
    head, *rest = part.split("\0")
    words = head.split()
    if len(words) != 3:
        return None  # it has no parent here: the first of all, or where a shallow clone ends
    commit, parent, day = words
    return Walked(commit, parent, day, tuple(_changed([one for one in rest if one.strip()])))


def _changed(parts: list[str]) -> Iterator[Changed]:
    for said, path in zip(parts[::2], parts[1::2], strict=True):
        old, new, before, after, _ = said.strip().lstrip(":").split(" ")
        yield Changed(path, before, after, {old, new} <= {*PLAIN, "000000"})
