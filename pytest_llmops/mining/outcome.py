"""What mining says when it is done: how many cases, and what was left out for which reasons.

For a person a table by reason, each with the first that was left out, what was said of it and what
to do; for a program all of it as JSON.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from pytest_llmops.cases import DIFFICULTIES, SPLITS, Case, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.mined import Mined
from pytest_llmops.mining.refused import Rejection, Row, rows


def told(mined: Mined, *, every: bool = False) -> Iterator[str]:
    """Lines for a person.

    Args:
        mined: What was found.
        every: Name everything that was left out, each with its own reason.
    """
    yield counted(mined.cases)
    left_out = [*mined.unusable, *mined.rejections]
    if table := rows(left_out, mined.quarantine):
        yield "left out:"
    for row in table:
        yield from block(row)
    if every:
        yield from (_line(one) for one in sorted(left_out, key=lambda one: (one.path, one.symbol)))
        yield from (
            f"in quarantine: {one.path} > {one.title}: {one.detail}" for one in mined.quarantine
        )
    elif any(row.number > 1 for row in table):
        yield "--verbose names each of them with its reason"


def counted(cases: Sequence[Case]) -> str:
    """Cases by difficulty and split: `12 cases: 5 easy, 7 hard; 10 eval, 2 train`."""
    if not cases:
        return "no cases"
    levels, splits = (
        Counter(case.difficulty for case in cases),
        Counter(case.split for case in cases),
    )
    hard = ", ".join(f"{levels[one]} {one}" for one in DIFFICULTIES if levels[one])
    sides = ", ".join(f"{splits[split]} {split}" for split in SPLITS if splits[split])
    return f"{len(cases)} case{'s' * (len(cases) > 1)}: {hard}; {sides}"


def lines_of(lines: Sequence[Case]) -> str:
    """What a manifest has: `12 cases`, or `12 cases, 1 in quarantine`."""
    still = sum(bool(case.quarantine) for case in lines)
    count = len(lines) - still
    return f"{count} case{'s' * (count != 1)}" + (f", {still} in quarantine" if still else "")


def as_json(mined: Mined, suite: Suite, commit: str) -> bytes:
    """All of it, as JSON; the same bytes for the same outcome."""
    left_out = sorted([*mined.unusable, *mined.rejections], key=lambda one: (one.path, one.symbol))
    value: dict[str, Any] = {
        "suite": suite.name,
        "commit": commit,
        "cases": [case.id for case in mined.cases],
        "left_out": [{**msgspec.to_builtins(one), "remedy": one.remedy} for one in left_out],
        "quarantine": mined.quarantine,
    }
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def block(row: Row) -> Iterator[str]:
    """One row of the table; its texts are too long for columns."""
    yield f"{row.number:5} {row.kind}{'s' * (row.number > 1)}: {row.reason}"
    yield f"      {'first' if row.number > 1 else 'it is'}: {row.first}" + (
        f": {row.message}" if row.message else ""
    )
    if row.remedy:
        yield f"      to do: {row.remedy}"


def _line(one: Rejection) -> str:
    return f"left out: {': '.join(filter(None, (one.name, one.reason, one.detail)))}"


def check_writable(path: Path) -> None:
    """Say before an hour of mining rather than behind it that a report cannot be written."""
    was_there = path.exists()
    write_report(path, b"", mode="ab")
    if not was_there:
        path.unlink()


def write_report(path: Path, content: bytes, *, mode: Literal["wb", "ab"] = "wb") -> None:
    """Write a report and the folders above it.

    Raises:
        CaseError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(content)
    except OSError as error:
        cause = f"{error.strerror} ({error.filename})"
        raise CaseError(f"{path}: the report cannot be written: {cause}") from None
