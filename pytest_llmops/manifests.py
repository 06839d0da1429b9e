"""Manifests: files of JSON lines, one `Case` a line, sorted by id."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from pytest_llmops.cases import Case, Suite, read_manifest
from pytest_llmops.errors import CaseError


def load_cases(suite: Suite) -> list[Case]:
    """Read all manifests of a suite, sorted by id; a case without a day has that of the suite.

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
                cases[case.id] = replace(case, date=case.date or suite.date, **files)
    return [cases[name] for name in sorted(cases)]


def write_manifest(path: Path, cases: Iterable[Case]) -> None:
    """Write cases as JSON lines in the order of their ids, so that changes review as a diff.

    Raises:
        CaseError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = map(msgspec.json.encode, sorted(cases, key=lambda case: case.id))
        path.write_bytes(b"".join(line + b"\n" for line in lines))
    except OSError as error:
        raise CaseError(f"{path}: cannot be written: {error.strerror}") from None
