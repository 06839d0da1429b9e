"""Whether a recorded run holds all that it set out to measure."""

import math
import sys
from collections import Counter
from collections.abc import Iterable

import msgspec

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record
from pytest_llmops.runs.unanswered import endpoint_fault

MIN_CASES = 20
"""Fewer cases get no verdict: one of them would move a rate by more than five points, and a mean of
so few is not yet near a normal distribution, on which the t interval rests."""


def require_complete(found: RecordedRun, role: str, *, errors: bool = False) -> set[str]:
    """Refuse a run that was interrupted, is incomplete, ungraded, too small or without tokens.

    Args:
        found: The run.
        role: What the message calls it: `baseline`, `candidate`.
        errors: Accept attempts that the harness could not complete; the gate counts them.

    Returns:
        Its cases.

    Raises:
        CompareError: Says what is missing, of how many, and names cases.
    """
    seen = _look_at(found.records)
    reason = (
        _unfinished(found, seen)
        or ("" if errors else _crashed(seen))
        or (_ungraded(found, seen) if not found.run.harness or seen.graded else "")
        or (_silent(seen.silent) if not found.run.harness or seen.counted else "")
        or _small(seen)
    )
    if reason:
        raise CompareError(f"{role} {found.run.id} ({found.path}): {reason}")
    return seen.cases


class _Seen(msgspec.Struct):
    """What one pass over the records tells."""

    cases: set[str]
    twice: Counter[tuple[str, int]]
    """Attempts that were recorded before."""
    crashed: set[str]
    errors: list[str]
    ungraded: set[str]
    silent: set[str]
    """Cases with an answer that has no output tokens."""
    graded: bool = False
    """Whether any attempt is; the logs of some harnesses tell of none whether it is right."""
    counted: bool = False
    """Whether any has token counts; some logs tell of none what it took."""


def _look_at(records: Iterable[Record]) -> _Seen:
    seen = _Seen(set(), Counter(), set(), [], set(), set())
    keys: set[tuple[str, int]] = set()
    for record in records:
        case = sys.intern(record.case)  # runs of the same cases hold their names once
        seen.cases.add(case)
        if (case, record.sample) in keys:
            seen.twice[case, record.sample] += 1
        keys.add((case, record.sample))
        seen.graded = seen.graded or record.grade is not None
        seen.counted = seen.counted or record.usage is not None
        if record.error:
            seen.crashed.add(case)
            seen.errors.append(record.error)
            continue
        if record.grade is None:
            seen.ungraded.add(case)
        if not has_tokens(record):
            seen.silent.add(case)
    return seen


def has_tokens(record: Record) -> bool:
    """Whether the attempt has a positive, finite number of output tokens."""
    return record.usage is not None and 0 < record.usage.output < math.inf


def _unfinished(found: RecordedRun, seen: _Seen) -> str:
    records, attempts = len(found.records), found.run.attempts
    if part := found.run.part:
        return f"it is shard {part.shard} of a run; put all of them together first (llmops merge)"
    if found.end is None:
        return f"it was interrupted or still goes on, with {records} of {attempts} attempts"
    if found.end.decided_after is not None:
        return (
            f"a sequential gate ended it after {found.end.decided_after} of {attempts} attempts, "
            "which only that gate can judge"
        )
    if records != attempts:
        return f"it has {records} records for {attempts} attempts; run it again"
    if seen.twice:
        (case, sample), count = seen.twice.most_common(1)[0]
        return f"{case} sample {sample} was recorded {count + 1} times"
    return ""


def _crashed(seen: _Seen) -> str:
    if not seen.errors:
        return ""
    names = name_some(seen.crashed)
    first = endpoint_fault(seen.errors[0]) or seen.errors[0]
    return f"{len(seen.errors)} attempts crashed: {names}; first: {first}; run it again"


def _ungraded(found: RecordedRun, seen: _Seen) -> str:
    if not seen.ungraded:
        return ""
    return (
        f"{len(seen.ungraded)} cases are not graded: {name_some(seen.ungraded)}; grade their "
        f"answers with --model=replay:{found.run.id}"
    )


def tokenless(records: Iterable[Record]) -> str:
    """Why no ratio of tokens can be had of records; "" where one can."""
    return _silent({r.case for r in records if not (has_tokens(r) or r.error)})


def _silent(cases: set[str]) -> str:
    if not cases:
        return ""
    return (
        f"{len(cases)} cases have an answer without output tokens: {name_some(cases)}; the "
        "server counts wrongly or answers nothing, and a ratio to 0 has no meaning"
    )


def _small(seen: _Seen) -> str:
    if len(seen.cases) >= MIN_CASES:
        return ""
    return f"{len(seen.cases)} cases are too few for a verdict; at least {MIN_CASES} are needed"
