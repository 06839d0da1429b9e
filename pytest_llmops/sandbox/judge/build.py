"""The folder of a built judge, made when it is missing.

It appears by one rename: a killed build leaves nothing that looks finished, and of two that run at
once the second throws its work away.
"""

import errno
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pytest_llmops.caches import shared_cache
from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.judge.bundle import JUDGE, bundle
from pytest_llmops.sandbox.judge.fetch import ChangedError, UnfetchedError, fetch
from pytest_llmops.sandbox.judge.lock import HERE, digest, machine, read_lock

_UNUSED = 30 * 86400.0
"""Seconds after which the judge of another recipe is taken for a leftover."""


def cache_folder() -> Path:
    """Where a judge of this recipe is built; for root, where unprivileged users can read it."""
    return shared_cache() / "judge" / f"{digest()}-{machine()}"


def carried_folder() -> Path:
    """Where a built wheel carries it."""
    return HERE / "built" / f"{digest()}-{machine()}"


def judge_folder() -> Path:
    """The folder of the built judge; builds it when it is not there.

    Raises:
        SandboxError: It cannot be built; one line that says why.
    """
    for folder in (carried_folder(), cache_folder()):
        if (folder / JUDGE).is_file():
            return folder
    return build(cache_folder())


def build(folder: Path) -> Path:
    """Build the judge as `folder`.

    Raises:
        SandboxError: npm cannot be had, or a package is not what it was.
    """
    print(f"building the judge from npm packages in {folder} (once)", file=sys.stderr)  # noqa: T201
    lock = read_lock()
    packages = (*lock.packages, *lock.platforms[machine()])

    def fill(made: Path) -> None:
        bundle(fetch(packages, made.parent), packages, made)

    try:
        return appear(folder, fill, JUDGE)
    except (ChangedError, UnfetchedError) as error:  # nobody has to know how it was fetched
        raise SandboxError(str(error)) from None


def appear(folder: Path, fill: Callable[[Path], None], last: str) -> Path:
    """Make a folder of the cache at once, or not at all.

    Args:
        folder: What it is to be called.
        fill: Fills an empty folder, which is the only one in its own.
        last: A file by which a folder that is finished is known.

    Raises:
        SandboxError: It cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="making-") as work:
            made = Path(work, "made")
            made.mkdir()
            fill(made)
            made.chmod(0o755)
            made.rename(folder)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and (folder / last).is_file():
            return folder  # another process was faster
        raise SandboxError(f"the judge cannot be built in {folder}: {error}") from None
    _forget_older(folder)
    return folder


def _forget_older(folder: Path) -> None:
    """Remove judges of recipes that nothing has used for a month; other checkouts keep theirs."""
    for other in folder.parent.glob(f"*-{machine()}"):
        if other != folder and time.time() - other.stat().st_atime > _UNUSED:
            shutil.rmtree(other, ignore_errors=True)
