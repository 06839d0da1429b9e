"""The packages of a tree's own lock file, installed once and read from then on.

The tree's package manager installs them in a folder of the cache, of its lock file and manifests
alone and without running a script, and checks every tarball against the lock. The folder has its
name when it is whole, and nothing is fetched after that.
"""

import os
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_llmops.caches import appear_whole, shared_cache
from pytest_llmops.errors import PackagesError
from pytest_llmops.sandbox.vitest.managers import KEPT, ManagerError, install
from pytest_llmops.tasks.trees.own_lock import OwnLock

MODULES = "node_modules"
TEMPORARY = (".vite", ".vite-temp")
"""What vite makes beside packages: folders of its own are mounted there."""
TOLD = "modules.json"
OLDEST = 3
"""Of vitest's versions, the first whose reporters tell what is asked of them here."""


@dataclass(frozen=True)
class OwnPackages:
    """Installed packages of a tree."""

    folder: Path
    """What stands for the folder of the lock file."""
    inside: str
    """That folder, from the top of the tree."""
    modules: tuple[str, ...]
    """Its folders of packages, by paths in it, a folder before what lies in it."""


def own_packages(lock: OwnLock) -> OwnPackages:
    """The packages of a tree; installs them when they are not there.

    Raises:
        CaseError: There is no such lock file.
        PackagesError: It cannot be installed, or brings no vitest that can be used.
    """
    folder = shared_cache() / "repositories" / lock.digest
    inside = Path(lock.name).parent.as_posix()
    try:
        appear_whole(folder, lambda part: _fill(part, lock))
        modules = msgspec.json.decode((folder / TOLD).read_bytes(), type=tuple[str, ...])
    except OSError as error:
        raise PackagesError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return OwnPackages(folder, inside, modules)


def _fill(part: Path, lock: OwnLock) -> None:
    said = f"installing the packages of {lock.path} in {shared_cache() / 'repositories'} (once)"
    print(said, file=sys.stderr)  # noqa: T201
    for name in lock.files:
        (part / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(lock.path.parent / name, part / name)
    packages = tuple(one for one in lock.packages if one != ".")
    has_bare = len(packages) + 1 < sum(Path(one).name == "package.json" for one in lock.files)
    try:
        install(lock.manager, part, (".", *packages) if has_bare else ())
    except ManagerError as error:
        raise _failed(lock, str(error)) from None
    shutil.rmtree(part / KEPT, ignore_errors=True)
    modules = sorted(_modules(part))
    if fault := _fault(part, modules):
        raise _failed(lock, fault)
    for one in modules:
        for name in TEMPORARY:
            (part / one / name).mkdir(exist_ok=True)
    _open_to_all(part)
    (part / TOLD).write_bytes(msgspec.json.encode(modules))


def _modules(part: Path) -> list[str]:
    """Folders `node_modules` that lie in no other."""
    found = []
    for folder, names, _ in os.walk(part):
        if MODULES in names:
            names.remove(MODULES)
            found.append(os.path.relpath(Path(folder, MODULES), part))
    return found


def _fault(part: Path, modules: list[str]) -> str:
    """Why the tests cannot be run with what is installed; "" where they can."""
    manifests = [part / one / "vitest" / "package.json" for one in modules]
    found = [msgspec.json.decode(one.read_bytes()) for one in manifests if one.is_file()]
    if not found:
        return "it brings no vitest"
    versions = sorted({str(one.get("version", "0")) for one in found})
    old = [one for one in versions if int(one.partition(".")[0]) < OLDEST]
    return f"its vitest is {old[0]}, {OLDEST}.0 is the oldest that can be used" if old else ""


def _open_to_all(part: Path) -> None:
    """Let the user of the sandbox read what a tarball gives to its owner alone."""
    for folder, names, files in os.walk(part):
        for name in (*names, *files):
            path = Path(folder, name)
            mode = path.lstat().st_mode
            needed = 0o555 if stat.S_ISDIR(mode) else 0o444
            if not stat.S_ISLNK(mode) and mode & needed != needed:
                path.chmod(stat.S_IMODE(mode) | needed)


def _failed(lock: OwnLock, reason: str) -> PackagesError:
    return PackagesError(
        f"the packages of {lock.path} cannot be installed: {reason}; see that the lock file fits "
        "its manifests, and make npm and its registry reachable"
    )
