"""A source tree's own lock file, with what its package manager reads beside it.

That are the manifests of all packages of the tree, the settings of pnpm's workspaces, and patches.
Its digest changes with any byte of these, and goes into every case that its vitest judges. Settings
of npm (`.npmrc`) are left out: they can name programs.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from pytest_llmops.errors import CaseError

LOCK_FILES = ("package-lock.json", "pnpm-lock.yaml", "bun.lock")
"""Of npm, pnpm and bun."""
BESIDE = ("package.json", "pnpm-workspace.yaml")
PATCH = ".patch"
NOT_OURS = {"node_modules", ".git"}


@dataclass(frozen=True)
class OwnLock:
    """The lock file of a tree."""

    tree: Path
    """Folder of the tree."""
    name: str
    """Path of the lock file from there."""

    @property
    def path(self) -> Path:
        """Of the lock file."""
        return self.tree / self.name

    @property
    def manager(self) -> str:
        """File name of the lock file, one of `LOCK_FILES`, which says what installs it."""
        return self.path.name

    @property
    def files(self) -> tuple[str, ...]:
        """What is installed from, by paths from the folder of the lock file, sorted.

        Raises:
            CaseError: There is no such lock file.
        """
        return _files(self.path, self._changed)

    @property
    def digest(self) -> str:
        """16 hex digits that change with every byte of `files`.

        Raises:
            CaseError: There is no such lock file.
        """
        return _digest(self.path, self._changed)

    @property
    def packages(self) -> tuple[str, ...]:
        """The folders of packages of which the tree has more than manifests, sorted; "." for one.

        A sparse tree has of others what the package manager has to read of them.
        """
        folders = {str(PurePosixPath(one).parent) for one in self.files if one.endswith(BESIDE[0])}
        return tuple(sorted(one for one in folders if one == "." or self._has_more(one)))

    def _has_more(self, folder: str) -> bool:
        inside = (self.path.parent / folder).rglob("*")
        return any(one.is_file() and one.name != BESIDE[0] for one in inside)

    @property
    def _changed(self) -> int:
        if self.manager not in LOCK_FILES:
            raise CaseError(f"{self.path}: 'vitest' names one of {', '.join(LOCK_FILES)}")
        try:
            return self.path.stat().st_mtime_ns
        except OSError as error:
            raise CaseError(
                f"{self.path}: cannot be read: {error.strerror}; a suite's 'vitest' names the "
                "tree's own lock file, which 'sparse' has to take in"
            ) from None


@lru_cache(maxsize=16)
def _files(lock: Path, changed: int) -> tuple[str, ...]:
    del changed  # of the lock file: read again when it is another
    found = {lock.name}
    for one in lock.parent.rglob("*"):
        inside = one.relative_to(lock.parent)
        is_read = one.name in BESIDE or one.suffix == PATCH
        is_plain = one.is_file() and not one.is_symlink()
        if is_read and is_plain and not NOT_OURS.intersection(inside.parts):
            found.add(inside.as_posix())
    return tuple(sorted(found))


@lru_cache(maxsize=16)
def _digest(lock: Path, changed: int) -> str:
    total = hashlib.sha256()
    for name in _files(lock, changed):
        content = (lock.parent / name).read_bytes()
        total.update(f"{name}\0{len(content)}\0".encode() + content)
    return total.hexdigest()[:16]
