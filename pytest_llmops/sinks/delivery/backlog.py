"""The records of a run as they come: figures in memory, texts in the file until a batch needs them.

A run may be far larger than what it is delivered in: ten thousand answers, or a hundred loops of
two megabytes each. So the texts of one batch for each sink are the most that is held.
"""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from pytest_llmops.runs.record import End, Line, Record
from pytest_llmops.runs.stored import records_file, stored
from pytest_llmops.sinks.withhold import without_texts

BATCH = 50
"""Attempts that are taken together or not at all, unless a sink says otherwise."""

LARGE_BATCH = 200
"""The same for a sink that writes more than one request of each: a batch ends when all are written,
and until then the next does not begin."""

BATCH_BYTES = 8_000_000
"""Bytes of records a request: servers take 20 to 32 MB, and a text may go out three times."""


class Kept(NamedTuple):
    """A record in its file."""

    record: Record
    """Without texts."""
    at: int
    """Where its line begins; bytes from the start of the file."""
    size: int
    """Of its line, bytes."""


class Backlog:
    """The records of a run, as they come; one thread looks for new ones, the others read."""

    def __init__(self, folder: Path, clean: Callable[[Record], Record]) -> None:
        """Prepare.

        Args:
            folder: Of the run.
            clean: What becomes of a record before anyone sees it.
        """
        self._path = records_file(folder)
        self._clean = clean
        self._read = 0
        self._decoder = msgspec.json.Decoder(Line)
        self.kept: list[Kept] = []
        self.end: End | None = None
        self.complete = threading.Event()
        """No further record will come."""

    def look(self) -> None:
        """Read the whole lines that have come since the last look.

        Raises:
            RecordError: The file cannot be read.
            msgspec.DecodeError: It holds something that is not a line of a records file.
        """
        with stored(self._path) as found:
            # One by one: a run may be larger than what it is kept in.
            for raw in found.lines(self._read):
                if not raw.endswith(b"\n"):
                    return
                line = self._decoder.decode(raw)
                if isinstance(line, Record):
                    record = self._clean(without_texts(line))
                    self.kept.append(Kept(record, self._read, len(raw)))
                elif isinstance(line, End):
                    self.end = line
                self._read += len(raw)

    def whole(self, kept: Iterable[Kept]) -> Iterator[Record]:
        """Read records again, with their texts, one by one.

        Raises:
            RecordError: The file cannot be read.
            msgspec.DecodeError: It is not what it was.
        """
        decoder = msgspec.json.Decoder(Record)
        with stored(self._path) as found:
            for one in kept:
                yield self._clean(decoder.decode(found.read(one.at, one.at + one.size)))


def batches(kept: Iterable[Kept], most: int = BATCH) -> Iterator[list[Kept]]:
    """Divide records into requests; one that is too large by itself is alone in its own."""
    batch: list[Kept] = []
    held = 0
    for one in kept:
        if batch and (len(batch) == most or held + one.size > BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(one)
        held += one.size
    if batch:
        yield batch
