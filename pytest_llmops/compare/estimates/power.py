"""What a comparison of this size can see, and what an undecided one would need.

Error bars shrink with the square root of the cases, except for the part that stands for files not
seen (`unseen`) and that of skew, which shrink with the cases themselves. The figures rest on the
spread that was seen, on files of the same size, and are approximate.

Source: Miller 2024, "Adding Error Bars to Evals", arXiv:2411.00640, section 5 (sample size).
"""

import math

import numpy as np
from scipy import special

from pytest_llmops.compare.estimates.effects import Mean
from pytest_llmops.compare.paired import Floats

POWER = 0.8
Z_POWER = float(special.ndtri(POWER))

CASES_LIMIT = 1_000_000
SAMPLES_LIMIT = 1_000
"""More is not asked of anybody: it says that the change lies on the margin."""


def detectable(reach: float, error: float, limit: float) -> float:
    """Smallest true worsening that is proved with 80 % power: limit + reach + z(0.8) SE.

    Args:
        reach: From an estimate to its lower bound, at the level of the test.
        error: Standard error of the estimate.
        limit: What the lower bound must exceed.
    """
    return limit + reach + Z_POWER * error


def cases_needed(cases: int, reach: float, mean: Mean, alpha: float, gap: float) -> int | None:
    """Cases that settle the matter with 80 % power if the true change is the one seen.

    With f times the cases, (t + z(0.8)) SE / sqrt(f) + rest / f must fit in the gap, where rest is
    what `reach` exceeds t SE by: a quadratic in 1 / sqrt(f).

    Args:
        cases: How many there are.
        reach: From the estimate to the bound that must pass.
        mean: The estimate with its standard error.
        alpha: Level of that bound.
        gap: From the estimate to what the bound must pass.

    Returns:
        None where `CASES_LIMIT` do not suffice, or nothing is known of the spread.
    """
    if not (gap > 0 and math.isfinite(reach)):
        return None
    spread, rest = mean.reach(alpha) + Z_POWER * mean.error, max(0.0, reach - mean.reach(alpha))
    root = (spread + math.sqrt(spread**2 + 4 * rest * gap)) / (2 * gap)
    needed = cases * root**2
    return max(math.ceil(needed), cases + 1) if needed <= CASES_LIMIT else None


def samples_needed(
    within: Floats, samples: Floats, mean: Mean, alpha: float, gap: float
) -> int | None:
    """Samples a case, in both runs, that settle it as `cases_needed` says, with the same cases.

    The variance of the mean has a part between cases, which samples do not change, and a part
    within: SE^2 = between + sum over cases of (s_A^2 / K_A + s_B^2 / K_B) / n^2.

    Args:
        within: (n, 2) variance over the samples of each case and run; nan below two samples.
        samples: (n, 2) how many there are.
        mean: The estimate with its standard error.
        alpha: Level of the bound that must pass.
        gap: From the estimate to what the bound must pass.

    Returns:
        None where the cases differ too much for any number of samples, where `SAMPLES_LIMIT` do not
        suffice, or where a run has one sample a case, so that its spread is not known.
    """
    if not (gap > 0 and mean.error > 0) or np.isnan(within).any():
        return None
    square = len(within) ** 2
    between = max(0.0, mean.error**2 - float((within / samples).sum()) / square)
    target = gap / (mean.reach(alpha) / mean.error + Z_POWER)
    room = target**2 - between
    if room <= 0:
        return None
    needed = math.ceil(float(within.sum()) / square / room)
    return needed if samples.min() < needed <= SAMPLES_LIMIT else None
