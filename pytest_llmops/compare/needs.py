"""How many attempts or cases to ask for, given the noise of a run with several attempts a case.

Two runs of n cases with K attempts each differ with a standard error of s sqrt(2 / (n K)), so a
standard error of e takes n K = 2 (s / e)^2. Another model treats the cases differently as well, and
then needs more; how much more, only a run of it tells (`power.samples_needed`).

Source: Miller 2024, arXiv:2411.00640, section 5 (sample size).
"""

import math

import msgspec
from scipy import special

from pytest_llmops.compare.checks import ALPHA
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.noise import GATED, quantile, repeat_sd
from pytest_llmops.compare.power import Z_POWER
from pytest_llmops.compare.samples import Samples


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to reach a goal with 80 % probability."""

    goal: str
    samples: int | None
    """Attempts a case in both runs, with the cases there are; None where none suffice."""
    cases: int | None
    """Cases, with the attempts a case there are; None where none suffice."""


def needs_of(samples: Samples, margins: Margins, planted: float) -> tuple[Need, ...]:
    """What to ask for, so that the gate finds what is there and passes what is not.

    Args:
        samples: Where the noise is taken from.
        margins: Of the gate.
        planted: Ratio of output tokens that is to be found.
    """
    allowed, change = math.log(margins.tokens), math.log(planted)
    hold = quantile(samples, 1 - ALPHA) + Z_POWER
    proof = quantile(samples, 1 - ALPHA / GATED) + Z_POWER
    spread = repeat_sd(samples)
    # The estimate must also be beyond the margin: z(0.8) SE of room above it.
    errors = min(change / proof, (change - allowed) / Z_POWER)
    return (
        _need("an unchanged model: output tokens held", samples, spread, allowed / hold),
        _need(f"{planted:g}x output tokens: regressed", samples, spread, errors),
        _hold_solve_rate(samples, margins.solve_rate, hold),
    )


def _hold_solve_rate(samples: Samples, margin: float, hold: float) -> Need:
    """What the gate needs to hold the solve rate.

    It accepts no loss of a rate within the margin, and n cases none of which changed leave an upper
    bound of z^2 / (n + z^2) (`rates`).
    """
    goal = "an unchanged model: solve rate held"
    if samples.solved.mean() <= margin or margin == 0:
        return Need(goal=goal, samples=None, cases=None)
    spread = math.sqrt(float(samples.solved.var(axis=1, ddof=1).mean()))
    need = _need(goal, samples, spread, margin / hold)
    assert need.cases
    square = float(special.ndtri(ALPHA)) ** 2
    fewest = math.ceil(square * (1 - margin) / margin)
    enough = samples.shape[0] >= fewest
    return Need(
        goal=goal,
        samples=need.samples if enough else None,
        cases=max(need.cases, fewest),
    )


def _need(goal: str, samples: Samples, spread: float, error: float) -> Need:
    """Samples or cases at which the standard error is `error`."""
    if error <= 0:
        return Need(goal=goal, samples=None, cases=None)
    cases, attempts = samples.shape
    product = 2 * (spread / error) ** 2
    return Need(
        goal=goal,
        samples=max(1, math.ceil(product / cases)),
        cases=max(1, math.ceil(product / attempts)),
    )
