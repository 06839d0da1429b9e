"""How the error rate of the gate is shared by its checks.

A candidate that is not worse than any margin is called regressed with a chance of 5 % at most: the
sum of the levels at which the checks are tested (Bonferroni, weighted). Tokens have three fifths of
it, because a change of tokens is what is hardest to see, while a model that lost what it solved or
is truncated more often shows it plainly. Holm's correction gives tokens a third.

Source: Rosenthal and Rubin 1983, "Ensemble-adjusted p values" (weights chosen beforehand).
"""

from collections.abc import Sequence

ALPHA = 0.05
"""Error rate of the whole gate, and of each bound that must be within its margin to hold."""
RATES = ("truncation", "solve rate")
LENGTH = 3.0
"""Weight of a length in the error rate, in whatever it is counted; that of a rate is 1."""


def levels(names: Sequence[str], alpha: float = ALPHA) -> list[float]:
    """The level of each check, adding up to `alpha`: 1, 1 and 3 % for the three of the gate."""
    weights = [1.0 if name in RATES else LENGTH for name in names]
    return [alpha * weight / sum(weights) for weight in weights]
