"""What a gate lets pass, and how its command line is read; light, so that plugins may import it."""

import math
from argparse import ArgumentTypeError
from contextlib import suppress
from typing import Literal, get_args

import msgspec

from pytest_llmops.errors import CompareError

Proof = Literal["margin", "change"]
PROOFS: tuple[Proof, ...] = get_args(Proof)


class Margins(msgspec.Struct, frozen=True, kw_only=True):
    """The worst change of each metric that is still accepted.

    Raises:
        CompareError: A margin is out of its range.
    """

    tokens: float = 1.2
    """Geometric-mean ratio of output tokens; below 1 a candidate must prove that it saves tokens.
    1.2 is what 263 cases of 42 files with 3 samples can hold an unchanged model to, where harm may
    come by whole files (`docs/gate.md`); more files can hold less."""
    solve_rate: float = 0.05
    """Share of attempts, lost; never more than half of what the baseline solves. 0.05 is what the
    same suite can hold a sampled model to."""
    truncation: float = 0.1
    """Share of attempts, more that hit the token limit. 0.1: 42 files of which none changed exclude
    no less than 0.07; if each of them hid a doubling, they would hide exp(0.1 ln 2) = 1.07."""
    cost: float = 0.0
    """Ratio of dollars, per attempt and per solved case; 0: not asked."""
    errors: int = 0
    """Attempts of the candidate that the harness could not complete."""
    proof: Proof = "margin"
    """What "regressed" proves: a change worse than the margin, or any that is for the worse."""

    def __post_init__(self) -> None:
        for name, low, high in (("tokens", 0, 100), ("solve_rate", 0, 1), ("truncation", 0, 1)):
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high and (value or name != "tokens")):
                raise CompareError(f"margin {name}: {value} is not between {low} and {high}")
        if not (math.isfinite(self.cost) and 0 <= self.cost <= 100):
            raise CompareError(f"margin cost: {self.cost} is not between 0 and 100")
        if self.errors < 0:
            raise CompareError(f"margin errors: {self.errors} is below 0")


DEFAULT_MARGINS = Margins()


def ratio(text: str) -> float:
    """Parse the ratio of an option; 1.05 allows five per cent more.

    Raises:
        ArgumentTypeError: It is not a number from 0.1 to 100.
    """
    return _between(text, 0.1, 100)


def share(text: str) -> float:
    """Parse the share of an option; 0.02 is two points.

    Raises:
        ArgumentTypeError: It is not a number from 0 to 1.
    """
    return _between(text, 0, 1)


def _between(text: str, low: float, high: float) -> float:
    with suppress(ValueError):
        if low <= (number := float(text)) <= high:
            return number
    raise ArgumentTypeError(f"{text!r} is not a number from {low} to {high}")
