"""Censored ranks: by what factor answers got longer, where many are truncated at the token limit.

A truncated answer is longer than its count, by how much nobody knows. But it is known to be longer
than any answer that ended earlier, and that is all ranks need. With the candidate's ln tokens moved
down by s, each pair of a baseline's and a candidate's answer at the same case scores

    +1   the baseline's ended, and the candidate's is longer
    -1   the candidate's ended, and the baseline's is longer
     0   equal, or not known: the longer one is not known to be

and a case is the mean of its pairs. Its mean over the cases, with clustered standard errors, is 0
where s is the change: that s is the estimate, and the bounds are those s that a one-sided test of
the mean against 0 does not reject.

Cases are strata: answers of different cases are never ranked against each other. The estimate is of
a shift that all answers have in common; where few answers changed much it is nearer 0 than their
mean is, so nothing is ever held by it (`tokens`).

Sources: Gehan 1965, "A generalized Wilcoxon test for comparing arbitrarily singly-censored
samples"; van Elteren 1960, "On the combination of independent two-sample tests of Wilcoxon"; Hodges
and Lehmann 1963, "Estimates of location based on rank tests".
"""

import math

import msgspec
import numpy as np
from scipy import special

from pytest_llmops.compare.estimates.effects import Mean, clustered_mean
from pytest_llmops.compare.paired import Attempts, Codes, Floats

SPAN = 8.0
"""Shifts beyond this, a factor of 3,000, are not looked for."""
HALVINGS = 18
"""Steps of the search: to a factor of 1.0001."""


class Ranks(msgspec.Struct, frozen=True):
    """The answers of two runs, ranked case by case."""

    attempts: tuple[Attempts, Attempts]
    clusters: Codes

    def mean(self) -> Mean:
        """The shift, with its distance to the bound at one standard error of a normal value."""
        estimate = self._root(0.5)
        error = self.upper(float(special.ndtr(-1.0))) - estimate
        return Mean(estimate, error, self.score(estimate).degrees)

    def lower(self, alpha: float) -> float:
        """One-sided lower bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self._root(alpha)

    def upper(self, alpha: float) -> float:
        """One-sided upper bound at confidence 1 - alpha; nan for fewer than two clusters."""
        return self._root(1 - alpha)

    def p_above(self, limit: float) -> float:
        """One-sided p-value of a shift above `limit`."""
        return self.score(limit).p_above(0.0)

    def score(self, shift: float) -> Mean:
        """Mean score of the cases, the candidate's answers moved down by `shift`."""
        return clustered_mean(scores(*self.attempts, shift), self.clusters)

    def _root(self, share: float) -> float:
        """The shift whose p-value is `share`; p rises with the shift."""
        if math.isnan(self.p_above(0.0)):
            return math.nan
        low, high = -SPAN, SPAN
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            if self.p_above(middle) < share:
                low = middle
            else:
                high = middle
        return (low + high) / 2


def scores(baseline: Attempts, candidate: Attempts, shift: float) -> Floats:
    """(n,) mean score of each case's pairs; nan where a run has no counts."""
    before, after = baseline.output, candidate.output - shift
    total = np.zeros(len(before))
    pairs = np.zeros(len(before))
    for column in range(before.shape[1]):  # one at a time, so that memory stays small
        one, truncated = before[:, [column]], baseline.truncated[:, [column]]
        longer = (truncated == 0) & (after > one + EQUAL)
        shorter = (candidate.truncated == 0) & (one > after + EQUAL)
        total += longer.sum(axis=1) - shorter.sum(axis=1).astype(np.float64)
        pairs += (~np.isnan(one) & ~np.isnan(after)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.where(pairs > 0, total / pairs, math.nan)


EQUAL = 1e-9
"""Counts are whole; logs this near are of equal ones."""
