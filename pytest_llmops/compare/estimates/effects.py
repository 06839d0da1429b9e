"""How tokens changed: the mean of log ratios, with standard errors clustered by source file.

With d_i the difference of mean log tokens of case i, candidate less baseline, weights w_i, and h_g
the share of cluster g in the weights:

    estimate  d = sum of w_i d_i / sum of w_i       exp(d) is the geometric-mean ratio
    SE^2      = sum over clusters of S_g^2 / (1 - h_g),  S_g = sum of its w_i (d_i - d) / sum of w_i
    interval  d - SE x, with x such that x + a x^2 / 3 + a^2 x^3 / 27 + a / 6 is a quantile of t

SE is CR2, which a file of many cases does not bias, and t has the degrees of freedom of Bell and
McCaffrey. Where all clusters have one size both are the usual ones, and G - 1. The cubic takes out
the skew a of the studentized mean: of harm that comes by single files, most runs see too little of
it and too small a spread at once. An arithmetic mean of ratios would grow with noise alone
(E[e^x] = e^(s^2 / 2)) and is not used.

Sources: Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640; Bell and McCaffrey 2002, "Bias
reduction in standard errors for linear regression with multi-stage samples"; Pustejovsky and Tipton
2018, "Small-sample methods for cluster-robust variance estimation"; Hall 1992, "On the removal of
skewness by transformation"; Fisher 1935, "The Design of Experiments", section 21 (flipping signs).
"""

import math
from typing import Literal

import msgspec
import numpy as np
from scipy import special

from pytest_llmops.compare.paired import Codes, Floats, Paired
from pytest_llmops.compare.values import Effect, Interval

EXACT_CLUSTERS = 16
"""Up to this many clusters all 2^G sign flips are counted; beyond, a sample of them."""
FLIPS = 10_000
CELLS = 4_000_000
"""Signs drawn at a time, so that memory stays at about 32 MB."""
SYMMETRIC = 1e-6
"""Less skew than this is none."""
ROUNDING = 1e-9
"""Sums closer than this share of the largest possible one are equal."""

METRICS: tuple[Literal["output", "input", "total"], ...] = ("output", "input", "total")


class Mean(msgspec.Struct, frozen=True):
    """A mean over cases; all nan where there are no cases."""

    estimate: float
    error: float
    """Clustered standard error; nan for fewer than two clusters."""
    degrees: float
    """Of freedom, 0 for fewer than two clusters; clusters less one where all have one size."""
    skew: float = 0.0
    """Third moment of the clusters' shares in the mean, over the 3/2 power of their second."""

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self.estimate - self._reach(1 - alpha)

    def upper(self, alpha: float, files: float | None = None) -> float:  # noqa: ARG002
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters.

        It knows of no files but those seen, at whatever level.
        """
        return self.estimate - self._reach(alpha)

    @property
    def symmetric(self) -> "Mean":
        """The same with plain t bounds, for where another bound takes care of skew."""
        return Mean(self.estimate, self.error, self.degrees)

    def _reach(self, share: float) -> float:
        """Distance below the estimate: SE times the studentized value that Hall maps to t."""
        if not self.degrees > 0:
            return math.nan
        score = float(special.stdtrit(self.degrees, share))
        return self.error * _untransformed(score, self.skew)

    def reach(self, alpha: float) -> float:
        """SE times the quantile of t, skew left aside; nan for fewer than two clusters."""
        if not self.degrees > 0:
            return math.nan
        return float(special.stdtrit(self.degrees, 1 - alpha)) * self.error

    def floor(self, alpha: float) -> float:  # noqa: ARG002
        """Enough samples and cases bring a bound as near as one likes."""
        return 0.0

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a mean above `limit`.

        Without any spread it is 0 above the limit, else 1; nan for fewer than two clusters.
        """
        if not self.degrees > 0:
            return math.nan
        if self.error == 0:
            return 0.0 if self.estimate > limit else 1.0
        score = _transformed((self.estimate - limit) / self.error, self.skew)
        return float(special.stdtr(self.degrees, -score))


def _transformed(studentized: float, skew: float) -> float:
    """Hall's cubic: what is left of skew a t distribution does not know of."""
    square = studentized**2
    return studentized + skew * square / 3 + skew**2 * studentized * square / 27 + skew / 6


def _untransformed(score: float, skew: float) -> float:
    if abs(skew) < SYMMETRIC:
        return score
    return 3 / skew * (float(np.cbrt(1 + skew * (score - skew / 6))) - 1)


