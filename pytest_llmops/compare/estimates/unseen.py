"""An upper bound that counts what no file has shown yet.

Harm comes by files: one in twenty loses all that it solved, or loops. A run of 42 files has none of
them in one case of nine, looks unchanged then, and any interval that is made of its spread alone is
too short. So one more file enters, of the size that files have (the root of the mean square, since
the large ones weigh more), in which the worst happened, and the files are weighted as a Bayesian
bootstrap does, by exponential weights E_g:

    bound = the value below which  (sum of E_g S_g) / (sum of E_g w_g)  is with chance 1 - alpha

with S_g the sum of a cluster and w_g its weight. Where nothing changed in G files of one size that
is `(1 - alpha^(1/G))` of the worst, exactly what G files without harm can exclude; where many files
spread, it comes near the mean with its standard error. It is not below the truth in more than alpha
of samples, whatever the distribution between its ends (proved for many, a counterexample is not
known), and rests neither on a normal limit nor on draws: with y_g = S_g - t w_g it asks for

    P(sum of E_g y_g > 0) = alpha

and that chance is the saddlepoint's (Lugannani and Rice), within 0.5 % of the exact one here.

Sources: Gaffke 2005, "Three test statistics for a nonparametric one-sided hypothesis on the mean of
a nonnegative variable"; Learned-Miller and Thomas 2020, "A new confidence interval for the mean of
a bounded random variable", arXiv:1905.06208; Rubin 1981, "The Bayesian bootstrap"; Lugannani and
Rice 1980, "Saddle point approximation for the distribution of the sum of independent variables".
"""

import math

import msgspec
import numpy as np
import scipy  # its parts load when they are first used: optimize takes 25 MB
from scipy import special

from pytest_llmops.compare.estimates.effects import Mean
from pytest_llmops.compare.paired import Codes, Floats

CLOSE = 1e-7
"""Of the distance from the mean to the worst: a bound is known to it."""
STEPS = 200


class Unseen(msgspec.Struct, frozen=True):
    """Clusters, and the worst that one more could add."""

    sums: Floats
    """(G,) of the changes of each cluster, upwards for worse."""
    sizes: Floats
    """(G,) their weights."""
    worst: float
    """The change of a file in which everything went wrong."""

    def upper(self, alpha: float) -> float:
        """One-sided upper bound of the mean at confidence 1 - alpha; nan without clusters."""
        if not len(self.sums):
            return math.nan
        mean = float(self.sums.sum() / self.sizes.sum())
        if mean >= self.worst:
            return mean
        target = float(special.ndtri(alpha))

        def above(share: float) -> float:
            return self._score(mean + share * (self.worst - mean)) - target

        low, high = CLOSE, 1 - CLOSE
        if above(low) <= 0 or above(high) >= 0:
            return mean if above(low) <= 0 else self.worst
        found = scipy.optimize.brentq(above, low, high, xtol=CLOSE, rtol=1e-6)
        return mean + float(found) * (self.worst - mean)

    def floor(self, alpha: float) -> float:
        """The bound where no cluster changed, sizes left aside."""
        return self.worst * (1 - alpha ** (1 / len(self.sums))) if len(self.sums) else math.nan

    def _score(self, bound: float) -> float:
        """Normal score of the chance that the weighted mean is above the bound."""
        size = math.sqrt(float((self.sizes**2).mean()))
        phantom = size * (self.worst - bound)
        return -_score(np.append(self.sums - bound * self.sizes, phantom))


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A mean change over all cases, and what files not seen could add to it."""

    mean: Mean
    unseen: Unseen

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a change above `limit`; nan for fewer than two clusters."""
        return self.mean.p_above(limit)

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self.mean.lower(alpha)

    def upper(self, alpha: float, files: float | None = None) -> float:
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters.

        Files that were not seen count at the level `files`, by default the same.
        """
        found = self.mean.symmetric.upper(alpha)
        return found if math.isnan(found) else max(found, self.unseen.upper(files or alpha))

    def floor(self, alpha: float) -> float:
        """What the upper bound is above the estimate at least, however many samples there are."""
        return self.unseen.floor(alpha)


def unseen(values: Floats, clusters: Codes, worst: float, weights: Floats | None = None) -> Unseen:
    """Clusters of the (n,) values; nan stands for none, and is left out."""
    known = ~np.isnan(values)
    weights = np.ones(len(values)) if weights is None else weights
    sizes = np.bincount(clusters[known], weights=weights[known]).astype(np.float64)
    sums = np.bincount(clusters[known], weights=(values * weights)[known]).astype(np.float64)
    return Unseen(sums[sizes > 0], sizes[sizes > 0], worst)


def _score(values: Floats) -> float:
    """r* of P(sum of E_i y_i > 0) = Phi(-r*), for independent standard exponentials E_i.

    The cumulants of the sum are those of `-sum of ln(1 - s y_i)`; the saddlepoint s is where its
    slope is 0. Barndorff-Nielsen's r* = r + ln(u / r) / r, as accurate as Lugannani and Rice's
    formula and monotone, also far out.
    """
    lowest, highest = float(values.min()), float(values.max())
    if lowest >= 0 or highest <= 0:
        return -math.inf if lowest >= 0 else math.inf
    point = _saddlepoint(values, 1 / lowest, 1 / highest)
    root = math.copysign(math.sqrt(max(0.0, 2 * float(np.log1p(-point * values).sum()))), point)
    size = point * math.sqrt(float(((values / (1 - point * values)) ** 2).sum()))
    if abs(root) < 1e-4:  # the limit at the mean, a third of the skew
        square = float((values**2).sum())
        return root + float((values**3).sum()) / float(3 * square**1.5)
    return root + math.log(size / root) / root


def _saddlepoint(values: Floats, low: float, high: float) -> float:
    """Newton's steps to where the slope is 0, halved where they leave the bracket."""
    point = 0.0
    for _ in range(STEPS):
        shares = values / (1 - point * values)
        slope = float(shares.sum())
        low, high = (low, point) if slope > 0 else (point, high)
        step = slope / float((shares**2).sum())
        after = point - step if low < point - step < high else (low + high) / 2
        if abs(after - point) <= 1e-12 * abs(after):
            break
        point = after
    return point
