"""Where this machine keeps what can be made again.

A folder under its final name is whole: it is filled under another one, with a lock held that the
system frees when its holder dies.

Known here for the two systems that are supported: platformdirs, which knows more of them, loads a
plugin into every pytest session of the environment that it is installed in.
"""

import contextlib
import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

NAME = "pytest-llmops"


def user_cache() -> Path:
    """The user's folder; `XDG_CACHE_HOME` moves it."""
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if named.is_absolute():  # others do not count, says the specification
        return named / NAME
    home = Path.home()
    return (home / "Library/Caches" if sys.platform == "darwin" else home / ".cache") / NAME


def completions_file() -> Path:
    """Where completions of all sessions of this user are kept."""
    return user_cache() / "completions.sqlite"


def shared_cache() -> Path:
    """The folder of what unprivileged processes of ours must read, too: for root the system's."""
    if os.geteuid() != 0:
        return user_cache()
    return Path("/Library/Caches" if sys.platform == "darwin" else "/var/cache", NAME)


def appear_whole(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make a folder that is there only once it is whole, by one process of all that want it.

    Args:
        folder: The folder; left as it is where it is there.
        fill: Fills an empty one, which gets the name.
    """
    if folder.is_dir():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with locked(folder.with_name(f".{folder.name}.lock")):
        if folder.is_dir():
            return  # another process was first
        for leftover in folder.parent.glob(f".{folder.name}.*.part"):
            shutil.rmtree(leftover, ignore_errors=True)  # of a killed one: nobody holds the lock
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".part", dir=folder.parent))
        try:
            fill(part)
            part.chmod(0o755)  # mkdtemp's 0700 would shut the sandbox's user out
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; waits for another holder."""
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
