"""Recorded runs, found and read back."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.runs.record import FORMAT, RECORDS, End, Line, Record, Run

LATEST = "latest"
"""What stands for the run that started last."""


class RecordedRun(msgspec.Struct, frozen=True, kw_only=True):
    """A records file, read."""

    path: Path
    run: Run
    records: Sequence[Record]
    """A tuple, or records that are packed until somebody reads them (`packed`)."""
    end: End | None
    """None: the session was interrupted, or still goes on."""


def read_run(path: Path, *, content: bool = True) -> RecordedRun:
    """Read the records file of a run.

    A last line without a line break is what a killed session leaves and is not read.

    Args:
        path: The records file.
        content: Keep prompts and answers, which take most of the memory.

    Raises:
        RecordError: A line is broken, of another version, or an attempt occurs twice; names the
            line.
    """
    run, lines = run_lines(path)
    records, end = [], None
    for line in lines:
        if isinstance(line, End):
            end = line
        else:
            records.append(line if content else _without_content(line))
    return RecordedRun(path=path, run=run, records=tuple(records), end=end)


def run_lines(path: Path) -> tuple[Run, Iterator[Record | End]]:
    """The first line of a records file, and those after it one by one; see `read_run`.

    Raises:
        RecordError: As `read_run` does, when the line that is wrong has its turn.
    """
    lines = decoded_lines(path, Line)
    return the_run(path, lines), _ordered(path, lines)


def _ordered(path: Path, lines: Iterator[tuple[int, Line]]) -> Iterator[Record | End]:
    """Every attempt once, and an end after all of them."""
    seen: set[tuple[str, int]] = set()
    ended = False
    for number, line in lines:
        key = (line.case, line.sample) if isinstance(line, Record) else None
        if ended or isinstance(line, Run) or key in seen:
            raise RecordError(
                f"{path}:{number}: a second {_describe(line)}, or lines after the end"
            )
        if key:
            seen.add(key)
        ended = isinstance(line, End)
        yield line


def _without_content(record: Record) -> Record:
    """A record without prompt and answer; texts that many share, in two runs too, are kept once."""
    return msgspec.structs.replace(
        record,
        case=sys.intern(record.case),
        suite=sys.intern(record.suite),
        cluster=sys.intern(record.cluster),
        prompt_sha256=sys.intern(record.prompt_sha256),
        prompt=(),
        text="",
        served_model=sys.intern(record.served_model),
    )


def find_run(reference: str, folder: Path) -> Path:
    """The records file that a run id, a run's folder, a file or `latest` stands for.

    `latest` is the run that started last, whenever its file was written to.

    Args:
        reference: What the user named.
        folder: Where runs are kept.

    Raises:
        RecordError: There is no such run; names those there are.
    """
    if not reference.strip():
        raise RecordError("no run is named: the name is empty (from a variable that is not set?)")
    named = Path(reference)
    if reference != LATEST:
        for path in (named, named / RECORDS, folder / reference / RECORDS):
            if path.is_file():
                return path
    files = [path for _, path in first_lines(folder)]
    if reference == LATEST and files:
        return files[-1]
    if not files:
        missing = "" if reference == LATEST else f"{reference}: no such run or records file. "
        raise RecordError(
            f"{missing}No runs yet in {folder}/. Start one with: pytest benchmarks --model=base"
        )
    known = ", ".join(path.parent.name for path in files[-5:])
    raise RecordError(
        f"{reference}: no such run or records file (latest runs in {folder}: {known})"
    )


def first_lines(folder: Path) -> list[tuple[Run | None, Path]]:
    """What each recorded run is, in the order in which they started; no record is read.

    A file that does not begin with a run has None, and the time at which it was last written to: it
    may be the newest of all, broken off at once, and must not make place for an older one.
    """
    return in_order(folder.glob(f"*/{RECORDS}"))


def in_order(files: Iterable[Path]) -> list[tuple[Run | None, Path]]:
    """The same of records files, wherever they are."""
    decoder = msgspec.json.Decoder(Line)
    found: list[tuple[float, str, Run | None, Path]] = []
    for path in files:
        with path.open("rb") as file:
            raw = file.readline()
        try:
            line = decoder.decode(raw)
        except msgspec.DecodeError:
            line = None
        run = line if isinstance(line, Run) else None
        started = run.started if run else path.stat().st_mtime
        found.append((started, run.id if run else path.parent.name, run, path))
    found.sort(key=lambda one: (one[0], one[1], str(one[3])))
    return [(run, path) for _, _, run, path in found]


def the_run(path: Path, lines: Iterator[tuple[int, object]]) -> Run:
    """The run that the first of the decoded lines must be.

    Raises:
        RecordError: It is something else, or there is none.
    """
    number, run = next(lines, (1, None))
    if not isinstance(run, Run):
        raise RecordError(
            f"{path}:{number}: the first line must be the run; this is no records file"
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
    """The byte at which it begins."""
    end: int = 0
    """The byte after it."""


def placed_lines(path: Path, kinds: Any, after: Place | None = None) -> Iterator[tuple[Place, Any]]:
    """The same with the place of each line, from the first on or from the one after a place.

    Raises:
        RecordError: See `decoded_lines`.
    """
    decoder = msgspec.json.Decoder(kinds)
    number, _, end = after or Place()
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from None
    with file:
        file.seek(end)
        for number, raw in enumerate(file, start=number + 1):  # noqa: B020 - counts on from it
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
    try:
        with path.open("rb") as file:
            file.seek(place.start)
            raw = file.read(place.end - place.start)
        return msgspec.json.decode(raw, type=Record)
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from None
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


def _describe(line: Line) -> str:
    if isinstance(line, Record):
        return f"record of {line.case!r} sample {line.sample}"
    return type(line).__name__.lower()
