"""What has been delivered, kept beside the records: `delivery.jsonl`, a line a delivery.

An attempt is written down once its sink has taken all of it. What is not written down is sent
again by the next `llmops sync`; ids are the same then, so what had arrived all the same is written
over. A line names sink and place: records sent to one server say nothing about another.

Delivered is what a sink has taken; verified is what was read back from it (`llmops sync --verify`),
and lost what could not be.

One delivery at a time writes it, and holds a lock on the file for as long.
"""

import fcntl
import threading
from pathlib import Path
from typing import IO

import msgspec

from pytest_llmops.errors import SinkError

LEDGER = "delivery.jsonl"

Key = tuple[str, int]
"""Case and sample."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line: a sink was asked for (nothing else set), took attempts, or took the whole run.

    It may have been asked for without being there.
    """

    sink: str
    where: str
    """The place, without secrets."""
    attempts: tuple[Key, ...] = ()
    half: tuple[Key, ...] = ()
    """Attempts whose log records were taken, and their spans were not."""
    verified: tuple[Key, ...] = ()
    """Attempts that were read back whole."""
    lost: tuple[Key, ...] = ()
    """Attempts that were taken, and could not be read back: they are to be sent again."""
    finished: bool = False
    """What is said of the run as a whole has been delivered too."""
    unfinished: bool = False
    """That could not be read back."""
    again: bool = False
    """What was delivered before this line counts no more."""


def claim(folder: Path) -> IO[bytes]:
    """Become the only one who delivers a run.

    Returns:
        The file whose lock says so until everyone who has it open has closed it; a process that
        is started with its descriptor has it open too.

    Raises:
        SinkError: The run is being delivered already, or the file cannot be locked.
    """
    path = folder / LEDGER
    try:
        file = path.open("ab")
    except OSError as error:
        raise SinkError(f"{path}: cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        if not isinstance(error, BlockingIOError):
            raise SinkError(f"{path}: cannot be locked: {error.strerror}") from None
        raise SinkError(
            f"{folder}: is being delivered by another process (its own session, or another "
            "`llmops sync`); what that one leaves can be delivered when it has ended"
        ) from None
    return file


class Ledger:
    """The ledger of a run; threads may share it."""

    def __init__(self, folder: Path) -> None:
        """Read what there is; a last line without a line break was cut off and is not read.

        Raises:
            SinkError: A line is broken.
        """
        self._path = folder / LEDGER
        self._lock = threading.Lock()
        self.entries: list[Entry] = []
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            data = b""
        for number, line in enumerate(data.splitlines(keepends=True), start=1):
            if not line.endswith(b"\n"):
                break
            try:
                self.entries.append(msgspec.json.decode(line, type=Entry))
            except msgspec.DecodeError as error:
                raise SinkError(
                    f"{self._path}:{number}: not a line of a delivery ledger: {error}; without "
                    "the file everything is sent again, to the same ids"
                ) from None
        self._end = data.rfind(b"\n") + 1

    def add(self, entry: Entry) -> None:
        """Write one line.

        Raises:
            SinkError: The disk is full or the file cannot be written.
        """
        with self._lock:
            line = msgspec.json.encode(entry) + b"\n"
            try:
                with self._path.open("ab") as file:
                    file.truncate(self._end)
                    file.write(line)
            except OSError as error:
                raise SinkError(f"{self._path}: cannot be written: {error.strerror}") from None
            self._end += len(line)
            self.entries.append(entry)

    def sinks(self) -> tuple[str, ...]:
        """The sinks that were ever asked for, in that order."""
        return tuple(dict.fromkeys(entry.sink for entry in self.entries))

    def delivered(self, sink: str, where: str) -> set[Key]:
        """The attempts that a sink has taken, less those that it lost."""
        found: set[Key] = set()
        for entry in self._of(sink, where):
            found |= set(entry.attempts)
            found -= set(entry.lost)
        return found

    def verified(self, sink: str, where: str) -> set[Key]:
        """The attempts that were read back whole, and were not lost since."""
        found: set[Key] = set()
        for entry in self._of(sink, where):
            found |= set(entry.verified)
            found -= set(entry.lost)
        return found

    def half(self, sink: str, where: str) -> set[Key]:
        """The attempts of which a sink has the log records; it may have their spans by now."""
        return {key for entry in self._of(sink, where) for key in entry.half}

    def finished(self, sink: str, where: str) -> bool:
        """Whether a sink has the run as a whole."""
        told = [one for one in self._of(sink, where) if one.finished or one.unfinished]
        return bool(told) and told[-1].finished

    def _of(self, sink: str, where: str) -> list[Entry]:
        """What counts of a sink at a place: the lines since all was to be sent again."""
        found = [one for one in self.entries if (one.sink, one.where) == (sink, where)]
        again = max((at for at, one in enumerate(found) if one.again), default=0)
        return found[again:]
