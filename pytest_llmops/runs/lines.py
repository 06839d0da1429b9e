"""The lines of a records file, one by one, with the place of each."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.record import FORMAT, Record, Run
from pytest_llmops.runs.stored import stored


def the_run(path: Path, lines: Iterator[tuple[int, object]]) -> Run:
    """The run that the first of the decoded lines must be.

    Raises:
        RecordError: It is something else, or there is none.
    """
    number, run = next(lines, (1, None))
    if not isinstance(run, Run):
        raise RecordError(
            f"{path}:{number}: the first line must be the run; this is not a records file"
        )
    return run


def decoded_lines(path: Path, kinds: Any) -> Iterator[tuple[int, Any]]:
    """Read the lines of a records file one by one, with their numbers.

    A last line without a line break is what a killed session leaves and is not read.

    Args:
        path: The records file.
        kinds: What a line is decoded to: a union of structs tagged as those of `Line` are.

    Raises:
        RecordError: It cannot be read, a line is broken, or of another version; names the line.
    """
    for place, line in placed_lines(path, kinds):
        yield place.number, line


class Place(NamedTuple):
    """Where a line of a records file is."""

    number: int = 0
    """From 1."""
    start: int = 0
    """The byte at which it begins; of the JSON lines, also where these are compacted."""
    end: int = 0
    """The byte after it."""


def placed_lines(path: Path, kinds: Any, after: Place | None = None) -> Iterator[tuple[Place, Any]]:
    """The same with the place of each line, from the first on or from the one after a place.

    Raises:
        RecordError: See `decoded_lines`.
    """
    decoder = msgspec.json.Decoder(kinds)
    number, _, end = after or Place()
    with stored(path) as found:
        lines = found.lines(end)
        for number, raw in enumerate(lines, start=number + 1):  # noqa: B020 - counts on from it
            if not raw.endswith(b"\n"):
                return
            if number == 1:
                _check_format(path, raw)
            start, end = end, end + len(raw)
            try:
                yield Place(number, start, end), decoder.decode(raw)
            except msgspec.DecodeError as error:
                raise RecordError(
                    f"{path}:{number}: not a line of a records file: {error}"
                ) from None


def record_at(path: Path, place: Place) -> Record:
    """Read one record, with its texts, where `placed_lines` found it.

    Raises:
        RecordError: The file cannot be read, or holds something else there by now.
    """
    with stored(path) as found:
        return decode_record(path, place, found.read(place.start, place.end))


_records = msgspec.json.Decoder(Record)


def decode_record(path: Path, place: Place, raw: bytes) -> Record:
    """The record that is at a place of a file, by its bytes.

    Raises:
        RecordError: They are something else.
    """
    try:
        return _records.decode(raw)
    except msgspec.DecodeError:
        raise RecordError(f"{path}:{place.number}: has changed since it was read") from None


class _Format(msgspec.Struct):
    format: int = 0


def _check_format(path: Path, raw: bytes) -> None:
    """Tell another version from a broken file, before its first line is decoded in full."""
    try:
        found = msgspec.json.decode(raw, type=_Format).format
    except msgspec.DecodeError:
        return
    if found != FORMAT:
        raise RecordError(f"{path}:1: records format {found}; this version reads {FORMAT} only")
