"""Which harness wrote a log, and the run that it tells of."""

from collections.abc import Callable
from pathlib import Path

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.imports.assembly import Log
from pytest_llmops.imports.harbor import RESULT, read_harbor
from pytest_llmops.imports.inspect import read_inspect
from pytest_llmops.runs.record import RECORDS

HARNESSES: dict[str, Callable[..., Log]] = {"inspect": read_inspect, "harbor": read_harbor}
"""Readers by the name that `llmops import` knows."""


class _Head(msgspec.Struct):
    """What tells a JSON log of Inspect from other documents."""

    eval: dict[str, object] = {}


def harness_of(path: Path) -> str:
    """Which harness wrote what lies there; "" where none that is known did."""
    if path.is_dir():
        both = (path / RECORDS).is_file()
        return "harbor" if (path / RESULT).is_file() and not both else ""
    if path.suffix == ".eval" and path.is_file():
        return "inspect"
    if path.suffix == ".json" and path.is_file():
        try:
            head = msgspec.json.decode(path.read_bytes(), type=_Head)
        except msgspec.DecodeError:
            return ""
        return "inspect" if "eval_id" in head.eval else ""
    return ""


def read_log(path: Path, harness: str = "", *, scorer: str = "") -> Log:
    """Read a log.

    Args:
        path: A file, or the folder of a job.
        harness: Which one wrote it; by default it is told from the log.
        scorer: Which score judges, where there are several.

    Raises:
        RecordError: It is none, or cannot be read.
    """
    if not path.exists():
        raise RecordError(f"{path}: no such file or folder")
    name = harness or harness_of(path)
    if name not in HARNESSES:
        raise RecordError(f"{path}: not a log of {' or '.join(HARNESSES)}")
    return HARNESSES[name](path, scorer=scorer)
