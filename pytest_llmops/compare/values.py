"""The results of a comparison, as values that travel to gate, terminal and reports."""

import math
from typing import Literal

import msgspec

from pytest_llmops.runs.record import Run, Verdict

EXIT: dict[Verdict, int] = {"held": 0, "regressed": 1, "undecided": 6}
"""Exit status of a gate by its verdict; 2 to 5 are pytest's own, 3 for a session that broke."""


CheckName = Literal[
    "errors",
    "truncation",
    "solve rate",
    "output tokens",
    "priced tokens",
    "dollars",
    "code characters",
    "cost per attempt",
    "cost per solved",
    "priced per solved",
]

Tokens = Literal["output", "input", "total", "priced tokens", "dollars", "code characters"]


class Interval(msgspec.Struct, frozen=True):
    """An estimate between its bounds; all nan where nothing can be estimated."""

    low: float
    estimate: float
    high: float


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """How a token count changed: candidate over baseline, paired by case."""

    metric: Tokens
    ratio: Interval
    """Geometric mean over cases of the ratio of tokens, with its two-sided 95 % interval."""
    standard_error: float
    """Of the mean log ratio, clustered; natural-log units."""
    degrees: float
    """Of freedom: clusters less one, fewer where some are much larger than others."""
    clusters: int
    """Source files with counts in both runs."""
    p_increase: float
    """One-sided p-value of an increase, t on logs with clustered standard errors."""
    p_permutation: float
    """The same by flipping signs of whole clusters; a cross-check that assumes no distribution."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question that the gate asks, and its answer."""

    name: CheckName
    verdict: Verdict
    unit: Literal["count", "points", "ratio"]
    """Of `change`, `margin` and `detectable`: attempts, share of attempts (0.02 is two points),
    or candidate over baseline."""
    baseline: float
    candidate: float
    """The metric of each run: a count, a share, or geometric mean tokens."""
    change: Interval
    """Candidate against baseline in `unit`, so a loss of solve rate is negative; one-sided bounds.
    The better one, which proves a regression, is at `level`; the worse one, which must be within
    the margin to hold, is at 95 %. Nan where nothing can be said."""
    margin: float
    """The worst change that is still accepted, oriented as `change`: -0.02 for two points lost."""
    p: float
    """One-sided p-value of "worse than the margin", or of "worse" where that is asked; nan for
    counts."""
    level: float
    """Below it `p` is a proof; the levels of all checks add up to 5 %. Nan for counts."""
    method: str = ""
    """Which estimator judged, and why; "" where there is but one."""
    detectable: float
    """Smallest true change, oriented as `change`, that this many cases and samples prove with 80 %
    power; nan if none."""
    cases_needed: int | None = None
    samples_needed: int | None = None
    """What an undecided check would need, one or the other; None where it cannot be reached."""
    reason: str
    """One sentence for a person: what was found against what was allowed."""


class CasePair(msgspec.Struct, frozen=True, kw_only=True):
    """One case in both runs; token counts are geometric means over samples, nan without any."""

    case: str
    suite: str
    difficulty: str
    cluster: str
    samples: tuple[int, int]
    """Attempts in baseline and candidate."""
    output: tuple[float, float]
    input: tuple[float, float]
    solved: tuple[float, float]
    """Share of attempts solved."""
    truncated: tuple[float, float]
    outcome: tuple[str, str]
    """The most frequent outcome, the first in time on a tie."""

    @property
    def changed_sides(self) -> bool:
        """Whether the majority of attempts is solved in one run only."""
        return (self.solved[0] > 0.5) != (self.solved[1] > 0.5)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate run against a baseline run over the same cases."""

    baseline: Run
    candidate: Run
    verdict: Verdict
    """Regressed if any check is, else undecided if any is, else held."""
    checks: tuple[Check, ...]
    effects: tuple[Effect, ...]
    """Output, input, total, in this order, then what else both runs tell."""
    cost_of_pass: tuple[float, float]
    """Output tokens by solved attempts, of each run; inf where none is solved."""
    cost_of_pass_ratio: Interval
    """Candidate over baseline, 95 % BCa bootstrap over clusters; nan where a run solves none."""
    dollars: tuple[float, float] = (math.nan, math.nan)
    """Dollars by solved attempts, of each run; nan where an answer has no price, and where cases
    were not to be listed."""
    dollars_ratio: Interval = Interval(math.nan, math.nan, math.nan)
    """Candidate over baseline, with an interval as that of `cost_of_pass_ratio`."""
    cases: int
    gained: int
    """Cases that only the candidate solves (majority of its attempts)."""
    lost: int
    pairs: tuple[CasePair, ...]
    """By case id; empty where none were to be listed."""
    notes: tuple[str, ...]
    """Differences that do not forbid the comparison: device, dtype, versions, ..."""

    @property
    def length(self) -> tuple[str, Effect | None]:
        """The measure of length that was judged, and its effect; output tokens where none was."""
        judged = {check.name for check in self.checks}
        for effect in self.effects:
            name = "output tokens" if effect.metric == "output" else effect.metric
            if name in judged:
                return name, effect
        return "output tokens", None

    def told(self, effect: Effect) -> Interval:
        """The one interval of a length for people: that of its check, where the gate judges it.

        The check's bounds are those the verdict rests on; the effect's own interval, plain and
        two-sided, would stand beside them as a second one for the same number.
        """
        name = "output tokens" if effect.metric == "output" else effect.metric
        return next((check.change for check in self.checks if check.name == name), effect.ratio)
