"""The figures of a run, in a file beside its records; they can be computed again at any time."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.quality.tools import versions
from pytest_llmops.quality.values import Measured
from pytest_llmops.runs.run import Run

QUALITY = "quality.jsonl"
FORMAT = 1
"""Version of the lines, and of the formulas behind them; a reader refuses others."""


class Measuring(msgspec.Struct, frozen=True, kw_only=True, tag="measuring"):
    """The first line: of which run the figures are, and what measured them."""

    format: int = FORMAT
    run: str
    """Its id."""
    measured: float
    """Unix time, seconds."""
    tools: dict[str, str]
    """Versions, by name."""
    attempts: int
    """Lines that follow."""


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file of figures, read."""

    head: Measuring
    attempts: tuple[Measured, ...]


def store(records_file: Path, run: Run, attempts: Sequence[Measured]) -> Path:
    """Write the figures of a run, in the place of earlier ones, at once or not at all.

    Raises:
        RecordError: The file cannot be written.
    """
    path = records_file.parent / QUALITY
    head = Measuring(run=run.id, measured=time.time(), tools=versions(), attempts=len(attempts))
    lines = b"".join(msgspec.json.encode(line) + b"\n" for line in (head, *attempts))
    part = path.with_name(f".{QUALITY}.{os.getpid()}.part")
    try:
        part.write_bytes(lines)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from None
    return path


def stored(records_file: Path, run: Run) -> Written | None:
    """Read the figures of a run; None where nobody has measured it.

    Raises:
        RecordError: The file is broken, or of another version; says how it is made again.
    """
    path = records_file.parent / QUALITY
    try:
        first, *rest = path.read_bytes().splitlines()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise RecordError(f"{path}: {getattr(error, 'strerror', None) or 'is empty'}") from None
    again = f"make it again: llmops quality {run.id}"
    head = _decoded(path, first, Measuring, again)
    if head.run != run.id:
        return None  # beside a baseline, say, which has no folder of its own
    if head.format != FORMAT:
        found = f"format {head.format}; this version reads {FORMAT} only"
        raise RecordError(f"{path}: {found}; {again}")
    if head.attempts != len(rest):
        raise RecordError(f"{path}: {len(rest)} of {head.attempts} lines; {again}")
    return Written(head=head, attempts=tuple(_decoded(path, x, Measured, again) for x in rest))


def _decoded(path: Path, line: bytes, kind: Any, again: str) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError as error:
        raise RecordError(f"{path}: not a file of code quality: {error}; {again}") from None
