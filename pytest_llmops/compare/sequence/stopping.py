"""When a sequential gate may stop, and with which verdict.

The rule is that of the gate (`checks.decide`: truncation, solve rate, output tokens); only the
evidence is read by the stricter measure of `boundary`, so that all looks together have the error
rates of one. The session stops at the first look where

    a check regressed                            regressed
    every check held                             held
    neither is likely to come any more           undecided
    the plan is at its end                       undecided

The third is a guess about the rest of the plan from what was seen. It ends sessions that would most
likely end undecided anyway; it can only turn a verdict into "undecided", so no error rate rises.
"""

import math
from collections.abc import Sequence

import msgspec
from scipy import special

from pytest_llmops.compare.checks import Evidence, Question, decide
from pytest_llmops.compare.estimates.effects import Mean
from pytest_llmops.compare.levels import ALPHA
from pytest_llmops.compare.sequence.boundary import SLOPE, anytime_p, nominal, start
from pytest_llmops.compare.values import Check
from pytest_llmops.runs.record import Verdict

FUTILE = 0.1
"""Below this chance of any verdict a session stops undecided. It costs about three points of power,
which one more sample in the plan makes up for, and saves a tenth to a fifth of the tokens where
nothing changed (`docs/calibration.md`)."""
FILES = 0.8
"""Level at which files that were not seen count at every look, of that of a single look. Looking
again at the same files is no new chance to miss a harmed one, so it need not be as strict as the
lines; the rest is for chance within the files seen (`gate_designs.py`: 6 % are wrong at 1)."""
LIMIT = 20.0
"""Bounds beyond this, in log units or shares, say nothing: a factor of 5e8; more would overflow."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """Where in its plan a session is."""

    time: float
    """The clock at this look."""
    times: tuple[float, ...]
    """The clock at all planned looks."""
    cases: int
    """Of the whole plan."""
    partial: bool
    """Whether some cases have not been seen at all."""

    @property
    def last(self) -> bool:
        """Whether the plan is at its end."""
        return self.time == self.times[-1]


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence that may be read at every look of a session."""

    evidence: Evidence
    mean: Mean
    moment: Moment

    def p_above(self, limit: float) -> float:
        """Anytime-valid, one-sided p-value of a change above `limit`."""
        return anytime_p(self.evidence.p_above(limit), self.moment.time, self.moment.times)

    def lower(self, alpha: float) -> float:
        """Lower bound that all looks together keep at confidence 1 - alpha."""
        bound = self.evidence.lower(self._level(alpha))
        return bound if abs(bound) < LIMIT else -math.inf

    def upper(self, alpha: float, files: float | None = None) -> float:
        """Upper bound that all looks together keep at confidence 1 - alpha.

        Cases that all agree so far say nothing about those not seen, so it is inf without spread.
        What no file has shown yet is bounded at a level of its own (`FILES`).
        """
        if self.moment.partial and self.mean.error == 0:
            return math.inf
        bound = self.evidence.upper(self._level(alpha), files or FILES * alpha)
        return bound if abs(bound) < LIMIT else math.inf

    def floor(self, alpha: float) -> float:
        """What the upper bound is above the estimate at least, at the end of the plan."""
        return self.evidence.floor(FILES * alpha)

    def _level(self, alpha: float) -> float:
        return nominal(alpha, self.moment.time, self.moment.times)


class Ruling(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at the checks says."""

    verdict: Verdict
    stop: bool
    checks: tuple[Check, ...]
    """Truncation, solve rate and output tokens; bounds and p-values hold at every look."""
    chance: float
    """Of a verdict by the end of the plan, at most; 1 where there is one."""


def judge(questions: Sequence[Question], moment: Moment, *, hopeful: bool = False) -> Ruling:
    """Answer the questions of the gate so that all looks together keep its error rates.

    Args:
        questions: Of the attempts so far.
        moment: Where in the plan they end.
        hopeful: Do not stop without a verdict before the plan is at its end.
    """
    watched = [
        msgspec.structs.replace(
            one, evidence=Watched(evidence=one.evidence, mean=one.mean, moment=moment)
        )
        for one in questions
    ]
    checks = tuple(decide(watched))
    found = {check.verdict for check in checks}
    if "regressed" in found or found == {"held"}:
        verdict: Verdict = "regressed" if "regressed" in found else "held"
        return Ruling(verdict=verdict, stop=True, checks=checks, chance=1.0)
    pairs = list(zip(watched, (check.level for check in checks), strict=True))
    chance = 1.0 if hopeful else _chance(pairs, moment)
    stop = moment.last or chance < FUTILE
    return Ruling(verdict="undecided", stop=stop, checks=checks, chance=chance)


def _chance(asked: Sequence[tuple[Question, float]], moment: Moment) -> float:
    """Of a verdict by the end of the plan: any check regressed, or all held.

    Given the estimate now, the one at the end is normal around it with the variance that the rest
    of the plan takes away, SE^2 (1 - time). Sums and minima of chances make it an upper bound, but
    that a path may leave the lines before the end and come back is left out.
    """
    pairs = [_chances(question, level, moment) for question, level in asked]
    return min(1.0, sum(worse for worse, _ in pairs) + min(held for _, held in pairs))


def _chances(question: Question, level: float, moment: Moment) -> tuple[float, float]:
    """Of "regressed" and of "held" at the end of the plan, for one metric."""
    mean = question.mean
    if not math.isfinite(mean.error):
        return 1.0, 1.0
    error = mean.error * math.sqrt(moment.time)
    spread = mean.error * math.sqrt(1 - moment.time)
    # What no number of samples brings nearer stands at a right angle to what they do (`needs`).
    reach = math.hypot((start(ALPHA, moment.times) + SLOPE) * error, question.evidence.floor(ALPHA))
    proof = (start(level, moment.times) + SLOPE) * error
    return (
        _above(mean.estimate - question.limit - proof, spread),
        _above(question.margin - reach - mean.estimate, spread),
    )


def _above(distance: float, spread: float) -> float:
    """P(Z > -distance / spread)."""
    if spread == 0:
        return float(distance >= 0)
    return float(special.ndtr(distance / spread))
