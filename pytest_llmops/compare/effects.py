"""How tokens changed: the mean of log ratios, with standard errors clustered by source file.

With d_i the difference of mean log tokens of case i, candidate less baseline, and n cases in G
clusters:

    estimate  d = mean of d_i                       exp(d) is the geometric-mean ratio
    SE^2      = G / (G - 1) * n^-2 * sum over clusters of (sum over its cases of (d_i - d))^2
    interval  d +- t(G - 1) * SE                    exponentiated at both ends

Where every case is its own cluster, SE is the usual s / sqrt(n) and the test the paired t test. An
arithmetic mean of ratios would grow with noise alone (E[e^x] = e^(s^2 / 2)) and is not used.

Sources: Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640; Liang and Zeger 1986,
"Longitudinal data analysis using generalized linear models" (the sandwich); Fisher 1935, "The
Design of Experiments", section 21 (flipping signs).
"""

import math
from typing import Literal

import msgspec
import numpy as np
from scipy import special

from pytest_llmops.compare.pairing import Codes, Floats, Paired
from pytest_llmops.compare.values import Effect, Interval

EXACT_CLUSTERS = 16
"""Up to this many clusters all 2^G sign flips are counted; beyond, a sample of them."""
FLIPS = 10_000
CELLS = 4_000_000
"""Signs drawn at a time, so that memory stays at about 32 MB."""
ROUNDING = 1e-9
"""Sums closer than this share of the largest possible one are equal."""

METRICS: tuple[Literal["output", "input", "total"], ...] = ("output", "input", "total")


class Mean(msgspec.Struct, frozen=True):
    """A mean over cases; all nan where there are no cases."""

    estimate: float
    error: float
    """Clustered standard error; nan for fewer than two clusters."""
    degrees: int
    """Clusters less one, at least 0."""

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self.estimate - self.reach(alpha)

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self.estimate + self.reach(alpha)

    def reach(self, alpha: float) -> float:
        """From the estimate to its bound: t(degrees, 1 - alpha) * SE."""
        if self.degrees < 1:
            return math.nan
        return float(special.stdtrit(self.degrees, 1 - alpha)) * self.error

    @property
    def p(self) -> float:
        """One-sided p-value of a mean above 0.

        Without any spread it is 0 above 0, else 1; nan for fewer than two clusters.
        """
        if self.degrees < 1:
            return math.nan
        if self.error == 0:
            return 0.0 if self.estimate > 0 else 1.0
        return float(special.stdtr(self.degrees, -self.estimate / self.error))


def clustered_mean(values: Floats, clusters: Codes) -> Mean:
    """The mean of values that are independent between clusters only.

    Args:
        values: (n,) one a case; nan stands for none, and is left out.
        clusters: (n,) number of the cluster of each.
    """
    known = ~np.isnan(values)
    if not known.any():
        return Mean(math.nan, math.nan, 0)
    values, clusters = values[known], np.unique(clusters[known], return_inverse=True)[1]
    count, groups = len(values), int(clusters.max()) + 1
    estimate = math.fsum(values) / count
    if groups < 2:
        return Mean(estimate, math.nan, 0)
    sums = np.bincount(clusters, weights=values - estimate)
    variance = groups / (groups - 1) * float(sums @ sums) / count**2
    return Mean(estimate, math.sqrt(variance), groups - 1)


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


def token_effects(paired: Paired) -> tuple[tuple[Effect, ...], Mean]:
    """Output, input and total tokens; and the mean log ratio of output tokens, which is gated."""
    tokens = {"output": paired.output, "input": paired.input, "total": paired.total}
    changes = {name: paired.log_ratio(tokens[name]) for name in METRICS}
    means = {name: clustered_mean(change, paired.clusters) for name, change in changes.items()}
    sums = [cluster_sums(changes[name], paired.clusters) for name in METRICS]
    flips = sign_flips(np.column_stack(sums))
    effects = [
        Effect(
            metric=name,
            ratio=_two_sided(means[name]),
            standard_error=means[name].error,
            degrees=means[name].degrees,
            p_increase=means[name].p,
            p_permutation=float(p) if means[name].degrees else math.nan,
        )
        for name, p in zip(METRICS, flips, strict=True)
    ]
    return tuple(effects), means["output"]


def _two_sided(mean: Mean, alpha: float = 0.05) -> Interval:
    bounds = mean.lower(alpha / 2), mean.estimate, mean.upper(alpha / 2)
    return Interval(*(math.exp(bound) for bound in bounds))
