"""The runs that a viewer shows, as they are by now."""

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.stored import records_files
from pytest_llmops.viewer.shown import Shown, looked_at

FRESH = 0.3
"""Seconds for which the folder is not looked at again."""


class Shelf:
    """The runs of a folder, or those that were named."""

    def __init__(self, folder: Path, named: Sequence[Path] = ()) -> None:
        self.folder = folder
        self._named = tuple(named)
        self._files: dict[Path, Shown] = {}
        self._ordered: list[Shown] = []
        self._lock = threading.Lock()
        self._looked = -math.inf

    def runs(self, fresh: float | None = None) -> list[Shown]:
        """All of them as they are by now, in the order in which they started.

        Args:
            fresh: Seconds for which what was seen is believed; None for `FRESH`.
        """
        with self._lock:
            if time.monotonic() - self._looked > (FRESH if fresh is None else fresh):
                self._look()
                self._looked = time.monotonic()
            return self._ordered

    def find(self, name: str) -> Shown:
        """The run that an address names.

        Raises:
            RecordError: There is none.
        """
        for fresh in (None, 0.0):  # one that began a moment ago is there, too
            for shown in self.runs(fresh):
                if shown.name == name:
                    return shown
        raise RecordError(f"{name}: no such run here")

    def _look(self) -> None:
        paths = self._named or records_files(self.folder)
        known, self._files = self._files, {}
        for path in paths:
            self._files[path] = looked_at(path, known.get(path))
        found = sorted(self._files.values(), key=_began)
        names: set[str] = set()
        for shown in found:
            shown.name = _unused(shown.run.id if shown.tally else shown.path.parent.name, names)
            names.add(shown.name)
        self._ordered = found


def _began(shown: Shown) -> tuple[float, str]:
    return (shown.run.started if shown.tally else shown.written), str(shown.path)


def _unused(name: str, taken: set[str]) -> str:
    """The name, with a number where another file has a run of that id."""
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}~{number}"
    return found
