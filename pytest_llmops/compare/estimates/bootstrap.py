"""Cost of pass: tokens spent by solved attempt, and how its ratio between two runs varies.

    cost of pass   rho = sum of output tokens / number of solved attempts
    ratio          rho of the candidate / rho of the baseline

Whole clusters are drawn with replacement, both runs at the same draw, and the bounds are corrected
for bias and for skew (BCa): with z0 the normal score of the share of draws below the estimate and a
the acceleration from leaving out one cluster at a time,

    share at z:  Phi(z0 + (z0 + z) / (1 - a (z0 + z)))

Sources: Erol et al. 2025, "Cost-of-Pass", arXiv:2504.13359; Efron 1987, "Better bootstrap
confidence intervals".
"""

import math

import numpy as np
from scipy import special

from pytest_llmops.compare.paired import Floats
from pytest_llmops.compare.values import Interval

RESAMPLES = 10_000
DRAWS_LIMIT = 60_000_000
"""Clusters drawn in all: beyond 6,000 clusters fewer resamples, of an estimate that by then is all
but normal."""
CELLS = 1_000_000
"""Clusters drawn at a time, so that memory stays below 30 MB."""
UNDEFINED = Interval(math.nan, math.nan, math.nan)


def cost_of_pass(tokens: float, solved: float) -> float:
    """Output tokens by solved attempts; inf where none is solved, nan where nothing was spent."""
    if solved:
        return float(tokens / solved)
    return math.inf if tokens else math.nan


def cost_of_pass_ratio(sums: Floats, seed: int = 0, alpha: float = 0.05) -> Interval:
    """The ratio with its two-sided BCa interval.

    A resample in which one run solves nothing has a ratio of 0 or inf, and counts as such; one in
    which neither does says nothing and is left out.

    Args:
        sums: (G, 4) of each cluster: tokens and solved attempts of the baseline, then those of the
            candidate.
        seed: Of the draw.
        alpha: 1 - confidence.

    Returns:
        nan throughout where a run solves nothing; nan bounds for fewer than two clusters.
    """
    totals = sums.sum(axis=0)
    if not (totals[1] and totals[3]):
        return UNDEFINED
    estimate = float(_ratio(totals[None, :])[0])
    if len(sums) < 2:
        return Interval(math.nan, estimate, math.nan)
    drawn = _resample(sums, seed)
    drawn = np.sort(drawn[~np.isnan(drawn)])
    below = np.searchsorted(drawn, [estimate * (1 - 1e-12), estimate * (1 + 1e-12)]).mean()
    bias = special.ndtri(np.clip(below, 0.5, len(drawn) - 0.5) / len(drawn))
    skew = _acceleration(_ratio(totals - sums))
    score = bias + special.ndtri(np.array([alpha / 2, 1 - alpha / 2]))
    shares = special.ndtr(bias + score / (1 - skew * score))
    low, high = drawn[np.clip((shares * len(drawn)).astype(int), 0, len(drawn) - 1)]
    return Interval(float(min(low, estimate)), estimate, float(max(high, estimate)))


def _ratio(sums: Floats) -> Floats:
    """(B,) ratios of (B, 4) sums."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[:, 2] / sums[:, 3] / (sums[:, 0] / sums[:, 1]), dtype=np.float64)


def _resample(sums: Floats, seed: int) -> Floats:
    """(B,) ratios of clusters drawn with replacement."""
    generator, groups = np.random.default_rng(seed), len(sums)
    resamples = max(1_000, min(RESAMPLES, DRAWS_LIMIT // groups))
    rows = max(1, CELLS // groups)
    found = []
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        drawn = generator.integers(0, groups, (size, groups), dtype=np.int32)
        drawn += np.arange(size, dtype=np.int32)[:, None] * groups
        counts = np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups)
        found.append(_ratio(counts @ sums))
    return np.concatenate(found)


def _acceleration(left_out: Floats) -> float:
    """Skew of the estimate from its (G,) values with one cluster left out; 0 if all equal."""
    known = left_out[np.isfinite(left_out)]
    distance = known.mean() - known if len(known) else known
    square = float((distance**2).sum())
    if square == 0:
        return 0.0
    return float((distance**3).sum() / (6 * square**1.5))
