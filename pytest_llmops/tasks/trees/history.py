"""The history of a repository, and trees of single commits without any.

What commit cases need of git: a bare clone in the user's cache, which gets the commits that are
asked for and their files when trees are laid out, once a commit. A tree has the files of the
commit's parent, and the commit's own tests in place of older ones. Its files are links to one
store, as hundreds of trees of a repository differ in few of them. What was laid out needs neither
git nor a network any more.

What is not covered: links and submodules of a commit are left out, and so are files that git's
attributes would change when it checks them out.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from pytest_llmops.caches import locked, user_cache
from pytest_llmops.cases import Suite
from pytest_llmops.commits import Change
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.tasks.edits import undone
from pytest_llmops.tasks.sources import SourceTree, open_source, present_source
from pytest_llmops.tasks.trees.git import Entry, Git, origin_of
from pytest_llmops.tasks.trees.locks import lock_of


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a commit beside its tree."""

    message: str
    """What its author wrote."""
    before: dict[str, bytes]
    """Each file that the solution changes as the parent has it; none for a new one."""
    solution: dict[str, bytes]
    """The same files as the commit leaves them; none where it removes them."""


@dataclass(frozen=True)
class Shelf(SourceTree):
    """The trees of a history, of which every case has one of its own; `root` is their folder."""

    suite: Suite = field(compare=False, kw_only=True)
    origin: str = field(compare=False, default="", kw_only=True)
    walked: bool = field(compare=False, default=False, kw_only=True)
    """Take commits from the clone that has all of the walk, as mining does."""

    @property
    def git(self) -> Git:
        """The clone that commits are taken from."""
        name = "walk.git" if self.walked else "cases.git"
        return Git(self.root.parent / name, self.suite, self.origin)

    def fetch(self, changes: Iterable[Change]) -> None:
        """Have trees of changes laid out; what is missing of them is fetched at once.

        Raises:
            SourceError: It cannot be fetched, or the cache cannot be written.
        """
        wanted = [one for one in changes if not (self.root / _name(one)).is_dir()]
        git = self.git
        if missing := [one for one in wanted if not git.holds(one.commit)]:
            git.fetch_commits([one.commit for one in missing])
        files = [_files(git, self.suite, one) for one in wanted]
        self._fill(git, [entry for one in files for entry in one.all])
        for change in wanted:
            self.lay_out(change)

    def lay_out(self, change: Change) -> tuple[SourceTree, Told]:
        """Give the tree that a change is asked of, with the commit's own tests, and what is kept.

        Raises:
            SourceError: A file cannot be fetched, or the cache cannot be written.
        """
        name = _name(change)
        target, kept = self.root / name, self.root.parent / "told" / name
        try:
            if not (target.is_dir() and kept.is_file()):
                with locked(self.root / f".{name}.lock"):
                    if not (target.is_dir() and kept.is_file()):
                        self._make(target, kept, change)
            told = msgspec.msgpack.decode(kept.read_bytes(), type=Told)
        except (OSError, msgspec.DecodeError) as error:
            raise SourceError(
                f"suite {self.suite.name!r}: {kept}: {error}; delete it and it is made again"
            ) from None
        return SourceTree(target, change.parent, within=self.root, lock=self.lock), told

    def forget(self, change: Change) -> None:
        """Remove the tree of a change, where there is one."""
        name = _name(change)
        part = self.root / f".{name}.{os.urandom(4).hex()}.part"
        with suppress(FileNotFoundError):
            (self.root / name).rename(part)  # under its name a tree is whole
            shutil.rmtree(part)
        (self.root.parent / "told" / name).unlink(missing_ok=True)

    def _make(self, target: Path, kept: Path, change: Change) -> None:
        git = self.git
        if not (self.walked or git.holds(change.commit)):
            git.fetch_commits([change.commit])
        files = _files(git, self.suite, change)
        self._fill(git, files.all)
        for leftover in self.root.glob(f".{target.name}.*.part"):
            shutil.rmtree(leftover, ignore_errors=True)  # of a killed one: nobody holds the lock
        part = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".part", dir=self.root))
        try:
            for folder in {(part / one.path).parent for one in files.laid}:
                folder.mkdir(parents=True, exist_ok=True)
            for one in files.laid:
                (part / one.path).hardlink_to(self._stored(one.oid))
            told = Told(
                message=git.run("log", "-1", "--format=%B", change.commit),
                before=self._texts(files.before),
                solution=self._texts(files.solution),
            )
            if change.edits:
                told = msgspec.structs.replace(told, before=undone(change.edits, told.solution))
                _put(told.before, part)
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(msgspec.msgpack.encode(told))
            shutil.rmtree(target, ignore_errors=True)
            part.chmod(0o755)  # mkdtemp's 0700 would shut the sandbox's user out
            part.rename(target)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def _stored(self, oid: str) -> Path:
        return self.root.parent / "store" / oid[:2] / oid[2:]

    def _texts(self, entries: Iterable[Entry]) -> dict[str, bytes]:
        return {one.path: self._stored(one.oid).read_bytes() for one in entries}

    def _fill(self, git: Git, entries: Iterable[Entry]) -> None:
        """Have the texts of files in the store; a file under its final name is whole."""
        oids = {one.oid for one in entries}
        missing = sorted(oid for oid in oids if not self._stored(oid).is_file())
        for oid, text in git.blobs(missing):
            place = self._stored(oid)
            place.parent.mkdir(parents=True, exist_ok=True)
            part = place.with_name(f".{place.name}.{os.getpid()}.{os.urandom(4).hex()}")
            part.write_bytes(text)
            part.chmod(0o644)
            part.rename(place)


