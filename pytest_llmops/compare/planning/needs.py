"""How many attempts or cases to ask for, given the noise of a run with several attempts per case.

Two runs of n cases with K attempts each differ with a standard error of s sqrt(2 / (n K)). What
files not seen could add (`unseen`) no number of attempts brings nearer, only more files do: where
nothing changed in G files that is r = worst (1 - alpha^(1/G)). With both, a bound is about

    sqrt((t SE)^2 + r^2)

above the estimate (within 6 % of the gate's own bound for 20 to 200 files, a little below it).
Another model treats the cases differently as well, and then needs more; how much more, only a run
of it tells (`power.samples_needed`).

Source: Miller 2024, arXiv:2411.00640, section 5 (sample size).
"""

import math
from collections.abc import Callable

import msgspec

from pytest_llmops.compare.estimates.power import CASES_LIMIT, SAMPLES_LIMIT, Z_POWER
from pytest_llmops.compare.estimates.tokens import LOOP
from pytest_llmops.compare.levels import ALPHA
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.planning.noise import PROOF, proved_beyond, quantile, repeat_sd
from pytest_llmops.compare.planning.samples import Samples
from pytest_llmops.compare.questions import WEAK


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to reach a goal with 80 % probability."""

    goal: str
    samples: int | None
    """Attempts per case in both runs, with the cases there are; None where none suffice."""
    cases: int | None
    """Cases, with the attempts per case there are; None where none suffice."""


def needs_of(samples: Samples, margins: Margins, planted: float) -> tuple[Need, ...]:
    """What to ask for, so that the gate finds what is there and passes what is not.

    Args:
        samples: Where the noise is taken from.
        margins: Of the gate.
        planted: Ratio of output tokens that is to be found.
    """
    spread, solves = repeat_sd(samples), float(samples.solved.mean())
    worst = min(LOOP, samples.limit - float(samples.output.mean()))
    proof = quantile(samples, 1 - PROOF) + Z_POWER
    room = math.log(planted) - proved_beyond(margins)
    noise = math.sqrt(float(samples.solved.var(axis=1, ddof=1).mean()))
    allowed = min(margins.solve_rate, WEAK * solves)
    return (
        _need(
            "an unchanged model: output tokens held",
            samples,
            _holds(samples, spread, worst, math.log(margins.tokens)),
        ),
        _need(
            f"{planted:g}x output tokens: regressed",
            samples,
            lambda cases, attempts: proof * spread * math.sqrt(2 / (cases * attempts)) <= room,
        ),
        _need(
            "an unchanged model: solve rate held",
            samples,
            _holds(samples, noise, solves, allowed),
        ),
    )


Fits = Callable[[int, int], bool]
"""Whether so many cases, with so many attempts each, reach a goal."""


def _holds(samples: Samples, spread: float, worst: float, margin: float) -> Fits:
    """Whether the upper bound of an unchanged metric is within its margin four times of five."""
    files = (int(samples.clusters.max()) + 1) / samples.shape[0]
    score = quantile(samples, 1 - ALPHA)

    def fits(cases: int, attempts: int) -> bool:
        error = spread * math.sqrt(2 / (cases * attempts))
        rest = worst * (1 - ALPHA ** (1 / (files * cases)))
        return margin > 0 and math.hypot(score * error, rest) + Z_POWER * error <= margin

    return fits


def _need(goal: str, samples: Samples, fits: Fits) -> Need:
    """The fewest attempts, and the fewest cases, that reach the goal."""
    cases, attempts = samples.shape
    return Need(
        goal=goal,
        samples=_fewest(lambda count: fits(cases, count), SAMPLES_LIMIT),
        cases=_fewest(lambda count: fits(count, attempts), CASES_LIMIT),
    )


def _fewest(fits: Callable[[int], bool], most: int) -> int | None:
    """The smallest number up to `most` that fits, as do all above it; None where none does."""
    low, high = 0, most
    if not fits(most):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high
