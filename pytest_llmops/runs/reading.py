"""Recorded runs, found and read back."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.models import LATEST
from pytest_llmops.runs.lines import Place, placed_lines, the_run
from pytest_llmops.runs.record import End, Line, Record, Run
from pytest_llmops.runs.stored import records_file, records_files, stored


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
    run, lines = placed_run_lines(path)
    return run, (line for _, line in lines)


def placed_run_lines(path: Path) -> tuple[Run, Iterator[tuple[Place, Record | End]]]:
    """The same with the place of each line after the first.

    Raises:
        RecordError: See `run_lines`.
    """
    lines = placed_lines(path, Line)
    first = ((place.number, line) for place, line in lines)
    return the_run(path, first), _ordered(path, lines)


def _ordered(
    path: Path, lines: Iterator[tuple[Place, Line]]
) -> Iterator[tuple[Place, Record | End]]:
    """Every attempt once, and an end after all of them."""
    seen: set[tuple[str, int]] = set()
    ended = False
    for place, line in lines:
        key = (line.case, line.sample) if isinstance(line, Record) else None
        if ended or isinstance(line, Run) or key in seen:
            raise RecordError(
                f"{path}:{place.number}: a second {_describe(line)}, or lines after the end"
            )
        if key:
            seen.add(key)
        ended = isinstance(line, End)
        yield place, line


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

    That of a compacted run is another one (`stored`), and read in the same way.

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
        for path in (named, records_file(named), records_file(folder / reference)):
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
    return in_order(records_files(folder))


def in_order(files: Iterable[Path]) -> list[tuple[Run | None, Path]]:
    """The same of records files, wherever they are."""
    decoder = msgspec.json.Decoder(Line)
    found: list[tuple[float, str, Run | None, Path]] = []
    for path in files:
        try:
            with stored(path) as lines:
                line = decoder.decode(next(lines.lines(), b""))
        except (msgspec.DecodeError, RecordError):
            line = None
        run = line if isinstance(line, Run) else None
        started = run.started if run else path.stat().st_mtime
        found.append((started, run.id if run else path.parent.name, run, path))
    found.sort(key=lambda one: (one[0], one[1], str(one[3])))
    return [(run, path) for _, _, run, path in found]


def _describe(line: Line) -> str:
    if isinstance(line, Record):
        return f"record of {line.case!r} sample {line.sample}"
    return type(line).__name__.lower()
