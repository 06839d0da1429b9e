"""The source tree of a suite: embedded, or taken from git at a pinned commit.

A git tree is fetched once into the user's cache (depth 1, only the blobs of the sparse folders) and
kept there as plain files without `.git`: nothing to edit, nothing of the history for a sandboxed
candidate to read. It is built in a temporary folder and renamed, under a lock the system frees when
its holder dies, so a folder under its final name is always whole.

What is not covered: the folder is trusted by its name and not hashed as a whole; every file that is
used is verified by its own digest (`SourceTree.verify`), and other files can be edited unseen.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pytest_llmops.caches import appear_whole, user_cache
from pytest_llmops.cases import FileHash, LanguageName, Suite
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.tasks.trees.checkout import checkout
from pytest_llmops.tasks.trees.locks import Lock, lock_of, variable_of
from pytest_llmops.tasks.trees.own_lock import OwnLock


@dataclass(frozen=True)
class SourceTree:
    """A checked-out tree, read only."""

    root: Path
    """Its folder."""
    commit: str
    """What pins it: a commit, or the SHA-256 of a distribution; empty for an embedded tree."""
    within: Path | None = None
    """Folder of all trees that have one judge with this; None where it has its own."""
    lock: Lock | None = None
    """What pins the npm packages that its files may import; None where they may import none.

    Its own lock file says that its own vitest judges it."""
    language: LanguageName = "typescript"
    """What it is written in."""

    def read(self, path: str) -> bytes:
        """Bytes of one file.

        Raises:
            CaseError: The path leaves the tree (`..`, absolute, a link), or is no readable file.
        """
        try:
            full = Path(os.path.realpath(self.root / path))
            inside = (
                full.is_relative_to(os.path.realpath(self.root))
                and not PurePosixPath(path).is_absolute()
            )
            if inside:
                return full.read_bytes()
        except (OSError, ValueError) as error:
            raise CaseError(
                f"{path}: cannot be read from {self.root} ({_cause(error)}); {self._remedy}"
            ) from None
        raise CaseError(f"{path}: leaves the source tree {self.root}; paths must stay inside")

    def verify(self, file: FileHash) -> bytes:
        """Bytes of one file, known to be those the case was made from.

        Raises:
            CaseError: As `read`, or the digest differs; names both digests and what to do.
        """
        content = self.read(file.path)
        found = hashlib.sha256(content).hexdigest()
        if found != file.sha256:
            raise CaseError(
                f"{file.path}: sha256 is {found}, the case expects {file.sha256}; {self._remedy}"
            )
        return content

    @property
    def _remedy(self) -> str:
        if self.commit:
            return f"delete {self.root} and it is fetched again"
        return "mine the suite again with `llmops mine functions`"


def open_source(suite: Suite, *, source: str | None = None) -> SourceTree:
    """Give the tree of a suite; a git tree is fetched once, later calls need no network.

    Args:
        suite: The suite.
        source: Path or URL to fetch from. Default: the environment variable `source_variable`
            names, then `suite.repository`. The commit is pinned, so the origin changes no byte.

    Raises:
        SourceError: The tree is not there and cannot be fetched; one line with the reason.
    """
    if suite.folder:
        if source:
            raise SourceError(f"suite {suite.name!r} is embedded; --source has no meaning for it")
        tree = present_source(suite)
        if tree is None:
            raise SourceError(f"suite {suite.name!r}: no folder {suite.root / suite.folder}")
        return tree
    tree = _tree(suite, _cache_folder(suite))
    if not tree.root.is_dir():
        origin = source or os.environ.get(source_variable(suite)) or suite.repository
        try:
            _fetch(suite, origin, tree.root)
        except OSError as error:
            raise SourceError(f"suite {suite.name!r}: {tree.root}: {_cause(error)}") from None
    return tree


def present_source(suite: Suite) -> SourceTree | None:
    """The tree of a suite, if it is on this machine already; nothing is fetched."""
    folder = (suite.root / suite.folder).resolve() if suite.folder else _cache_folder(suite)
    tree = _tree(suite, folder)
    return tree if folder.is_dir() else None


def _tree(suite: Suite, folder: Path) -> SourceTree:
    pinned = suite.commit or suite.sha256
    lock = OwnLock(folder, suite.vitest) if suite.vitest else lock_of(suite)
    return SourceTree(folder, pinned, lock=lock, language=suite.language)


def source_variable(suite: Suite) -> str:
    """`LLMOPS_CLINE_REPO` for suite `cline`: where to fetch it from."""
    return variable_of(suite, "REPO")


def _cache_folder(suite: Suite) -> Path:
    """One folder a commit and choice of sparse folders, so that neither is mistaken for another."""
    parts = hashlib.sha256("\0".join(suite.sparse).encode()).hexdigest()[:6]
    name = f"{suite.name}-{(suite.commit or suite.sha256)[:12]}-{parts}"
    return user_cache().resolve() / "sources" / name


def _fetch(suite: Suite, origin: str, target: Path) -> None:
    from pytest_llmops.tasks.trees.sdist import unpack  # noqa: PLC0415 - once in a tree's life

    fetch = unpack if suite.sdist else checkout
    appear_whole(target, lambda part: fetch(suite, origin, part))


def _cause(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
