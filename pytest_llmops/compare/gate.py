"""One run against another: every check, the effects beside them, and the verdict.

Order of the checks: errors, truncation, solve rate, output tokens. A crash says nothing about the
model; truncated answers hide their length; tokens saved by not solving are not saved. A regressed
check anywhere makes the comparison regressed; without one, an undecided check makes it undecided.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pytest_llmops.compare.answered import served_notes
from pytest_llmops.compare.comparable import (
    differences,
    refuse_incomparable,
    refuse_same,
    what_differs,
)
from pytest_llmops.compare.complete import require_complete
from pytest_llmops.compare.dollars import UNPRICED, dollars_per_solved
from pytest_llmops.compare.estimates.bootstrap import cost_of_pass, cost_of_pass_ratio
from pytest_llmops.compare.estimates.effects import cluster_sums
from pytest_llmops.compare.judging import judge
from pytest_llmops.compare.margins import DEFAULT_MARGINS, Margins
from pytest_llmops.compare.metrics import Chosen, Metric, choose
from pytest_llmops.compare.paired import Paired
from pytest_llmops.compare.questions import notes_of
from pytest_llmops.compare.values import Check, Comparison, Interval
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Verdict

__all__ = ["Margins", "compare_runs"]

MAJORITY = 0.5
"""A case counts as solved where more of its attempts are."""


def compare_runs(  # noqa: PLR0913 - the last two are given by name
    baseline: RecordedRun,
    candidate: RecordedRun,
    margins: Margins = DEFAULT_MARGINS,
    metrics: Sequence[Metric] = (),
    *,
    itself: bool = False,
    listed: bool = True,
) -> Comparison:
    """Compare two recorded runs; equal runs in any order of records give equal results.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        margins: How much worse each metric may be.
        metrics: What to judge; by default all that these two can be compared by.
        itself: Whether a run may be held against itself, as in the first row of a table.
        listed: Whether to list the cases, which a verdict alone does not need.

    Raises:
        CompareError: A run is not complete, or the two are not comparable; says why.
    """
    cases = (
        require_complete(baseline, "baseline"),
        require_complete(candidate, "candidate", errors=True),
    )
    refuse_incomparable(baseline.run, candidate.run, cases=cases)
    del cases
    if not itself:
        refuse_same(baseline.run, candidate.run)
    chosen = choose(baseline, candidate, metrics)
    found = judge(baseline, candidate, margins, chosen, listed=listed)
    paired, effects = found.paired, found.effects
    checks = (_errors(candidate.records, margins.errors), *found.checks)
    notes = [*_what(baseline, candidate), *chosen.left_out]
    notes += differences(baseline.run, candidate.run)
    notes += served_notes(baseline, candidate)
    notes += _told(notes_of(paired, found.questions, effects), chosen)
    before, after = (paired.solved > MAJORITY).T
    spent, solves = paired.spent.sum(axis=0), (paired.solved * paired.samples).sum(axis=0)
    dollars, dollars_ratio = dollars_per_solved(baseline, candidate) if listed else UNPRICED
    return Comparison(
        baseline=baseline.run,
        candidate=candidate.run,
        verdict=overall(checks),
        checks=checks,
        effects=effects,
        cost_of_pass=(cost_of_pass(spent[0], solves[0]), cost_of_pass(spent[1], solves[1])),
        cost_of_pass_ratio=_cost_ratio(paired),
        dollars=dollars,
        dollars_ratio=dollars_ratio,
        cases=len(before),
        gained=int((after & ~before).sum()),
        lost=int((before & ~after).sum()),
        pairs=paired.pairs,
        notes=tuple(notes),
    )


def _what(baseline: RecordedRun, candidate: RecordedRun) -> Iterator[str]:
    records = baseline.records, candidate.records
    if what := what_differs(baseline.run, candidate.run, records):
        yield f"what differs: {what}"


def _told(notes: Iterable[str], chosen: Chosen) -> Iterator[str]:
    """The notes, but for those on output tokens where these are no common unit."""
    for note in notes:
        if "output tokens" in chosen.judged or "output tokens" not in note:
            yield note


def overall(checks: Sequence[Check]) -> Verdict:
    """Regressed if any check is, else undecided if any is, else held."""
    found = {check.verdict for check in checks}
    if "regressed" in found:
        return "regressed"
    return "undecided" if "undecided" in found else "held"


def _errors(records: Sequence[Record], allowed: int) -> Check:
    """Crashes of the candidate; the baseline has none, or it would have been refused."""
    crashed = [record for record in records if record.error]
    count = len(crashed)
    reason = f"{count} attempts crashed, {allowed} allowed"
    if crashed:
        first = crashed[0]
        reason += f"; first: {first.case} sample {first.sample}: {first.error}"
    return Check(
        name="errors",
        verdict="held" if count <= allowed else "regressed",
        unit="count",
        baseline=0,
        candidate=count,
        change=Interval(count, count, count),
        margin=allowed,
        p=math.nan,
        level=math.nan,
        detectable=math.nan,
        reason=reason,
    )


def _cost_ratio(paired: Paired) -> Interval:
    solves = paired.solved * paired.samples
    if not paired.spent.any():  # the logs of some harnesses tell no tokens
        return Interval(math.nan, math.nan, math.nan)
    columns = (paired.spent[:, 0], solves[:, 0], paired.spent[:, 1], solves[:, 1])
    sums = [cluster_sums(column, paired.clusters) for column in columns]
    return cost_of_pass_ratio(np.column_stack(sums))
