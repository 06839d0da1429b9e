"""Bounds that stay true however often one looks at them, and whenever one stops.

The mean of a growing set of attempts, scaled by its standard error, behaves like a Brownian motion
W whose clock t runs from 0 to 1, the planned end: at clock t the t statistic is W(t) / sqrt(t).
A metric is called worse when W(t) leaves the line

    start + SLOPE * t

at any look, and `start` is chosen so that this happens with probability alpha in the whole session
if nothing changed. So the bounds at all looks hold together (a confidence sequence over the planned
looks), and so they do at the one at which a session stops, whatever made it stop.

The probability is computed exactly by passing the density of the paths that are still inside from
look to look. Gaussian-mixture bounds hold without a planned end, but a session has one, and they
pay for what lies beyond it: at the end they reach 2.8 standard errors, these 2.1 to 2.2.

Sources: Armitage, McPherson and Rowe 1969, "Repeated significance tests on accumulating data" (the
recursion); Jennison and Turnbull 2000, "Group sequential methods", chapters 3, 11 and 19; Robbins
1970, "Statistical methods related to the law of the iterated logarithm" (lines as boundaries);
Waudby-Smith et al. 2024, "Time-uniform central limit theory and asymptotic confidence sequences",
arXiv:2103.06476 (why the normal theory carries over).
"""

import math
from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy  # its parts load when they are first used: signal takes 25 MB
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]
Times = tuple[float, ...]
"""Clock of every planned look, rising, the last 1."""

SLOPE = 1.0
"""0 spends the error at the end (O'Brien and Fleming), more of it earlier with a steeper line. 1
spent the fewest tokens at 80 % power in `benchmarks/perf/gate.py`'s setting."""
SPAN = 9.0
"""How far below the line a path is followed; farther ones do not come back by the end."""
CELLS = 1000
"""Into which `SPAN` is cut: a third of the standard deviation of a step of 0.001."""
STARTS = np.linspace(-4.0, 7.0, 111)
"""Lines for which the probability is computed; between them it is interpolated."""


def anytime_p(p: float, time: float, times: Times) -> float:
    """The p-value that may be read at every look, from that of a single look.

    Args:
        p: One-sided, as if this were the only look; nan stays nan.
        time: Clock of this look.
        times: Clock of all planned looks.
    """
    if math.isnan(p):
        return p
    line = -float(special.ndtri(p)) * math.sqrt(time) - SLOPE * time
    starts, scores = _table(times)
    return 1.0 if line <= starts[0] else float(special.ndtr(np.interp(line, starts, scores)))


def nominal(alpha: float, time: float, times: Times) -> float:
    """The level at which one look is to be read, so that all together have `alpha`.

    Args:
        alpha: One-sided error rate of the whole session.
        time: Clock of this look.
        times: Clock of all planned looks.
    """
    return float(special.ndtr(-(start(alpha, times) + SLOPE * time) / math.sqrt(time)))


def start(alpha: float, times: Times) -> float:
    """Where the line starts that a path crosses with probability `alpha`."""
    starts, scores = _table(times)
    return float(np.interp(-float(special.ndtri(alpha)), -scores, starts))


def crossing(starts: Floats, times: Times) -> Floats:
    """P(W(t) >= start + SLOPE * t at some look) of a Brownian motion W without drift.

    Args:
        starts: (M,) lines.
        times: Clock of the looks, rising.

    Returns:
        (M,) probabilities, to about 1e-5.
    """
    width = SPAN / CELLS
    below = -SPAN + width * (np.arange(CELLS) + 0.5)
    lags = np.asarray(width * np.arange(1 - CELLS, CELLS), dtype=np.float64)
    line = starts + SLOPE * times[0]
    crossed = np.asarray(special.ndtr(-line / math.sqrt(times[0])), dtype=np.float64)
    # Of the paths that have not crossed, by their distance from the line in the middle of a cell.
    density = _normal(below + line[:, None], times[0])
    for before, after in pairwise(times):
        time, shift = after - before, SLOPE * (after - before)
        crossed += density @ special.ndtr((below - shift) / math.sqrt(time)) * width
        step = _normal(lags + shift, time)[None, :] * width
        density = scipy.signal.fftconvolve(density, step, axes=1)[:, CELLS - 1 : 2 * CELLS - 1]
    return np.clip(crossed, 0.0, 1.0)


@lru_cache(maxsize=64)
def _table(times: Times) -> tuple[Floats, Floats]:
    """Lines, and the normal scores of their probabilities; both rise and fall strictly."""
    chances = np.clip(crossing(STARTS, times), 1e-12, 1 - 1e-12)
    scores = special.ndtri(np.minimum.accumulate(chances))
    known = np.concatenate([[True], np.diff(scores) < 0])
    return STARTS[known], scores[known]


def _normal(distance: Floats, variance: float) -> Floats:
    return np.asarray(
        np.exp(-(distance**2) / (2 * variance)) / math.sqrt(2 * math.pi * variance),
        dtype=np.float64,
    )
