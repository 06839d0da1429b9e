"""JSON documents and lines of JSON, with an error that names the file.

Harnesses in Python write NaN and infinities as `NaN` and `Infinity`, which are no JSON: Inspect for
a sample that is not scored, for example. They are read as such.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.errors import RecordError

Document = dict[str, Any]


def decoded(content: bytes, where: object) -> Document:
    """Decode one document.

    Args:
        content: Its text.
        where: Where it stands, for the message.

    Raises:
        RecordError: It is not JSON, or no object.
    """
    try:
        return msgspec.json.decode(content, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _python_written(content, RecordError(f"{where}: not JSON: {error}"))


def _python_written(content: bytes, otherwise: RecordError) -> Document:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        raise otherwise from None
    if not isinstance(found, dict):
        raise otherwise
    return found


def document(path: Path) -> Document:
    """Read a file that is one document.

    Raises:
        RecordError: It cannot be read, or is not JSON.
    """
    return decoded(content_of(path), path)


def lines(path: Path) -> Iterator[Document]:
    """Read a file of one document per line; one that breaks off is refused.

    Raises:
        RecordError: It cannot be read, or a line is not JSON.
    """
    for number, line in enumerate(content_of(path).splitlines(), start=1):
        yield decoded(line, f"{path}:{number}")


def content_of(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        RecordError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: cannot be read: {error.strerror}") from None
