"""Whether a recorded run holds all that it set out to measure."""

import math
from collections import Counter
from collections.abc import Iterable

from pytest_llmops.compare.comparable import name_some
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record

MIN_CASES = 20
"""Fewer cases get no verdict: one of them would move a rate by more than five points, and a mean of
so few is not yet near a normal distribution, on which the t interval rests."""


def require_complete(found: RecordedRun, role: str, *, errors: bool = False) -> None:
    """Refuse a run that was interrupted, is incomplete, ungraded, too small or without tokens.

    Args:
        found: The run.
        role: What the message calls it: `baseline`, `candidate`.
        errors: Accept attempts that the harness could not complete; the gate counts them.

    Raises:
        CompareError: Says what is missing, of how many, and names cases.
    """
    reason = (
        _unfinished(found)
        or _crashed(found, accepted=errors)
        or (_ungraded(found) if _is_graded(found) else "")
        or (tokenless(found.records) if _counts_tokens(found) else "")
        or _small(found)
    )
    if reason:
        raise CompareError(f"{role} {found.run.id} ({found.path}): {reason}")


def _counts_tokens(found: RecordedRun) -> bool:
    """Whether a run tells tokens; the logs of some harnesses tell none, of any answer."""
    return not found.run.harness or any(record.usage for record in found.records)


def _is_graded(found: RecordedRun) -> bool:
    """Whether a run tells outcomes; the logs of some harnesses tell none, of any answer."""
    return not found.run.harness or any(record.grade for record in found.records)


def has_tokens(record: Record) -> bool:
    """Whether the attempt has a positive, finite number of output tokens."""
    return record.usage is not None and 0 < record.usage.output < math.inf


def _unfinished(found: RecordedRun) -> str:
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
    keys = Counter((record.case, record.sample) for record in found.records)
    if len(keys) < records:
        (case, sample), count = keys.most_common(1)[0]
        return f"{case} sample {sample} was recorded {count} times"
    return ""


def _crashed(found: RecordedRun, *, accepted: bool) -> str:
    crashed = [record for record in found.records if record.error]
    if accepted or not crashed:
        return ""
    names = name_some({record.case for record in crashed})
    return f"{len(crashed)} attempts crashed: {names}; first: {crashed[0].error}; run it again"


def _ungraded(found: RecordedRun) -> str:
    ungraded = {r.case for r in found.records if r.grade is None and not r.error}
    if not ungraded:
        return ""
    return (
        f"{len(ungraded)} cases are not graded: {name_some(ungraded)}; grade their answers with "
        f"--model=replay:{found.run.id}"
    )


def tokenless(records: Iterable[Record]) -> str:
    """Why no ratio of tokens can be had of records; "" where one can."""
    silent = {r.case for r in records if not (has_tokens(r) or r.error)}
    if not silent:
        return ""
    return (
        f"{len(silent)} cases have an answer without output tokens: {name_some(silent)}; the "
        "server counts wrongly or answers nothing, and a ratio to 0 has no meaning"
    )


def _small(found: RecordedRun) -> str:
    cases = len({record.case for record in found.records})
    if cases >= MIN_CASES:
        return ""
    return f"{cases} cases are too few for a verdict; at least {MIN_CASES} are needed"
