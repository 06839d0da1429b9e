"""What mining says when it is done: how many cases, and what was left out for which reasons.

For a person a table by reason, each with the first that was left out, what was said of it and what
to do; for a program all of it as JSON.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from pytest_llmops.cases import DIFFICULTIES, SPLITS, Case, Suite
from pytest_llmops.mining.mine import Mined
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
        yield from _block(row)
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


def _block(row: Row) -> Iterator[str]:
    """One row of the table; its texts are too long for columns."""
    yield f"{row.number:5} {row.kind}{'s' * (row.number > 1)}: {row.reason}"
    yield f"      {'first' if row.number > 1 else 'it is'}: {row.first}" + (
        f": {row.message}" if row.message else ""
    )
    if row.remedy:
        yield f"      to do: {row.remedy}"


def _line(one: Rejection) -> str:
    return f"left out: {': '.join(filter(None, (one.name, one.reason, one.detail)))}"