def clustered_mean(values: Floats, clusters: Codes, weights: Floats | None = None) -> Mean:
    """The mean of values that are independent between clusters only.

    Args:
        values: (n,) one a case; nan stands for none, and is left out.
        clusters: (n,) number of the cluster of each.
        weights: (n,) of each value, above 0; by default all the same.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Mean(math.nan, math.nan, 0)
    values, clusters = values[known], clusters[known]
    weights = np.ones(len(values)) if weights is None else weights[known]
    sizes = np.bincount(clusters, weights=weights).astype(np.float64)
    whole = float(sizes.sum())
    estimate = math.fsum(values * weights) / whole
    sums = np.bincount(clusters, weights=(values - estimate) * weights)[sizes > 0].astype(
        np.float64
    )
    shares = sizes[sizes > 0] / whole
    if len(shares) < 2:
        return Mean(estimate, math.nan, 0)
    rests = 1 - shares
    square = float((sums**2 / rests).sum()) / whole**2
    return Mean(estimate, math.sqrt(square), _degrees(shares), _skew(sums))


def _degrees(shares: Floats) -> float:
    """Bell and McCaffrey's: of the chi-square distribution that has the mean and variance of SE^2.

    SE^2 is a quadratic form in the values, with eigenvalues of which only the sum and that of the
    squares are needed; known for cases that are independent.

    Args:
        shares: (G,) of the clusters in the weights, adding up to 1.
    """
    own = shares**2
    off = own / (1 - shares)
    return round(1 / (float(own.sum()) + float(off.sum()) ** 2 - float((off**2).sum())), 9)


def _skew(sums: Floats) -> float:
    square = float((sums**2).sum())
    return float((sums**3).sum()) / square**1.5 if square else 0.0


def cluster_sums(values: Floats, clusters: Codes) -> Floats:
    """(G,) sum of the (n,) values of each cluster; nan counts as 0, which says nothing."""
    return np.bincount(clusters, weights=np.nan_to_num(values)).astype(np.float64)


def sign_flips(sums: Floats, seed: int = 0) -> Floats:
    """One-sided p-values by flipping the signs of whole clusters.

    If nothing changed, a cluster's sum is as likely to be its negative. The p-value is the share of
    flips whose total is at least the one seen: of all 2^G, or of `FLIPS` drawn with the one seen
    among them, (1 + k) / (1 + FLIPS). All columns are flipped by the same signs.

    Args:
        sums: (G, M) sums of the clusters, of M metrics.
        seed: Of the draw.

    Returns:
        (M,) p-values; 1 where all sums are 0, nan without clusters.
    """
    sums = sums[np.any(sums != 0, axis=1)]
    groups, metrics = sums.shape
    if groups == 0:
        return np.ones(metrics)
    # Turning a share of the signs takes twice their sum away; at least the sum seen remains where
    # what is turned sums to at most 0.
    limit = ROUNDING * np.abs(sums).sum(axis=0)
    if groups <= EXACT_CLUSTERS:
        turned = (np.arange(2**groups)[:, None] >> np.arange(groups)) & 1
        return np.asarray((turned @ sums <= limit).mean(axis=0), dtype=np.float64)
    generator = np.random.default_rng(seed)
    reached = np.zeros(metrics)
    rows = max(1, min(FLIPS, CELLS // groups))
    for start in range(0, FLIPS, rows):
        size = min(rows, FLIPS - start), -(-groups // 8)
        bits = np.unpackbits(generator.integers(0, 256, size, np.uint8), axis=1, count=groups)
        reached += (bits.astype(np.float64) @ sums <= limit).sum(axis=0)
    return (1 + reached) / (1 + FLIPS)


def token_effects(paired: Paired) -> tuple[Effect, ...]:
    """Output, input and total tokens, an answer that was truncated as long as its limit."""
    tokens = {"output": paired.output, "input": paired.input, "total": paired.total}
    changes = {name: paired.log_ratio(tokens[name]) for name in METRICS}
    means = {name: clustered_mean(change, paired.clusters) for name, change in changes.items()}
    sums = [cluster_sums(changes[name], paired.clusters) for name in METRICS]
    flips = sign_flips(np.column_stack(sums))
    return tuple(
        Effect(
            metric=name,
            ratio=_two_sided(means[name]),
            standard_error=means[name].error,
            degrees=means[name].degrees,
            clusters=len(np.unique(paired.clusters[~np.isnan(changes[name])])),
            p_increase=means[name].p_above(0.0),
            p_permutation=float(p) if means[name].degrees else math.nan,
        )
        for name, p in zip(METRICS, flips, strict=True)
    )


def _two_sided(mean: Mean, alpha: float = 0.05) -> Interval:
    bounds = mean.lower(alpha / 2), mean.estimate, mean.upper(alpha / 2)
    return Interval(*(math.exp(bound) for bound in bounds))
