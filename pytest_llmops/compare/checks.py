"""The verdict on each gated metric, from its estimate, its bounds and its margin.

Upwards is worse, whatever the metric. A metric has

    regressed   where it is significantly worse (p < 0.05 after Holm) and the estimate is beyond the
                margin;
    held        where the upper 95 % bound is within the margin;
    undecided   otherwise.

The first two exclude each other, because the estimate is not above its upper bound. Holm keeps the
chance of a false "regressed" anywhere at 5 %. "Held" needs no correction: the gate holds only where
every metric does, so a candidate that is beyond one margin passes with that one's 5 % at most
(Berger 1982, "Multiparameter hypothesis testing and acceptance sampling").
"""

import math
from collections.abc import Sequence
from typing import Literal, Protocol

import msgspec

from pytest_llmops.compare.effects import Mean
from pytest_llmops.compare.holm import holm, holm_levels
from pytest_llmops.compare.pairing import Floats
from pytest_llmops.compare.power import cases_needed, detectable, samples_needed
from pytest_llmops.compare.values import Check, Interval
from pytest_llmops.runs.record import Verdict

ALPHA = 0.05


class Evidence(Protocol):
    """What is known of one change; `effects.Mean` and `rates.Worsening` are."""

    @property
    def p(self) -> float:
        """One-sided p-value of "worse"."""

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha."""

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at confidence 1 - alpha."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of two runs and how much worse it may be."""

    name: Literal["truncation", "solve rate", "output tokens"]
    sides: tuple[float, float]
    """The metric of baseline and candidate: a share, or geometric mean tokens."""
    margin: float
    """Upwards for worse; log units for tokens."""
    mean: Mean
    """The change, upwards for worse."""
    evidence: Evidence
    within: Floats
    """(n, 2) variance over the samples of a case; nan below two."""
    samples: Floats
    """(n, 2) attempts."""

    @property
    def unit(self) -> Literal["points", "ratio"]:
        """Of what a person is shown."""
        return "ratio" if self.name == "output tokens" else "points"

    def shown(self, worse: float) -> float:
        """Turn a value that rises for worse into candidate against baseline."""
        if self.name == "output tokens":
            return math.exp(worse)
        return 0.0 - worse if self.name == "solve rate" else worse


def decide(questions: Sequence[Question]) -> list[Check]:
    """Answer all questions together, in their order."""
    values = [question.evidence.p for question in questions]
    corrected = zip(holm(values), holm_levels(values, ALPHA), strict=True)
    return [
        _check(question, p_holm, level)
        for question, (p_holm, level) in zip(questions, corrected, strict=True)
    ]


def _check(question: Question, p_holm: float, level: float) -> Check:
    low, high = question.evidence.lower(level), question.evidence.upper(ALPHA)
    bounds = [question.shown(value) for value in (low, high)]
    verdict = _verdict(question, p_holm, high)
    found = detectable(question.mean.estimate - low, question.mean.error, question.margin)
    needed = _needed(question, low, high, level) if verdict == "undecided" else (None, None)
    return Check(
        name=question.name,
        verdict=verdict,
        unit=question.unit,
        baseline=question.sides[0],
        candidate=question.sides[1],
        change=Interval(min(bounds), question.shown(question.mean.estimate), max(bounds)),
        margin=question.shown(question.margin),
        p=question.evidence.p,
        p_holm=p_holm,
        detectable=question.shown(found),
        cases_needed=needed[0],
        samples_needed=needed[1],
        reason=_reason(question, verdict, low, high),
    )


def _verdict(question: Question, p_holm: float, high: float) -> Verdict:
    if p_holm < ALPHA and question.mean.estimate > question.margin:
        return "regressed"
    return "held" if high <= question.margin else "undecided"


def _needed(
    question: Question, low: float, high: float, level: float
) -> tuple[int | None, int | None]:
    """Cases, or samples a case, that would settle what was seen.

    Where the estimate is within the margin, the upper bound must come within it too; where it is
    beyond, the lower bound must leave 0.
    """
    mean, margin = question.mean, question.margin
    if mean.estimate <= margin:
        reach, alpha, gap = high - mean.estimate, ALPHA, margin - mean.estimate
    else:
        reach, alpha, gap = mean.estimate - low, level, mean.estimate
    cases = cases_needed(len(question.samples), reach, mean, alpha, gap)
    return cases, samples_needed(question.within, question.samples, mean, alpha, gap)


def _reason(question: Question, verdict: Verdict, low: float, high: float) -> str:
    change, worst, best, allowed = (
        shown(question.unit, question.shown(value))
        for value in (question.mean.estimate, high, low, question.margin)
    )
    if math.isnan(question.mean.estimate):
        return "no case has counts in both runs"
    if math.isnan(high):
        return f"{change}, but all cases are of one source file, which says nothing of others"
    if verdict == "regressed":
        return f"{change}, at best {best}, where {allowed} is allowed"
    if verdict == "held":
        return f"{change}, at worst {worst}, within the {allowed} allowed"
    return f"{change}, but {worst} cannot be ruled out, and {allowed} is allowed"


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
