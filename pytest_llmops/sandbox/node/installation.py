"""The npm packages of a suite, installed once from its lock file and read from then on.

npm installs them without running a script of any package, and checks every tarball against the
lock. They are installed in a temporary folder and renamed, under a lock that the system frees when
its holder dies, so a folder under its final name is always whole. Nothing is fetched after that.

What is not covered: a file that somebody changes in an installation afterwards. What is checked
then is which packages and versions it says it holds.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pytest_llmops.caches import appear_whole, user_cache
from pytest_llmops.errors import PackagesError
from pytest_llmops.sandbox.npm import NpmError, run_npm
from pytest_llmops.tasks.trees.locks import PackageLock, Pinned

MODULES = "node_modules"
HELD = f"{MODULES}/.package-lock.json"
"""What npm writes of an installation."""
FLAGS = ("--omit=optional", "--no-bin-links", "--no-audit", "--no-fund")
SETTINGS: Mapping[str, str] = {
    "npm_config_fetch_retries": "1",
    "npm_config_fetch_retry_mintimeout": "1000",
    "npm_config_prefer_offline": "true",
}
"""A registry that is not there is told in seconds, not in minutes."""


@dataclass(frozen=True)
class Installation:
    """Installed packages."""

    folder: Path
    """The folder with their `node_modules`."""
    digest: str
    """Of the lock file: what changes with any of them."""


class _Held(msgspec.Struct, frozen=True):
    packages: dict[str, Pinned]


def installed(lock: PackageLock) -> Installation:
    """The packages of a lock file; installs them when they are not there.

    Raises:
        CaseError: The lock file is broken.
        PackagesError: It cannot be installed, or what is installed is something else.
    """
    if named := os.environ.get(lock.variable):
        folder = Path(named).expanduser().absolute()
        if fault := _fault(folder, lock):
            raise PackagesError(
                f"{lock.variable}={named}: {fault}; run `npm ci --ignore-scripts` with "
                f"{lock.path.parent} there, or unset it"
            )
        return Installation(folder.resolve(), lock.digest)
    folder = user_cache().resolve() / "packages" / lock.digest
    try:
        if not folder.is_dir():
            _install(folder, lock)
    except OSError as error:
        raise PackagesError(f"{folder}: cannot be written: {error.strerror or error}") from None
    if fault := _fault(folder, lock):
        raise PackagesError(f"{folder}: {fault}; delete it and it is installed again")
    return Installation(folder, lock.digest)


def _fault(folder: Path, lock: PackageLock) -> str:
    """What keeps an installation from being that of a lock file; "" where it is."""
    try:
        held = msgspec.json.decode((folder / HELD).read_bytes(), type=_Held).packages
    except OSError:
        return f"there is no {HELD}, which npm writes when it has installed"
    except msgspec.DecodeError as error:
        return f"{HELD} cannot be read: {error}"
    for place, one in lock.packages.items():
        there = held.get(place)
        if one.required and (there is None or not (folder / place).is_dir()):
            return f"{place} is missing"
        if there and (there.version, there.integrity) != (one.version, one.integrity):
            return f"{place} is {there.version}, not the {one.version} of {lock.path}"
    return ""


def _install(folder: Path, lock: PackageLock) -> None:
    def fill(part: Path) -> None:
        count = sum(one.required for one in lock.packages.values())
        said = f"installing {count} npm packages of {lock.path} in {folder} (once)"
        print(said, file=sys.stderr)  # noqa: T201
        _run_npm(part, lock)

    appear_whole(folder, fill)


def _run_npm(folder: Path, lock: PackageLock) -> None:
    """Fill a folder, as `npm ci` does.

    Raises:
        PackagesError: npm cannot.
    """
    for name in ("package.json", "package-lock.json"):
        origin = lock.path if name == "package-lock.json" else lock.path.with_name(name)
        if not origin.is_file():
            raise _failed(lock, f"there is no {origin}, which npm needs beside the lock file")
        shutil.copyfile(origin, folder / name)
    try:
        run_npm(["ci", *FLAGS], folder, SETTINGS)
    except NpmError as error:
        raise _failed(lock, str(error)) from None


def _failed(lock: PackageLock, reason: str) -> PackagesError:
    return PackagesError(
        f"the npm packages of {lock.path} cannot be installed: {reason}; make npm and its registry "
        f"reachable, or name a folder where they are installed by {lock.variable}"
    )
