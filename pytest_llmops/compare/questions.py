"""What the gate asks of two paired runs, and what it tells beside the answers."""

import math
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from pytest_llmops.compare.checks import Question, decide, shown
from pytest_llmops.compare.estimates.effects import Mean
from pytest_llmops.compare.estimates.rates import worsening
from pytest_llmops.compare.estimates.tokens import longer
from pytest_llmops.compare.levels import ALPHA
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.paired import Floats, Paired
from pytest_llmops.compare.values import Effect

UNCHANGED = Mean(0.0, 0.0, 1)
"""What there is to say where both runs gave the same answers: no change, nothing to estimate."""
WEAK = 0.5
"""Share of what the baseline solves that may be lost at most, whatever the margin."""


def questions_of(paired: Paired, margins: Margins, rate: float | None = None) -> list[Question]:
    """Truncation, solve rate and output tokens, in the order of the gate.

    Args:
        paired: The two runs.
        margins: How much worse each may be.
        rate: What the baseline solves; by default of the paired cases.
    """
    asked = [
        _truncation(paired, margins),
        _solve_rate(paired, margins, rate),
        _tokens(paired, margins),
    ]
    if not paired.identical:
        return asked
    return [
        msgspec.structs.replace(one, mean=UNCHANGED, evidence=UNCHANGED, method="") for one in asked
    ]


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
    if 0 < (silent := int(np.isnan(paired.output).any(axis=1).sum())) < len(paired.output):
        yield f"{silent} cases without token counts (crashed) are left out of the token effects"
    output = effects[0]
    if (output.p_increase < ALPHA) != (output.p_permutation < ALPHA):
        yield (
            f"t test (p = {output.p_increase:.3f}) and sign flips (p = {output.p_permutation:.3f}) "
            "disagree on output tokens; outliers or few clusters: read the pairs"
        )
    rate, margin = questions[1].sides[0], questions[1].margin
    if rate > 0 and margin == WEAK * rate:
        yield f"the baseline solves {rate:.1%}; a loss of half of it is accepted, no more"
    yield from (f"{one.name}: {one.method}" for one in questions if one.method)
    yield from _censoring(paired, questions)


def _censoring(paired: Paired, questions: Sequence[Question]) -> Iterator[str]:
    """Ask about tokens again with every count at the limit doubled."""
    truncated = [
        np.where(np.isnan(side.output), math.nan, side.truncated) for side in paired.attempts
    ]
    if paired.identical or not any(np.nansum(side) for side in truncated):
        return
    shares = np.column_stack([np.nansum(side, axis=1) for side in truncated])
    counted = np.column_stack([(~np.isnan(side)).sum(axis=1) for side in truncated])
    output = paired.output + math.log(2) * shares / np.maximum(1, counted)
    change = longer(msgspec.structs.replace(paired, output=output))
    again = msgspec.structs.replace(questions[2], mean=change.mean, evidence=change)
    before, after = decide(questions)[2], decide([*questions[:2], again])[2]
    if after.verdict != before.verdict:
        worst = shown("ratio", after.change.high)
        yield (
            f"output tokens would be {after.verdict} ({worst} at worst) if answers truncated at "
            "the token limit were twice as long; raise --max-tokens"
        )


def _truncation(paired: Paired, margins: Margins) -> Question:
    truncated = paired.truncated
    change, sides = truncated[:, 1] - truncated[:, 0], _means(truncated)
    more = worsening(change, paired.samples, paired.clusters, 1 - sides[0])
    return Question(
        name="truncation",
        sides=sides,
        margin=margins.truncation,
        proof=margins.proof,
        mean=more.mean,
        evidence=more,
        within=_binomial(truncated, paired.samples),
        samples=paired.samples,
    )


def _solve_rate(paired: Paired, margins: Margins, rate: float | None) -> Question:
    solved = paired.solved
    change, sides = solved[:, 0] - solved[:, 1], _means(solved)
    lost = worsening(change, paired.samples, paired.clusters, sides[0])
    return Question(
        name="solve rate",
        sides=sides,
        # A margin of all that the baseline solves would let a model pass that solves nothing.
        margin=min(margins.solve_rate, WEAK * (sides[0] if rate is None else rate)),
        proof=margins.proof,
        mean=lost.mean,
        evidence=lost,
        within=_binomial(solved, paired.samples),
        samples=paired.samples,
    )


def _tokens(paired: Paired, margins: Margins) -> Question:
    change = longer(paired)
    return Question(
        name="output tokens",
        sides=_means(paired.output, geometric=True),
        margin=math.log(margins.tokens),
        proof=margins.proof,
        method=change.told if change.truncated else "",
        mean=change.mean,
        evidence=change,
        within=paired.spread,
        samples=paired.samples,
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
