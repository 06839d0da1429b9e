"""Runs compacted: the JSON lines of a run as Parquet, a fraction of the size, and back.

What is written is on disk, under its own name and read back with the digest of what it was made
of, before the other file is removed. So whatever breaks this off leaves a whole file, or both; of
both the JSON lines count, and compacting again ends it.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from pytest_llmops.errors import RecordError, naming_extras
from pytest_llmops.runs.digests import without_digests
from pytest_llmops.runs.lines import decoded_lines, the_run
from pytest_llmops.runs.record import RECORDS, End, Run
from pytest_llmops.runs.stored import (
    COLUMN,
    COMPACTED,
    GROUP,
    METADATA,
    Compacted,
    Contents,
    is_compacted,
)

LEVEL = 15
"""Of Zstandard: above it takes much longer and saves little."""

TAIL = 2**20
"""Bytes at the end of a file among which its last line is looked for."""


def compact(path: Path) -> Path:
    """Write the JSON lines of a run as Parquet, and remove them.

    Returns:
        The new file, in the same folder.

    Raises:
        RecordError: The run has no end, so it may go on; or a file cannot be read or written. The
            JSON lines are as they were then.
        MissingExtraError: pyarrow is not installed.
    """
    if is_compacted(path):
        raise RecordError(f"{path}: is compacted already; `llmops compact --undo` writes its lines")
    if path.name != RECORDS:
        raise RecordError(f"{path}: not the {RECORDS} of a recorded run; only those are compacted")
    with naming_extras():
        import pyarrow  # noqa: F401, PLC0415 - an extra, and no error of the file
    _refuse_unended(path)

    def write(file: IO[bytes]) -> None:
        with path.open("rb") as lines:
            written = _write_parquet(lines, file)
        file.flush()
        file.seek(0)
        _check(path, Compacted(path, file), written)

    return _replaced(path, path.with_name(COMPACTED), write)


def expand(path: Path) -> Path:
    """Write the JSON lines of a compacted run as they were, byte for byte, and remove the Parquet.

    Returns:
        The new file, in the same folder.

    Raises:
        RecordError: The run is not compacted, or its lines are not what its digest says; or a file
            cannot be read or written. The compacted run is as it was then.
        MissingExtraError: pyarrow is not installed.
    """
    if not is_compacted(path):
        raise RecordError(f"{path}: is not compacted")

    def write(file: IO[bytes]) -> None:
        with path.open("rb") as rows:
            found = Compacted(path, rows)
            _check(path, found, found.contents.sha256, write=file.write)

    return _replaced(path, path.with_name(RECORDS), write)


def _refuse_unended(path: Path) -> None:
    the_run(path, decoded_lines(path, Run))
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - TAIL))
        last = file.read().rstrip(b"\n").rpartition(b"\n")[2]
    try:
        msgspec.json.decode(last, type=End)
    except msgspec.DecodeError:
        raise RecordError(
            f"{path}: its session was interrupted or still goes on; only runs that have ended are "
            "compacted"
        ) from None


def _write_parquet(lines: Iterable[bytes], file: IO[bytes]) -> str:
    """Write rows of lines; return the SHA-256 of the lines."""
    import pyarrow as arrow  # noqa: PLC0415 - an extra
    from pyarrow import parquet  # noqa: PLC0415

    schema = arrow.schema([arrow.field(COLUMN, arrow.binary(), nullable=False)])
    digest, starts, size = hashlib.sha256(), [], 0
    options: dict[str, Any] = {
        "compression": "zstd",
        "compression_level": LEVEL,
        "store_schema": False,  # nothing that Parquet itself does not say
        "use_dictionary": False,
        "write_statistics": False,
        "data_page_size": 2 * GROUP,  # all of a group in one page
        "write_page_checksum": True,
    }
    with parquet.ParquetWriter(file, schema, **options) as writer:
        for group in _groups(lines):
            starts.append(size)
            for line in group:
                digest.update(line)
                size += len(line)
            rows = arrow.array(map(without_digests, group), arrow.binary())
            table = arrow.table([rows], schema=schema)
            writer.write_table(table, row_group_size=len(group))
        contents = Contents(sha256=digest.hexdigest(), size=size, starts=tuple(starts))
        writer.add_key_value_metadata({METADATA: msgspec.json.encode(contents)})
    return digest.hexdigest()


def _groups(lines: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The first line alone, then as many as fill a group."""
    group: list[bytes] = []
    held = GROUP
    for line in lines:
        group.append(line)
        held += len(line)
        if held >= GROUP:
            yield group
            group, held = [], 0
    if group:
        yield group


def _check(
    path: Path, found: Compacted, wanted: str, *, write: Callable[[bytes], object] | None = None
) -> None:
    """Read all lines of a compacted run, and refuse others than those it was made of."""
    digest = hashlib.sha256()
    for line in found.lines():
        digest.update(line)
        if write:
            write(line)
    if digest.hexdigest() != wanted:
        raise RecordError(
            f"{path}: its lines have SHA-256 {digest.hexdigest()} and should have {wanted}; "
            "nothing was changed"
        )


def _replaced(old: Path, new: Path, write: Callable[[IO[bytes]], None]) -> Path:
    """Have a new file take the place of an old one, in this order, so that nothing is lost."""
    part = new.with_name(f".{new.name}.part")
    try:
        with part.open("w+b") as file:
            write(file)
            file.flush()
            shutil.copystat(old, part)
            os.fsync(file.fileno())
        part.replace(new)
        _sync_folder(new.parent)
        old.unlink()
    except OSError as error:
        raise RecordError(f"{new}: cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)
    return new


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
