"""Changes that commits made, or that are undone to be asked for, as metadata.

What a commit case or an edit case holds beside what others do. Like all of a manifest it names
paths, hashes and digests. Texts, the message of a commit among them, are read from a clone at run
time (`tasks.trees.history`).
"""

import hashlib
import re
from contextlib import suppress
from datetime import date
from typing import Literal

import msgspec

EditKind = Literal["body", "insert", "literal", "condition", "default", "rename"]


class FileHash(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A file of the source tree as it must be found."""

    path: str
    """POSIX path relative to the root of the tree."""
    sha256: str
    """Hex digest of the bytes of the file; "" where there must be none."""


class Edit(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """One edit that a case asks for: the tree has it, and in the tree asked of it is undone."""

    kind: EditKind
    """See `tasks.edits`, which says what each undoes and how it is asked for."""
    path: str
    """The file it is in; of a rename, the one that declares the name."""
    symbol: str
    """The function it is in, as in `Case.symbol`; of a rename, the name."""
    at: int
    """The first byte of what is edited, in the file as the commit has it."""


class Change(
    msgspec.Struct,
    frozen=True,
    gc=False,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """The change that a case asks for."""

    commit: str
    """The commit that made it, or has it, 40 hex digits."""
    parent: str
    """The commit of the tree that it is asked of."""
    sources: tuple[FileHash, ...]
    """The files that it changes, as the parent has them."""
    solution: tuple[FileHash, ...]
    """The same files as the commit leaves them."""
    given: tuple[str, ...]
    """Files of the commit that are put in place before tests run: tests and what serves them."""
    edits: tuple[Edit, ...] = ()
    """What is asked for in words that leave nothing open; none for what a commit's message asks.

    The parent is the commit itself then, with these edits undone.
    """

    @property
    def digest(self) -> str:
        """Hex digest of the solution: of the files and their digests."""
        lines = "".join(f"{file.sha256 or '-'} {file.path}\n" for file in self.solution)
        return hashlib.sha256(lines.encode()).hexdigest()


class Walk(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `walk` of a suite: which commits before `Suite.commit` become its cases."""

    since: str
    """The first day, as 2025-08-22; commits are dated by their committer."""
    until: str = ""
    """The last day; "" for none."""
    files: int = 10
    """Source files that a commit may change."""
    lines: int = 400
    """Lines of source files that a commit may add and remove."""

    def __post_init__(self) -> None:
        """Refuse what is no day.

        Raises:
            ValueError: Names the field.
        """
        for name in ("since", "until"):
            if text := getattr(self, name):
                day(text, name)


class Edits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table `edits` of a suite: which edits of the tree of `Suite.commit` become its cases."""

    functions: str
    """The suite of the same tree whose cases say which tests run which functions."""
    each: int = 25
    """Cases of a kind, at most."""
    characters: int = 16_000
    """Of all files that a case shows; they are shown whole."""


def day(text: str, name: str) -> date:
    """Read a day.

    Raises:
        ValueError: It is none; names the field.
    """
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise ValueError(f"{name!r} must be a day such as 2025-08-22, is {text!r}")
