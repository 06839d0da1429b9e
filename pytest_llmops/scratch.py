"""Private folders that end with the process that made them, at the latest when the next one starts.

A folder is held by a lock on it, which the kernel lets go of when its process ends in whatever way.
So a folder that can be locked has lost its owner: no process id is believed, which another process
may have by now, or which means something else in another container that shares the folder.
"""

import fcntl
import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

Kind = Literal["sandbox", "socket", "agent"]

OURS = re.compile(r"llmops-(?:sandbox|socket|agent)-(?:\d+-)?[a-z0-9_]{8}")
"""Names of folders that are held from the moment they have them; with a process id, old ones."""
MAKING = re.compile(r"\.llmops-[a-z0-9_]{8}")
"""Names of folders that are about to be held."""
MOMENT = 60.0
"""Seconds after which a folder that is still about to be held has lost its owner."""


class Scratch:
    """A private folder, mode 0700, named `llmops-KIND-XXXXXXXX`."""

    def __init__(self, kind: Kind, within: Path | None = None) -> None:
        made = Path(tempfile.mkdtemp(prefix=".llmops-", dir=within))
        self._held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        self.path = made.rename(
            made.with_name(f"llmops-{kind}-{made.name.removeprefix('.llmops-')}")
        )
        """Where it is."""

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._held)


def sweep(within: Path | None = None) -> None:
    """Remove the folders of processes that were killed before they could."""
    for folder in Path(within or tempfile.gettempdir()).iterdir():
        abandoned = MAKING.fullmatch(folder.name) and _age(folder) > MOMENT
        if abandoned or OURS.fullmatch(folder.name):
            _remove_unheld(folder)


def _remove_unheld(folder: Path) -> None:
    """Remove a folder that nobody holds, unless it is another user's or not a folder."""
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(held)


def _age(folder: Path) -> float:
    try:
        return time.time() - folder.lstat().st_mtime
    except OSError:
        return 0.0  # it is gone