def _put(texts: Mapping[str, bytes], folder: Path) -> None:
    """Write files in the place of links, whose other ends stay as they are."""
    for path, text in texts.items():
        (folder / path).unlink()
        (folder / path).write_bytes(text)
        (folder / path).chmod(0o644)


def _name(change: Change) -> str:
    paths = [file.path for file in change.solution]
    edits = [f"{one.kind} {one.at} {one.path}#{one.symbol}" for one in change.edits]
    parts = "\0".join([change.parent, *change.given, "", *paths, *edits])
    return f"{change.commit[:12]}-{hashlib.sha256(parts.encode()).hexdigest()[:6]}"


class _Files(NamedTuple):
    """What a change needs of its commit and of the parent."""

    laid: list[Entry]
    """The files of its tree."""
    before: list[Entry]
    """Those that the solution changes, as the parent has them."""
    solution: list[Entry]
    """The same as the commit leaves them."""

    @property
    def all(self) -> list[Entry]:
        """All of them."""
        return [*self.laid, *self.before, *self.solution]


def _files(git: Git, suite: Suite, change: Change) -> _Files:
    paths = [file.path for file in change.solution]
    old = {one.path: one for one in git.entries(change.parent, suite.sparse)}
    new = {one.path: one for one in git.entries(change.commit, [*change.given, *paths])}
    laid = {path: one for path, one in old.items() if path not in change.given}
    laid |= {path: new[path] for path in change.given if path in new}
    before, solution = ([side[path] for path in paths if path in side] for side in (old, new))
    return _Files([*laid.values()], before, solution)


def open_tree(suite: Suite, *, source: str | None = None) -> SourceTree:
    """Give the tree of a suite, or the shelf of one whose cases are commits; see `open_source`.

    Raises:
        SourceError: It is not there and cannot be fetched.
        CaseError: The suite walks through commits of no repository, or of folders with wildcards.
    """
    if not suite.asks_for_changes:
        return open_source(suite, source=source)
    table = "walk" if suite.walk else "edits"
    if suite.walk and suite.edits:
        raise CaseError(f"suite {suite.name!r} has 'walk' and 'edits'; make two suites of it")
    if not suite.repository:
        raise CaseError(f"suite {suite.name!r}: {table!r} needs a 'repository' to take trees from")
    if wild := [one for one in suite.sparse if re.search(r"[*?\[\]]", one)]:
        raise CaseError(f"suite {suite.name!r}: sparse: {wild[0]!r}: with {table!r}, name folders")
    shelf = present_shelf(suite, origin_of(suite, source))
    try:
        shelf.root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"suite {suite.name!r}: the cache cannot be written: {error}") from None
    return shelf


def present_tree(suite: Suite, change: Change | None) -> SourceTree | None:
    """The tree of a suite's case, if it is on this machine already; nothing is fetched."""
    if change is None or not suite.asks_for_changes:
        return present_source(suite)
    shelf = present_shelf(suite)
    return shelf if (shelf.root / _name(change)).is_dir() else None


def present_shelf(suite: Suite, origin: str = "") -> Shelf:
    """The shelf of a suite, on this machine or not; suites of one history share it."""
    parts = hashlib.sha256("\0".join([suite.repository, *suite.sparse]).encode()).hexdigest()[:12]
    cache = user_cache().resolve()
    root = cache / "histories" / parts / "at"
    return Shelf(root, suite.commit, root, lock_of(suite), suite=suite, origin=origin)
