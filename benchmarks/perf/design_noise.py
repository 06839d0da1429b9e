"""What chance adds to the attempts of `designs.py`, and how two runs may share it."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]


class Noise(NamedTuple):
    """Of the attempts of a run, each (n, K)."""

    length: Floats
    """Mean 0, standard deviation 1."""
    runaway: Floats
    """0..1."""
    luck: Floats
    """0..1; solved below the rate of the case."""


class Chance(NamedTuple):
    """Where noise comes from."""

    generator: np.random.Generator
    tails: float
    """Degrees of freedom of the t distribution of lengths; inf is normal."""
    common: float
    """Correlation of an attempt with the baseline's of the same number; for normal lengths."""
    antithetic: float
    """The same, below 0, of every second attempt of a run with the one before it."""

    def noise(self, shape: tuple[int, int], like: Noise | None = None) -> Noise:
        """Draw that of one run.

        Args:
            shape: Cases and attempts.
            like: That of the baseline, to share as much of it as is common.
        """
        length = self.generator.normal(size=shape)
        if math.isfinite(self.tails):
            length = self.generator.standard_t(self.tails, shape) * math.sqrt(1 - 2 / self.tails)
        runaway, luck = self.generator.random(shape), self.generator.random(shape)
        if not (self.common or self.antithetic):
            return Noise(length, runaway, luck)
        theirs = (like.length, special.ndtri(like.luck)) if like else (None, None)
        length = self._coupled(length, theirs[0])
        return Noise(length, runaway, special.ndtr(self._coupled(special.ndtri(luck), theirs[1])))

    def _coupled(self, own: Floats, theirs: Floats | None) -> Floats:
        for column in range(1, own.shape[1], 2):
            own[:, column] = _with(own[:, column - 1], own[:, column], -self.antithetic)
        if theirs is not None and self.common:
            both = min(own.shape[1], theirs.shape[1])
            own[:, :both] = _with(theirs[:, :both], own[:, :both], self.common)
        return own


def _with(other: Floats, own: Floats, share: float) -> Floats:
    """Standard normal values that go with others so much."""
    return np.asarray(share * other + math.sqrt(1 - share**2) * own)
