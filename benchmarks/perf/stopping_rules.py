"""The lines of the sequential gate against sequential e-values, on paths whose drift is known.

    python benchmarks/perf/stopping_rules.py [--paths 20000]

A path is a Brownian motion seen at the looks of a session of 263 cases and 3 samples, its drift
that at which one look at the end finds the change with 80 % power. Each rule stops where it first
proves it, at 3 % as tokens do. An e-value is compared with 1 / 0.03 (Ville): of the likelihood
ratio for the drift that is there, for half and twice that, and of a normal mixture over all drifts
above 0 (Robbins). `asked` is the mean share of the session where the change is there.
"""

import argparse
import math

import numpy as np
from scipy import special

from pytest_llmops.compare.sequence.boundary import SLOPE, start
from pytest_llmops.compare.sequence.plan import make_plan

ALPHA, POWER = 0.03, 0.8


def looks() -> tuple[float, ...]:
    """The clock of a session."""
    names = {f"{number:04}": str(number // 6) for number in range(263)}
    keys = [(name, sample) for name in names for sample in range(3)]
    return make_plan(keys, names, baseline_samples=10).times


def main() -> None:
    """Draw the paths and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Help)
    parser.add_argument("--paths", type=int, default=20_000)
    options = parser.parse_args()
    times = looks()
    clock = np.array(times)
    drift = -float(special.ndtri(ALPHA)) + float(special.ndtri(POWER))
    generator = np.random.default_rng(0)
    steps = generator.normal(size=(options.paths, len(clock))) * np.sqrt(np.diff(clock, prepend=0))
    paths = steps.cumsum(axis=1)
    print(f"{'rule':36}{'unchanged':>11}{'found':>8}{'asked':>8}")
    for name, bounds in rules(times, drift).items():
        shares = []
        for mean in (0.0, drift):
            proved = paths + mean * clock >= bounds
            at = np.where(proved.any(axis=1), clock[proved.argmax(axis=1)], 1.0)
            shares += [proved.any(axis=1).mean(), at.mean()]
        print(f"{name:36}{shares[0]:>11.1%}{shares[2]:>8.1%}{shares[3]:>8.0%}")


def rules(times: tuple[float, ...], drift: float) -> dict[str, np.ndarray]:
    """How high a path must be at each look."""
    clock = np.array(times)
    once = np.where(clock == 1, -special.ndtri(ALPHA), math.inf)
    wealth = math.log(1 / ALPHA)
    found = {"one look at the end": once, "lines (the gate)": start(ALPHA, times) + SLOPE * clock}
    for factor in (0.5, 1.0, 2.0):
        guess = factor * drift
        found[f"e-value, drift guessed {factor:g} times"] = wealth / guess + guess * clock / 2
    for scale in (1.0, 4.0, 16.0):
        found[f"e-value, mixture of variance {scale:g}"] = np.array(
            [mixture(time, scale, wealth) for time in times]
        )
    return found


def mixture(time: float, scale: float, wealth: float) -> float:
    """The height at which a half-normal mixture over drifts reaches the wealth."""
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        spread = math.sqrt(scale / (1 + scale * time))
        value = (
            math.log(2 / math.sqrt(1 + scale * time))
            + (middle * spread) ** 2 / 2
            + float(special.log_ndtr(middle * spread))
        )
        low, high = (low, middle) if value >= wealth else (middle, high)
    return high


class _Help(argparse.RawDescriptionHelpFormatter):
    """The docstring as it is written."""


if __name__ == "__main__":
    main()
