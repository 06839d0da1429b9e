"""Manifests: files of JSON lines, one `Case` a line, sorted by id."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from pytest_llmops.cases import Case, Suite, read_manifest
from pytest_llmops.errors import CaseError


def load_cases(suite: Suite) -> list[Case]:
    """The cases of a suite, sorted by id; one without a day has that of the suite.

    Raises:
        CaseError: See `load_all`.
    """
    every = (case for case in load_all(suite) if not case.quarantine)
    return [replace(case, date=case.date or suite.date) for case in every]


def load_all(suite: Suite) -> list[Case]:
    """Read all manifests of a suite, as they are: its cases and what is in quarantine, by id.

    Raises:
        CaseError: A line is no case of this suite, or its id occurs twice.
    """
    cases: dict[str, Case] = {}
    one = dict[Any, Any]().setdefault  # cases of a file share what names it, which is half of them
    for pattern in suite.manifests:
        for path in sorted(suite.root.glob(pattern)):
            for case in read_manifest(path):
                if case.id.partition(":")[0] != suite.name:
                    raise CaseError(f"{path}: case {case.id!r} is not of suite {suite.name!r}")
                if case.id in cases:
                    raise CaseError(f"{path}: case {case.id!r} occurs twice; ids are unique")
                files = {
                    "source": one(case.source, case.source),
                    "tests": one(case.tests, case.tests),
                }
                cases[case.id] = replace(case, **files)
    return [cases[name] for name in sorted(cases)]


def write_manifest(path: Path, cases: Iterable[Case]) -> None:
    """Write cases as JSON lines in the order of their ids, so that changes review as a diff.

    Raises:
        CaseError: The file cannot be written.
    """
    lines = map(msgspec.json.encode, sorted(cases, key=lambda case: case.id))
    _write(path, (line + b"\n" for line in lines))


def rewrite(suite: Suite, changed: Mapping[str, Case]) -> list[Path]:
    """Write lines of the manifests of a suite anew, by id; all others keep their bytes.

    Days stay as they are there.

    Returns:
        The files that were written.

    Raises:
        CaseError: A file cannot be read or written.
    """
    written = []
    for path in (path for one in suite.manifests for path in sorted(suite.root.glob(one))):
        before = path.read_bytes().splitlines(keepends=True)
        pairs = zip(before, read_manifest(path), strict=True)
        after = [
            msgspec.json.encode(replace(new, date=case.date)) + b"\n"
            if (new := changed.get(case.id))
            else line
            for line, case in pairs
        ]
        if after != before:
            _write(path, after)
            written.append(path)
    return written


def _write(path: Path, lines: Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines))
    except OSError as error:
        raise CaseError(f"{path}: cannot be written: {error.strerror}") from None
