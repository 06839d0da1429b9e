"""Two runs of the same cases as the arrays that statistics are made of.

A case is asked once or several times; its attempts enter as their mean (of logs, for tokens),
because they are not independent of each other. Cases of one source file form a cluster.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from pytest_llmops.compare.values import CasePair

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

ROUNDING = 1e-12
"""Differences of mean logs below this are what summation leaves of equal counts."""


class Attempts(msgspec.Struct, frozen=True, kw_only=True):
    """The attempts of one run at n cases, at most K each; nan where there is none."""

    output: Floats
    """(n, K) ln output tokens; nan also for an attempt without a count (crashed)."""
    truncated: Floats
    """(n, K) 1 for an answer that hit the token limit, which then is a lower bound; else 0."""
    solved: Floats
    """(n, K) 1 or 0."""

    @property
    def finished(self) -> Floats:
        """(n, K) ln output tokens of the answers that came to their end, nan for the others."""
        return np.where(self.truncated == 0, self.output, math.nan)


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """n cases in both runs, in the order of their ids; column 0 is the baseline, 1 the candidate.

    A case all of whose attempts crashed has no token counts: nan in every array of tokens.
    """

    pairs: tuple[CasePair, ...]
    """What people are shown of each case; empty where runs are made up."""
    clusters: Codes
    """(n,) number of the cluster of each case, 0..G-1."""
    attempts: tuple[Attempts, Attempts]
    samples: Floats
    """(n, 2) attempts."""
    solved: Floats
    """(n, 2) share of attempts solved; crashed ones count as not solved."""
    truncated: Floats
    """(n, 2) share of attempts that hit the token limit."""
    output: Floats
    """(n, 2) mean over samples of ln output tokens, a truncated answer as long as its limit."""
    finished: Floats
    """(n, 2) the same over the answers that came to their end; nan where none did."""
    finishes: Floats
    """(n, 2) how many did."""
    input: Floats
    """(n, 2) mean over samples of ln input tokens."""
    total: Floats
    """(n, 2) the same of their sum."""
    spread: Floats
    """(n, 2) variance over samples of ln output tokens of finished answers; nan below two."""
    spent: Floats
    """(n, 2) output tokens, summed over attempts."""
    limit: float
    """ln of the token limit of an answer; inf where there is none, or where a count is beyond it,
    because an attempt asks several times."""
    identical: bool
    """Every attempt has the same answer, tokens and outcome in both runs."""

    def log_ratio(self, tokens: Floats) -> Floats:
        """(n,) candidate less baseline of an (n, 2) array of mean logs."""
        found = tokens[:, 1] - tokens[:, 0]
        found[np.abs(found) < ROUNDING] = 0.0
        return found

    @property
    def truncated_share(self) -> float:
        """Share of all attempts of both runs that hit the token limit."""
        return float((self.truncated * self.samples).sum() / self.samples.sum())


def paired_from(
    attempts: tuple[Attempts, Attempts],
    clusters: Codes,
    *,
    inputs: tuple[tuple[Floats, Floats], tuple[Floats, Floats]] | None = None,
    limit: float = math.inf,
    identical: bool = False,
) -> Paired:
    """Reduce the attempts of two runs to what each case became; their order does not matter.

    Args:
        attempts: Of baseline and candidate.
        clusters: (n,) number of the cluster of each case, 0..G-1.
        inputs: (n, K) ln input tokens and ln of input and output together, of each run.
        limit: ln of the token limit of an answer, as far as the counts keep to it.
        identical: Whether both runs gave the same answers.
    """
    longest = max(float(np.nanmax(side.output, initial=-math.inf)) for side in attempts)
    finished = [side.finished for side in attempts]
    nothing = np.full((len(clusters), 2), math.nan)
    one, other = inputs or ((nothing, nothing), (nothing, nothing))
    return Paired(
        pairs=(),
        clusters=clusters,
        attempts=attempts,
        samples=_both([_count(side.solved) for side in attempts]),
        solved=_both([_mean(side.solved) for side in attempts]),
        truncated=_both([_mean(side.truncated) for side in attempts]),
        output=_both([_mean(side.output) for side in attempts]),
        finished=_both([_mean(side) for side in finished]),
        finishes=_both([_count(side) for side in finished]),
        input=_both([_mean(one[0]), _mean(other[0])]),
        total=_both([_mean(one[1]), _mean(other[1])]),
        spread=_both([_variance(side) for side in finished]),
        spent=_both([np.nansum(np.exp(np.sort(side.output, axis=1)), axis=1) for side in attempts]),
        limit=limit if longest <= limit + ROUNDING else math.inf,
        identical=identical,
    )


def _both(sides: list[Floats]) -> Floats:
    return np.column_stack(sides)


def _count(values: Floats) -> Floats:
    return np.asarray((~np.isnan(values)).sum(axis=1), dtype=np.float64)


def _mean(values: Floats) -> Floats:
    """(n,) of each row without its nans, in an order of its own; nan of none."""
    if values.shape[1] == 1:
        return values[:, 0]
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(np.sort(values, axis=1), axis=1) / _count(values))


def _variance(values: Floats) -> Floats:
    """(n,) of each row without its nans; nan below two, exactly 0 where all are equal."""
    counts, lowest = _count(values), np.fmin.reduce(values, axis=1)
    distances = np.sort(values, axis=1) - lowest[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = np.nansum(distances, axis=1) / counts
        squares = np.nansum((distances - means[:, None]) ** 2, axis=1)
        return np.where(counts > 1, squares / (counts - 1), math.nan)
