"""Zip archives compressed by Zstandard, whose members `zipfile` of Python 3.11 can only list."""

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pytest_llmops.errors import RecordError

ZSTANDARD = 93
"""Number of the method in the archive format."""
HEADER = struct.Struct("<26xHH")
"""Of a member in the file: at its end the lengths of the name and of the extra field."""
LARGEST = 2**30
"""Bytes of a member, unpacked, beyond which it is refused."""


def members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Names and contents of an archive, in the order of its directory.

    Raises:
        RecordError: It is broken, or a member is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            for member in archive.infolist():
                if member.file_size > LARGEST:
                    raise RecordError(f"{path}: {member.filename}: larger than {LARGEST:,} bytes")
                packed = member.compress_type == ZSTANDARD
                content = _unpacked(file, member) if packed else archive.read(member)
                yield member.filename, content
    except (OSError, zipfile.BadZipFile, struct.error, NotImplementedError, ValueError) as error:
        raise RecordError(f"{path}: not a readable archive: {error}") from None


def _unpacked(file: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    import pyarrow  # noqa: PLC0415 - of an extra

    file.seek(member.header_offset)
    name, extra = HEADER.unpack(file.read(HEADER.size))
    file.seek(name + extra, 1)
    packed = file.read(member.compress_size)
    return bytes(pyarrow.decompress(packed, member.file_size, codec="zstd", asbytes=True))
