"""How a share of attempts changed: solved, or cut off at the token limit.

`worse` orients both: it is the loss of solved attempts, or the gain of truncated ones.

One sample a case leaves four cells; b cases got worse, c got better, of n:

    test      McNemar, exact: P(Bin(b + c, 1/2) >= b)
    interval  Tango's score interval of (b - c) / n

Cases of one source file are not independent, which both ignore. So the sign-flip test over clusters
and the clustered t interval are computed too, and the larger p-value and the outer bounds count.

Shares are multiples of one over the attempts, so the flips of whole clusters need not be drawn: the
distribution of their total is computed exactly, and a p-value can be as small as an early look of a
sequential gate asks for.

More samples a case give shares; then the sign-flip test and the clustered t interval stand alone,
but no bound is nearer than z^2 / (n + z^2), which is Tango's where no case changed at all: n cases
without a change do not prove that none would.

Sources: McNemar 1947, "Note on the sampling error of the difference between correlated proportions
or percentages"; Tango 1998, "Equivalence test and confidence interval for the difference in
proportions for the paired-sample design".
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import special

from pytest_llmops.compare.effects import Mean, cluster_sums, clustered_mean, sign_flips
from pytest_llmops.compare.pairing import Codes, Floats

HALVINGS = 60
"""Steps of the search for a bound; more than a double resolves."""
STEPS = 100_000_000
"""Additions that the exact distribution may take, 0.1 s; beyond, flips are drawn."""


class Worsening(msgspec.Struct, frozen=True, kw_only=True):
    """A change of a share, upwards for worse."""

    mean: Mean
    cases: int
    flips: float
    """One-sided p-value of the sign-flip test over clusters."""
    cells: tuple[int, int] | None
    """Cases that got worse and better, where both runs have one sample a case."""

    @property
    def p(self) -> float:
        """One-sided p-value of "worse"; nan for fewer than two clusters."""
        if self.mean.degrees < 1:
            return math.nan
        return max(self.flips, mcnemar(*self.cells)) if self.cells else self.flips

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        if self.cells:
            worse, better = self.cells
            return min(self.mean.lower(alpha), -tango_upper(better, worse, self.cases, alpha))
        return self.mean.estimate - self._reach(alpha)

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters."""
        if self.cells:
            return max(self.mean.upper(alpha), tango_upper(*self.cells, self.cases, alpha))
        return self.mean.estimate + self._reach(alpha)

    def _reach(self, alpha: float) -> float:
        return max(self.mean.reach(alpha), tango_upper(0, 0, self.cases, alpha))


def worsening(worse: Floats, samples: Floats, clusters: Codes) -> Worsening:
    """Test and bound a change.

    Args:
        worse: (n,) change of the share of each case, above 0 for worse.
        samples: (n, 2) attempts of each case in baseline and candidate.
        clusters: (n,) number of the cluster of each case.
    """
    cells = None
    if np.all(samples == 1):
        cells = int(np.sum(worse > 0)), int(np.sum(worse < 0))
    sums = cluster_sums(worse, clusters)
    units = sums * float(math.lcm(*np.unique(samples).astype(int).tolist()))
    exact = len(units) * np.abs(units).sum() <= STEPS
    return Worsening(
        mean=clustered_mean(worse, clusters),
        cases=len(worse),
        flips=exact_flips(np.rint(units).astype(np.int64))
        if exact
        else float(sign_flips(sums[:, None])[0]),
        cells=cells,
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


def mcnemar(worse: int, better: int) -> float:
    """Exact one-sided p-value of "worse": P(Bin(worse + better, 1/2) >= worse)."""
    if worse == 0:
        return 1.0
    return float(special.bdtrc(worse - 1, worse + better, 0.5))


def tango_upper(more: int, less: int, cases: int, alpha: float) -> float:
    """Upper bound of (more - less) / cases at one-sided confidence 1 - alpha, in -1..1.

    The largest difference D whose score test does not reject,

        more - less - n D = -z sqrt(n (2 q + D (1 - D)))

    where q is the most likely share of `less` given D. The lower bound is that of the exchanged
    counts, negated.

    Args:
        more: Cases that add one.
        less: Cases that take one away.
        cases: All of them, unchanged ones included.
        alpha: Error rate, one-sided.
    """
    z = -float(special.ndtri(alpha))
    low, high = (more - less) / cases, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if _score(more, less, cases, middle) > -z:
            low = middle
        else:
            high = middle
    return high


def _score(more: int, less: int, cases: int, difference: float) -> float:
    """Tango's statistic; falls as the difference rises."""
    linear = -more - less + (2 * cases - more + less) * difference
    constant = -less * difference * (1 - difference)
    root = math.sqrt(max(0.0, linear**2 - 8 * cases * constant))
    share = (root - linear) / (4 * cases)
    variance = cases * (2 * share + difference * (1 - difference))
    distance = more - less - cases * difference
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)
