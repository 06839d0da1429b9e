"""The verdict on each gated metric, from its estimate, its bounds and its margin.

Upwards is worse, whatever the metric. A metric has

    regressed   where it is proved to be worse than its margin: the lower bound is beyond it;
    held        where it is proved not to be: the upper 95 % bound is within the margin;
    undecided   otherwise.

The levels of the lower bounds add up to 5 % over the checks (`levels`), so a candidate that is
within all margins is called regressed in 5 % at most. "Held" needs no correction: the gate holds
only where every metric does, so a candidate that is beyond one margin passes with that one's 5 % at
most (Berger 1982, "Multiparameter hypothesis testing and acceptance sampling").

With `proof="change"` a metric has regressed where it is proved to be worse at all, however little.
"""

import math
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from pytest_llmops.compare.estimates.effects import Mean
from pytest_llmops.compare.estimates.power import cases_needed, detectable, samples_needed
from pytest_llmops.compare.levels import ALPHA, RATES, levels
from pytest_llmops.compare.margins import Proof
from pytest_llmops.compare.paired import Floats
from pytest_llmops.compare.values import Check, CheckName, Interval
from pytest_llmops.runs.record import Verdict


class Evidence(Protocol):
    """What is known of one change: `effects.Mean`, `rates.Worsening`, `tokens.Longer`."""

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a change above `limit`."""

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha."""

    def upper(self, alpha: float, files: float | None = None) -> float:
        """One-sided upper bound at confidence 1 - alpha; `files` is the level of those not seen."""

    def floor(self, alpha: float) -> float:
        """What the upper bound is above the estimate at least, however many samples there are."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of two runs and how much worse it may be."""

    name: CheckName
    sides: tuple[float, float]
    """The metric of baseline and candidate: a share, or geometric mean tokens."""
    margin: float
    """Upwards for worse; log units for tokens."""
    proof: Proof = "margin"
    """What "regressed" proves."""
    method: str = ""
    """Which estimator judged, and why, where there is a choice."""
    mean: Mean
    """The change, upwards for worse."""
    evidence: Evidence
    within: Floats
    """(n, 2) variance over the samples of a case; nan below two."""
    samples: Floats
    """(n, 2) attempts."""

    @property
    def limit(self) -> float:
        """A change above it, proved, has regressed."""
        return self.margin if self.proof == "margin" else min(self.margin, 0.0)

    @property
    def unit(self) -> Literal["points", "ratio"]:
        """Of what a person is shown."""
        return "points" if self.name in RATES else "ratio"

    def shown(self, worse: float) -> float:
        """Turn a value that rises for worse into candidate against baseline."""
        if self.unit == "ratio":
            return math.exp(worse)
        return 0.0 - worse if self.name == "solve rate" else worse


def decide(questions: Sequence[Question]) -> list[Check]:
    """Answer all questions together, in their order."""
    shares = levels([question.name for question in questions])
    return [_check(question, level) for question, level in zip(questions, shares, strict=True)]


def _check(question: Question, level: float) -> Check:
    evidence, estimate = question.evidence, question.mean.estimate
    low, high = evidence.lower(level), evidence.upper(ALPHA)
    p = evidence.p_above(question.limit)
    bounds = [question.shown(value) for value in (low, high)]
    verdict: Verdict = "held" if high <= question.margin else "undecided"
    if p < level:
        verdict = "regressed"
    found = detectable(estimate - low, question.mean.error, question.limit)
    needed = _needed(question, low, high, level) if verdict == "undecided" else (None, None)
    return Check(
        name=question.name,
        verdict=verdict,
        unit=question.unit,
        baseline=question.sides[0],
        candidate=question.sides[1],
        change=Interval(min(bounds), question.shown(estimate), max(bounds)),
        margin=question.shown(question.margin),
        p=p,
        level=level,
        method=question.method,
        detectable=question.shown(found),
        cases_needed=needed[0],
        samples_needed=needed[1],
        reason=_reason(question, verdict, low, high),
    )


def _needed(
    question: Question, low: float, high: float, level: float
) -> tuple[int | None, int | None]:
    """Cases, or samples per case, that would settle what was seen.

    Where the estimate is within the margin, the upper bound must come within it too; where it is
    beyond, the lower bound must leave it.
    """
    mean, margin = question.mean, question.margin
    if mean.estimate <= margin:
        reach, alpha, gap = high - mean.estimate, ALPHA, margin - mean.estimate
        floor = question.evidence.floor(alpha)
    else:
        reach, alpha, gap = mean.estimate - low, level, mean.estimate - question.limit
        floor = 0.0
    cases = cases_needed(len(question.samples), reach, mean, alpha, gap)
    room = math.sqrt(max(0.0, gap**2 - floor**2))
    return cases, samples_needed(question.within, question.samples, mean, alpha, room)


def _reason(question: Question, verdict: Verdict, low: float, high: float) -> str:
    change, worst, best, allowed = (
        shown(question.unit, question.shown(value))
        for value in (question.mean.estimate, high, low, question.margin)
    )
    if math.isnan(question.mean.estimate):
        per_solved = question.name in {"cost per solved", "priced per solved"}
        return "a run solves nothing" if per_solved else "no case has counts in both runs"
    if math.isnan(high):
        return f"{change}, but all cases are of one source file, which says nothing of others"
    if verdict == "regressed" and low <= question.margin:
        return f"{change}, at best {best}, so worse than the baseline ({allowed} is allowed)"
    if verdict == "regressed":
        return f"{change}, at best {best}, where {allowed} is allowed"
    if verdict == "held":
        return f"{change}, at worst {worst}, within the {allowed} allowed"
    doubt = "nothing can be ruled out yet" if math.isinf(high) else f"{worst} cannot be ruled out"
    return f"{change}, but {doubt}, and {allowed} is allowed"


def reasons(checks: Sequence[Check], verdict: Verdict) -> str:
    """What led to the verdict: the checks that have it, with their reasons."""
    return "; ".join(
        f"{check.name} {check.verdict}: {check.reason}"
        for check in checks
        if check.verdict == verdict
    )


def shown(unit: str, value: float) -> str:
    """`1.034x`, `-1.9 points` or `3`."""
    if unit == "ratio":
        return f"{value:.3f}x"
    return f"{round(value * 100, 1) + 0.0:+.1f} points" if unit == "points" else f"{value:.0f}"
