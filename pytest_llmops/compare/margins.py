"""What a gate lets pass, and how its command line is read; light, so that plugins may import it."""

import math

import msgspec

from pytest_llmops.errors import CompareError


class Margins(msgspec.Struct, frozen=True, kw_only=True):
    """The worst change of each metric that is still accepted.

    Raises:
        CompareError: A margin is out of its range.
    """

    tokens: float = 1.05
    """Geometric-mean ratio of output tokens. 1.05: what a change of prompt wording or sampling
    noise moves is of this size; below 1 a candidate must prove that it saves tokens."""
    solve_rate: float = 0.02
    """Share of attempts, lost. 0.02: small beside the differences between models that people
    choose by, and 133 cases of which none changes are enough to show it (`docs/gate.md`)."""
    truncation: float = 0.05
    """Share of attempts, more that hit the token limit. 0.05: if each of them hid a doubling of
    its length, they would hide exp(0.05 ln 2) = 1.035, less than the margin of the tokens."""
    cost: float = 0.0
    """Ratio of dollars, per attempt and per solved case; 0: not asked."""
    errors: int = 0
    """Attempts of the candidate that the harness could not complete."""

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
        ValueError: It is not a number between 0.1 and 100.
    """
    return _between(text, 0.1, 100)


def share(text: str) -> float:
    """Parse the share of an option; 0.02 is two points.

    Raises:
        ValueError: It is not a number between 0 and 1.
    """
    return _between(text, 0, 1)


def _between(text: str, low: float, high: float) -> float:
    if not low <= (number := float(text)) <= high:
        raise ValueError(f"{text} is not between {low} and {high}")
    return number
