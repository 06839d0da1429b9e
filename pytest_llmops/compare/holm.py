"""Several questions at once: Holm's correction of their p-values.

Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
"""

import math
from collections.abc import Sequence


def holm(values: Sequence[float]) -> list[float]:
    """Adjusted p-values: the i-th smallest of m times m - i + 1, never below a smaller one's.

    Args:
        values: p-values; nan stays nan and counts as 1 for the others.
    """
    adjusted = list(values)
    largest = 0.0
    for rank, index in enumerate(_order(values)):
        largest = max(largest, min(1.0, (len(values) - rank) * _number(values[index])))
        adjusted[index] = math.nan if math.isnan(values[index]) else largest
    return adjusted


def holm_levels(values: Sequence[float], alpha: float) -> list[float]:
    """The level at which each value is tested, for bounds that agree with the test.

    The i-th smallest is tested at alpha / (m - i + 1); once one is not rejected, the others are
    held to its level.
    """
    levels = [alpha] * len(values)
    level, stopped = alpha, False
    for rank, index in enumerate(_order(values)):
        if not stopped:
            level = alpha / (len(values) - rank)
            stopped = not _number(values[index]) < level
        levels[index] = level
    return levels


def _order(values: Sequence[float]) -> list[int]:
    return sorted(range(len(values)), key=lambda index: _number(values[index]))


def _number(value: float) -> float:
    return 1.0 if math.isnan(value) else value
