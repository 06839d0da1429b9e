"""The npm packages that files of a suite may import, as its lock file pins them.

A lock file is npm's own `package-lock.json`, of version 2 or 3. What counts of it is which package
lies where and the hash of its tarball: its digest changes with these and with nothing else, and
goes into every case whose tests load such a package.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from pytest_llmops.cases import Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.trees.own_lock import OwnLock

_NAME = r"(?:@[\w.~-]+/)?[\w~-][\w.~-]*"
PLACE = re.compile(rf"node_modules/{_NAME}(?:/node_modules/{_NAME})*")
"""Where a package lies: below the folder of the lock file and nowhere else."""
MADE_BY = "make it anew with `npm install --package-lock-only`"


class Pinned(msgspec.Struct, frozen=True):
    """One package of a lock file."""

    version: str = ""
    integrity: str = ""
    """Digest of its tarball as npm writes it: `sha512-` and base64."""
    link: bool = False
    inside: bool = msgspec.field(default=False, name="inBundle")
    """It comes in the tarball of the package that it lies in."""
    optional: bool = False
    dev_optional: bool = msgspec.field(default=False, name="devOptional")

    @property
    def required(self) -> bool:
        """Whether it is installed; what is optional is mostly built for one kind of machine."""
        return not (self.optional or self.dev_optional)


class _Lock(msgspec.Struct, frozen=True):
    packages: dict[str, Pinned]


@dataclass(frozen=True)
class PackageLock:
    """The lock file of a suite."""

    path: Path
    """Of the `package-lock.json`; its `package.json` is beside it."""
    variable: str
    """The environment variable that names a folder where its packages are installed already."""

    @property
    def packages(self) -> dict[str, Pinned]:
        """The packages by their place, as `node_modules/zod`.

        Raises:
            CaseError: The file is missing or pins nothing that can be installed from it alone.
        """
        try:
            return _pinned(self.path, self.path.stat().st_mtime_ns)
        except OSError as error:
            raise CaseError(f"{self.path}: cannot be read: {error.strerror}; {MADE_BY}") from None

    @property
    def digest(self) -> str:
        """16 hex digits that change with every package.

        Raises:
            CaseError: See `packages`.
        """
        lines = (f"{place}\0{one.version}\0{one.integrity}" for place, one in self._sorted())
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]

    def _sorted(self) -> list[tuple[str, Pinned]]:
        return sorted((place, one) for place, one in self.packages.items() if one.required)


Lock = PackageLock | OwnLock
"""What pins the packages of a tree: a lock file of ours, or its own."""


def lock_of(suite: Suite) -> PackageLock | None:
    """The lock file that a suite names, if any; `LLMOPS_CLINE_PACKAGES` has its packages ready."""
    if not suite.packages:
        return None
    return PackageLock(suite.root / suite.packages, variable_of(suite, "PACKAGES"))


def variable_of(suite: Suite, what: str) -> str:
    """The environment variable that says something of a suite, as `LLMOPS_CLINE_REPO`."""
    return f"LLMOPS_{re.sub(r'[^A-Z0-9]', '_', suite.name.upper())}_{what}"


@lru_cache(maxsize=16)
def _pinned(path: Path, changed: int) -> dict[str, Pinned]:
    del changed  # of the file: read again when it is another
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_Lock).packages
    except msgspec.DecodeError as error:
        raise CaseError(
            f"{path}: no package-lock.json of npm 7 or later: {error}; {MADE_BY}"
        ) from None
    packages = {place: one for place, one in found.items() if place}
    if not packages:
        raise CaseError(f"{path}: pins no package; {MADE_BY}")
    for place, one in packages.items():
        if one.link or not PLACE.fullmatch(place):
            raise CaseError(f"{path}: {place!r} is no package of a registry; {MADE_BY}")
        if not (one.integrity or one.inside):
            raise CaseError(f"{path}: {place!r} has no 'integrity', so nothing pins it; {MADE_BY}")
    return packages
