"""By what factor output tokens changed: which answers are compared, and by which estimator.

Two numbers describe a length that a limit may truncate. `counted` takes a truncated answer as long
as its limit: what was paid for. What proves a change is another, because such an answer is mostly
noise:

    finished answers   the mean over cases of the difference of mean ln tokens, truncated answers
                       left out; a case counts by the harmonic mean of what finished in both runs
    censored ranks     where more than `CENSORED` of the answers were truncated: these only count as
                       longer than those that ended earlier (`ranks`)

Leaving answers out that only one run has truncated is a choice that the model made, so neither
stands alone: truncation is a check of its own, "regressed" asks of `counted` that it be beyond the
margin too, and "held" asks that its upper bound be within, one unseen file included (`unseen`).
"""

import math
from typing import Literal

import msgspec
import numpy as np

from pytest_llmops.compare.estimates.effects import Mean, clustered_mean
from pytest_llmops.compare.estimates.ranks import Ranks
from pytest_llmops.compare.estimates.unseen import Spread, Unseen, unseen
from pytest_llmops.compare.paired import Codes, Floats, Paired

CENSORED = 0.2
"""Share of answers truncated beyond which leaving them out loses more than ranks do."""
LOOP = math.log(8)
"""How much longer the answers of a file get at worst, ln: a loop says the same eight times. No file
gets beyond the token limit either, which is mostly nearer."""

Method = Literal["finished answers", "censored ranks"]


def spread_of(change: Floats, clusters: Codes, worst: float = LOOP) -> Spread:
    """What (n,) log ratios tell, nan for none, if a file gets `worst` longer at worst."""
    return Spread(mean=clustered_mean(change, clusters), unseen=unseen(change, clusters, worst))


class Longer(msgspec.Struct, frozen=True, kw_only=True):
    """A change of output tokens, in ln units."""

    method: Method
    truncated: float
    """Share of the answers of both runs that were truncated."""
    judge: Mean | Ranks
    mean: Mean
    """Estimate and standard error of the judge."""
    counted: Mean
    """Over all answers, truncated ones as long as their limit."""
    unseen: Unseen
    """The same with the worst that a file not seen could add."""

    @property
    def told(self) -> str:
        """Which estimator judged, and why, for a person."""
        if self.method == "finished answers":
            why = "whose length is known"
        else:
            why = "a truncated answer counts as longer than those that ended earlier"
        return f"judged by {self.method} ({why}), as {self.truncated:.1%} of all were truncated"

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a change above `limit`; nan for fewer than two clusters."""
        found = self.judge.p_above(limit)
        return max(found, 0.5) if self.counted.estimate <= limit else found

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return min(self.judge.lower(alpha), self.counted.estimate)

    def upper(self, alpha: float, files: float | None = None) -> float:
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters.

        Files that were not seen count at the level `files`, by default the same.
        """
        judge = self.judge.symmetric if isinstance(self.judge, Mean) else self.judge
        bounds = (judge.upper(alpha), self.counted.symmetric.upper(alpha))
        if any(map(math.isnan, bounds)):
            return math.nan
        return max(*bounds, self.unseen.upper(files or alpha))

    def floor(self, alpha: float) -> float:
        """What the upper bound is above the estimate at least, however many samples there are."""
        return self.unseen.floor(alpha)


def longer(paired: Paired) -> Longer:
    """Compare the output tokens of two runs."""
    change = paired.log_ratio(paired.output)
    counted = clustered_mean(change, paired.clusters)
    mean = finished_mean(paired)
    judge: Mean | Ranks = mean
    method: Method = "finished answers"
    if paired.truncated_share > CENSORED or math.isnan(mean.estimate):
        ranks = Ranks(paired.attempts, paired.clusters)
        judge, mean, method = ranks, ranks.mean(), "censored ranks"
    return Longer(
        method=method,
        truncated=paired.truncated_share,
        judge=judge,
        mean=counted if math.isnan(mean.error) else mean,
        counted=counted,
        unseen=unseen(change, paired.clusters, _worst(paired)),
    )


def finished_mean(paired: Paired) -> Mean:
    """Mean log ratio of the answers that came to their end, by case."""
    with np.errstate(divide="ignore"):
        weights = 1 / (1 / paired.finishes).sum(axis=1)
    return clustered_mean(paired.log_ratio(paired.finished), paired.clusters, weights)


def _worst(paired: Paired) -> float:
    """How much longer an average file gets where everything loops, ln."""
    known = paired.output[:, 0][~np.isnan(paired.output[:, 0])]
    return min(LOOP, paired.limit - float(known.mean())) if len(known) else LOOP
