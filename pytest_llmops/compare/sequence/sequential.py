"""A gate that asks no more than it must: it looks after every batch and stops when it can.

The checks are those of the gate; `stopping` reads them by the stricter measure that keeps its error
rates over all looks of a session.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Collection, Sequence

import msgspec

from pytest_llmops.compare.answered import mixed_counts
from pytest_llmops.compare.checks import reasons
from pytest_llmops.compare.comparable import name_some
from pytest_llmops.compare.complete import require_complete, tokenless
from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.sequence.plan import Plan
from pytest_llmops.compare.sequence.stopping import Moment, Ruling, judge
from pytest_llmops.compare.values import Check, Interval
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Verdict


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A session after some of its batches."""

    verdict: Verdict
    stop: bool
    """Ask no more: there is a verdict, none is to be expected, or the plan is at its end."""
    interval: Interval
    """Ratio of output tokens; its one-sided 95 % bounds hold at every look."""
    checks: tuple[Check, ...]
    """Those of the gate but for errors; none where too many attempts crashed."""
    attempts: int
    planned: int
    tokens_spent: int
    """Output tokens of the candidate so far."""
    tokens_planned: float
    """What the whole plan would have spent, estimated: an attempt not made costs what the case cost
    the baseline on average, times how the attempts that were made compare with the same average."""
    ended: str
    """Why to ask no more although there is no verdict; "" where there is one, or more is asked."""
    reason: str
    """The same and what led to the verdict, for a person."""


def look(
    baseline: RecordedRun,
    records: Sequence[Record],
    plan: Plan,
    margins: Margins = DEFAULT_MARGINS,
) -> Look:
    """Judge a session after one of its batches.

    Args:
        baseline: The run to compare against, complete.
        records: Of the candidate: all attempts of the first batches of the plan, in any order.
        plan: What would be asked at most.
        margins: How much worse each metric may be.

    Raises:
        CompareError: The baseline is not complete, the records are not those of whole batches of
            the plan, not graded or without tokens, or a case is not in the baseline.
    """
    require_complete(baseline, "baseline")
    _refuse_unknown(plan, {record.case for record in baseline.records})
    moment = _moment(plan, records)
    seen = {record.case for record in records}
    before = [record for record in baseline.records if record.case in seen]
    crashed = sum(bool(record.error) for record in records)
    if crashed > margins.errors:
        ruling = Ruling(verdict="regressed", stop=True, checks=(), chance=1.0)
        ended, reason = "", f"{crashed} attempts crashed, {margins.errors} allowed"
    else:
        if why := mixed_counts(before, records):
            raise CompareError(f"output tokens cannot be judged: {why}")
        limit = baseline.run.identity.sampling.max_tokens
        paired = pair_records(before, records, limit=limit, listed=False)
        same = paired.identical and moment.partial
        if same:  # of the cases seen, which is no proof for the others
            paired = msgspec.structs.replace(paired, identical=False)
        rate = statistics.fmean(record.solved for record in baseline.records)
        ruling = judge(questions_of(paired, margins, rate), moment, hopeful=same)
        ended, reason = _ended(ruling, moment), reasons(ruling.checks, ruling.verdict)
    spent, planned = _tokens(baseline.records, records, plan)
    return Look(
        verdict=ruling.verdict,
        stop=ruling.stop,
        interval=ruling.checks[-1].change if ruling.checks else Interval(*[math.nan] * 3),
        checks=ruling.checks,
        attempts=len(records),
        planned=plan.attempts,
        tokens_spent=spent,
        tokens_planned=planned,
        ended=ended,
        reason=f"{ended}; {reason}" if ended else reason,
    )


def _moment(plan: Plan, records: Sequence[Record]) -> Moment:
    """The look that these records are for."""
    _refuse_unusable(records)
    keys, asked = {(record.case, record.sample) for record in records}, set[tuple[str, int]]()
    batches = 0
    while len(asked) < len(keys) and batches < len(plan.batches):
        asked.update(plan.batches[batches])
        batches += 1
    if keys != asked or not keys:
        _refuse(keys, asked)
    seen = len({case for case, _ in keys})
    return Moment(
        time=plan.times[batches - 1],
        times=plan.times,
        cases=plan.cases,
        partial=seen < plan.cases,
    )


def _refuse_unusable(records: Sequence[Record]) -> None:
    """Refuse what would silently drop out of a check."""
    if len({(record.case, record.sample) for record in records}) < len(records):
        raise CompareError("an attempt was recorded twice, so there is no verdict")
    if ungraded := {r.case for r in records if r.grade is None and not r.error}:
        raise CompareError(f"{len(ungraded)} cases are not graded: {name_some(ungraded)}")
    if reason := tokenless(records):
        raise CompareError(reason)


def _refuse(keys: Collection[tuple[str, int]], asked: Collection[tuple[str, int]]) -> None:
    strange = {case for case, _ in set(keys) ^ set(asked)}
    raise CompareError(
        f"{len(keys)} attempts are not those of whole batches of the plan: they differ in "
        f"{name_some(strange)}; look after a batch has ended"
    )


def _refuse_unknown(plan: Plan, known: Collection[str]) -> None:
    planned = {case for batch in plan.batches for case, _ in batch}
    if unknown := planned - set(known):
        raise CompareError(
            f"{len(unknown)} cases are not in the baseline: {name_some(unknown)}; run it again"
        )


def _tokens(baseline: Sequence[Record], records: Sequence[Record], plan: Plan) -> tuple[int, float]:
    """Output tokens spent, and what the whole plan would have spent."""
    counts = defaultdict(list)
    for record in baseline:
        counts[record.case].append(record.usage.output if record.usage else 0)
    usual = {case: math.fsum(found) / len(found) for case, found in counts.items()}
    spent = sum(record.usage.output for record in records if record.usage)
    made = math.fsum(usual[record.case] for record in records)
    whole = math.fsum(usual[case] for batch in plan.batches for case, _ in batch)
    return spent, spent * whole / made if made else math.nan


def _ended(ruling: Ruling, moment: Moment) -> str:
    if ruling.verdict != "undecided" or not ruling.stop:
        return ""
    if moment.last:
        return "the plan is at its end"
    return f"the rest of the plan has a chance of {ruling.chance:.0%} to decide"
