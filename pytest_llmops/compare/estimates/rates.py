"""How a share of attempts changed: solved, or truncated at the token limit.

`worse` orients both: it is the loss of solved attempts, or the gain of truncated ones.

    lower bound   that of the clustered mean (`effects`), and above 0 only where flipping the signs
                  of whole files agrees
    upper bound   the higher of that of the clustered mean, skew left aside, and of `unseen`: one
                  more file, in which all that the baseline solves is lost, or all is truncated

So what cases without a change can exclude counts the files they are of, not the cases.

Shares are multiples of one over the attempts, so the flips of whole clusters need not be drawn: the
distribution of their total is computed exactly, and a p-value can be as small as an early look of a
sequential gate asks for.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pytest_llmops.compare.estimates.effects import cluster_sums, clustered_mean, sign_flips
from pytest_llmops.compare.estimates.unseen import Spread, unseen
from pytest_llmops.compare.paired import Codes, Floats

STEPS = 100_000_000
"""Additions that the exact distribution may take, 0.1 s; beyond, flips are drawn."""


class Worsening(Spread, frozen=True, kw_only=True):
    """A change of a share, upwards for worse."""

    flips: float
    """One-sided p-value of the sign-flip test over clusters."""

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a change above `limit`; nan for fewer than two clusters."""
        found = self.mean.p_above(limit)
        return max(found, self.flips) if limit >= 0 else found

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        found = self.mean.lower(alpha)
        return min(found, 0.0) if self.flips >= alpha else found


def worsening(worse: Floats, samples: Floats, clusters: Codes, worst: float) -> Worsening:
    """Test and bound a change.

    Args:
        worse: (n,) change of the share of each case, above 0 for worse.
        samples: (n, 2) attempts of each case in baseline and candidate.
        clusters: (n,) number of the cluster of each case.
        worst: The change of an average file in which everything went wrong.
    """
    sums = cluster_sums(worse, clusters)
    units = sums * float(math.lcm(*np.unique(samples).astype(int).tolist()))
    exact = len(units) * np.abs(units).sum() <= STEPS
    return Worsening(
        mean=clustered_mean(worse, clusters),
        unseen=unseen(worse, clusters, worst),
        flips=exact_flips(np.rint(units).astype(np.int64))
        if exact
        else float(sign_flips(sums[:, None])[0]),
    )


def exact_flips(sums: NDArray[np.int64]) -> float:
    """One-sided p-value by all 2^G flips of the signs of whole clusters.

    Turning a share of the signs takes twice their sum away; at least the total seen remains where
    what is turned sums to at most 0. Each sum is turned or not with chance 1/2, so the distribution
    of what is turned grows cluster by cluster:

        P(s + n) <- P(s + n) / 2 + P(s) / 2         for the sum n of the next cluster

    Args:
        sums: (G,) whole numbers, above 0 for worse.

    Returns:
        The p-value; 1 where all sums are 0.

    Source: Pagano and Tritchler 1983, "On obtaining permutation distributions in polynomial time".
    """
    lowest, highest = int(sums[sums < 0].sum()), int(sums[sums > 0].sum())
    chances = np.zeros(highest - lowest + 1)
    chances[-lowest] = 1
    for number in sums[sums != 0].tolist():
        chances /= 2
        turned = chances.copy()
        if number > 0:
            chances[number:] += turned[:-number]
        else:
            chances[:number] += turned[-number:]
    return min(1.0, math.fsum(chances[: 1 - lowest]))
