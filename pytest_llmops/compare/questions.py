"""What the gate asks of two paired runs, and what it tells beside the answers."""

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from pytest_llmops.compare.checks import ALPHA, Question, decide, shown
from pytest_llmops.compare.effects import Mean, clustered_mean
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.pairing import Floats, Paired
from pytest_llmops.compare.rates import worsening
from pytest_llmops.compare.values import Effect

UNCHANGED = Mean(0.0, 0.0, 1)
"""What there is to say where both runs gave the same answers: no change, nothing to estimate."""


def questions_of(paired: Paired, tokens: Mean, margins: Margins) -> list[Question]:
    """Truncation, solve rate and output tokens, in the order of the gate.

    Args:
        paired: The two runs.
        tokens: Mean log ratio of their output tokens.
        margins: How much worse each may be.
    """
    cut, solved = paired.truncated, paired.solved
    more_cut = worsening(cut[:, 1] - cut[:, 0], paired.samples, paired.clusters)
    lost = worsening(solved[:, 0] - solved[:, 1], paired.samples, paired.clusters)
    # A margin that covers all that the baseline solves would let a model pass that solves nothing.
    allowed = margins.solve_rate if solved[:, 0].mean() > margins.solve_rate else 0.0
    asked = [
        Question(
            name="truncation",
            sides=_means(cut),
            margin=margins.truncation,
            mean=more_cut.mean,
            evidence=more_cut,
            within=_binomial(cut, paired.samples),
            samples=paired.samples,
        ),
        Question(
            name="solve rate",
            sides=_means(solved),
            margin=allowed,
            mean=lost.mean,
            evidence=lost,
            within=_binomial(solved, paired.samples),
            samples=paired.samples,
        ),
        Question(
            name="output tokens",
            sides=_means(paired.output, geometric=True),
            margin=math.log(margins.tokens),
            mean=tokens,
            evidence=tokens,
            within=paired.spread,
            samples=paired.samples,
        ),
    ]
    if not paired.identical:
        return asked
    return [msgspec.structs.replace(one, mean=UNCHANGED, evidence=UNCHANGED) for one in asked]


def notes_of(
    paired: Paired, questions: Sequence[Question], effects: Sequence[Effect]
) -> Iterator[str]:
    """What a reader should know before believing the numbers.

    Args:
        paired: The two runs.
        questions: As they were asked.
        effects: Output, input and total tokens.
    """
    if paired.identical:
        yield "every answer is the same in both runs, so nothing is estimated"
    if silent := int(np.isnan(paired.output).any(axis=1).sum()):
        yield f"{silent} cases without token counts (crashed) are left out of the token effects"
    output = effects[0]
    if (output.p_increase < ALPHA) != (output.p_permutation < ALPHA):
        yield (
            f"t test (p = {output.p_increase:.3f}) and sign flips (p = {output.p_permutation:.3f}) "
            "disagree on output tokens; outliers or few clusters: read the pairs"
        )
    rate, margin = questions[1].sides[0], questions[1].margin
    if margin == 0 and rate > 0:
        yield f"the baseline solves {rate:.1%}, no more than the margin; no loss is accepted"
    yield from _censoring(paired, questions)


def _censoring(paired: Paired, questions: Sequence[Question]) -> Iterator[str]:
    """Ask about tokens again with every count at the limit doubled."""
    if paired.identical or not paired.censored.any():
        return
    doubled = paired.log_ratio(paired.output + math.log(2) * paired.censored)
    mean = clustered_mean(doubled, paired.clusters)
    again = msgspec.structs.replace(questions[2], mean=mean, evidence=mean)
    before, after = decide(questions)[2], decide([*questions[:2], again])[2]
    if after.verdict != before.verdict:
        yield (
            f"output tokens would be {after.verdict} ({shown('ratio', after.change.estimate)}) if "
            "answers cut off at the token limit were twice as long; raise --max-tokens"
        )


def _means(values: Floats, *, geometric: bool = False) -> tuple[float, float]:
    """Of each column, over the rows known in both; nan where there are none."""
    known = values[~np.isnan(values).any(axis=1)]
    if not len(known):
        return math.nan, math.nan
    means = known.mean(axis=0)
    one, other = np.exp(means) if geometric else means
    return float(one), float(other)


def _binomial(shares: Floats, samples: Floats) -> Floats:
    """Variance of single attempts, without bias; nan below two samples."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(samples > 1, shares * (1 - shares) * samples / (samples - 1), math.nan)
