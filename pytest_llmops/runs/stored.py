"""The bytes of a run as they lie on disk: JSON lines, or the same lines compacted into Parquet.

Everything that reads a run reads it through here, so all of it knows both. Places in a run are
those of its JSON lines, also where it is compacted: a reader that follows a file by offsets, as
delivery and viewer do, needs to know nothing of it.

A compacted run has one row a line, in one column `line`, with Zstandard. Its first group of rows
holds the first line alone, since lists of runs read no other; the others hold `GROUP` bytes each,
in one page, so that whatever texts have in common is within reach of the compression. Digests that
the texts of a line tell are left out (`digests`).
"""

import io
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

import msgspec

from pytest_llmops.errors import MissingExtraError, RecordError, naming_extras
from pytest_llmops.runs.digests import with_digests
from pytest_llmops.runs.record import RECORDS

COMPACTED = "records.parquet"
"""What the file of a compacted run is called, beside where its JSON lines were."""

COLUMN = "line"
GROUP = 2**23
"""Bytes of lines in a group of rows, about; a reader holds one group."""

METADATA = b"llmops"
"""Key of what the file says of itself, a `Contents` in JSON."""


COMPACTED_FORMAT = 2
"""Version of compacted runs. Those of version 1 have all digests (`digests`), and are read too."""


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a compacted run says of the JSON lines that it was made of."""

    format: int = COMPACTED_FORMAT
    sha256: str
    size: int
    """Bytes."""
    starts: tuple[int, ...]
    """The byte at which each group of rows begins."""


class Stored(Protocol):
    """A run on disk, opened."""

    def lines(self, at: int = 0) -> Iterator[bytes]:
        """The lines from a byte on, at which one must begin."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two places."""


@contextmanager
def stored(path: Path) -> Iterator[Stored]:
    """Open the file of a run, of either kind.

    Raises:
        RecordError: It cannot be read, or is no compacted run though its name ends like one's.
        MissingExtraError: It is compacted, and pyarrow is not installed.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from None
    with file:
        yield Compacted(path, file) if is_compacted(path) else _Plain(path, file)


def is_compacted(path: Path) -> bool:
    """Whether a file is a compacted run, by its name."""
    return path.suffix == Path(COMPACTED).suffix


def records_file(folder: Path) -> Path:
    """The file that a run has, or would have, in its folder.

    Where both kinds are there, compacting was broken off, and the JSON lines count.
    """
    plain, compacted = folder / RECORDS, folder / COMPACTED
    return compacted if compacted.is_file() and not plain.is_file() else plain


def records_files(runs: Path) -> list[Path]:
    """The files of all runs in a folder of runs, sorted."""
    folders = {path.parent for name in (RECORDS, COMPACTED) for path in runs.glob(f"*/{name}")}
    return sorted(map(records_file, folders))


class _Plain:
    """JSON lines."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file

    def lines(self, at: int = 0) -> Iterator[bytes]:
        try:
            self._file.seek(at)
            yield from self._file
        except OSError as error:
            raise RecordError(f"{self._path}: cannot be read: {error.strerror}") from None

    def read(self, start: int, end: int) -> bytes:
        try:
            self._file.seek(start)
            return self._file.read(end - start)
        except OSError as error:
            raise RecordError(f"{self._path}: cannot be read: {error.strerror}") from None


class Compacted:
    """A compacted run; it holds the group of rows that was read last."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        """Read what the file says of itself.

        Raises:
            RecordError: It is no compacted run, or one of another version.
            MissingExtraError: pyarrow is not installed.
        """
        try:
            with naming_extras():
                from pyarrow import parquet  # noqa: PLC0415 - an extra, for compacted runs alone
        except MissingExtraError as error:
            raise MissingExtraError(f"{path}: is a compacted run; {error}") from None

        self._path = path
        with self._readable():
            self._file: Any = parquet.ParquetFile(file, page_checksum_verification=True)
            self.contents = _contents(path, self._file.metadata.metadata)
        self._group, self._held = -1, b""

    def lines(self, at: int = 0) -> Iterator[bytes]:
        """The lines from a byte on, at which one must begin."""
        starts = self.contents.starts
        for group in range(self._group_of(at), len(starts)):
            held = io.BytesIO(self._read(group))
            held.seek(max(0, at - starts[group]))
            yield from held

    def read(self, start: int, end: int) -> bytes:
        """The bytes of a line between its two places."""
        group = self._group_of(start)
        first = self.contents.starts[group]
        return self._read(group)[start - first : end - first]

    def _group_of(self, at: int) -> int:
        return bisect_right(self.contents.starts, at) - 1

    def _size(self, group: int) -> int:
        starts = (*self.contents.starts, self.contents.size)
        return starts[group + 1] - starts[group]

    def _read(self, group: int) -> bytes:
        if group != self._group:
            self._held = b""  # before the next is read: one is held, not two
            with self._readable():
                rows = self._file.read_row_group(group, columns=[COLUMN], use_threads=False)
                (column,) = rows.column(COLUMN).chunks
                self._held = b"".join(with_digests(row.as_py()) for row in column)
            if len(self._held) != self._size(group):
                raise RecordError(f"{self._path}: does not have the lines that it was made of")
            self._group = group
        return self._held

    @contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, TypeError, KeyError) as error:  # as pyarrow's errors are
            said = str(error).splitlines()[0]
            raise RecordError(f"{self._path}: cannot be read as a compacted run: {said}") from None


def _contents(path: Path, metadata: dict[bytes, bytes] | None) -> Contents:
    if not metadata or METADATA not in metadata:
        raise RecordError(f"{path}: not a compacted run; those are what `llmops compact` writes")
    found = msgspec.json.decode(metadata[METADATA], type=Contents)
    if found.format > COMPACTED_FORMAT:
        raise RecordError(
            f"{path}: compacted in format {found.format}; this version reads formats up to "
            f"{COMPACTED_FORMAT}"
        )
    return found
