"""The checks of a comparison: rates as they are, lengths in the units that both runs share."""

import math

import msgspec
import numpy as np

from pytest_llmops.compare.checks import Question, decide
from pytest_llmops.compare.estimates.effects import token_effects
from pytest_llmops.compare.estimates.tokens import spread_of
from pytest_llmops.compare.estimates.unseen import Spread
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.metrics import PER_SOLVED, UNITS, Chosen, Unit, measure_of, ratio_of
from pytest_llmops.compare.paired import Floats, Paired
from pytest_llmops.compare.pairing import pair_records
from pytest_llmops.compare.questions import questions_of
from pytest_llmops.compare.values import Check, CheckName, Effect
from pytest_llmops.errors import CompareError
from pytest_llmops.runs.reading import RecordedRun


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Two runs by the metrics that were chosen."""

    paired: Paired
    """By output tokens, whatever they are counted by."""
    effects: tuple[Effect, ...]
    questions: tuple[Question, ...]
    """Truncation, solve rate and output tokens, whether or not they are judged."""
    checks: tuple[Check, ...]


def judge(
    baseline: RecordedRun,
    candidate: RecordedRun,
    margins: Margins,
    chosen: Chosen,
    *,
    listed: bool = True,
) -> Judged:
    """Answer every question that was chosen, all together, so that their levels add up to 5 %.

    Args:
        baseline: The run to compare against.
        candidate: The run under test.
        margins: How much worse each metric may be.
        chosen: What is judged.
        listed: Whether to list the cases for people.

    Raises:
        CompareError: Dollars are to be judged, and a run does not tell them.
    """
    limit = max(side.run.identity.sampling.max_tokens for side in (baseline, candidate))
    paired = pair_records(baseline.records, candidate.records, limit=limit, listed=listed)
    effects = [*token_effects(paired)]
    questions = questions_of(paired, margins)
    found: dict[str, Question] = {one.name: one for one in questions}
    for unit in UNITS[1:]:
        if unit not in (*chosen.judged, *chosen.shown):
            continue
        counted = _counted(unit, baseline, candidate)
        if counted is None:
            continue
        effects.append(msgspec.structs.replace(token_effects(counted)[0], metric=unit))
        if unit in chosen.judged:
            question = questions_of(counted, margins)[-1]
            found[unit] = msgspec.structs.replace(question, name=unit)
    if PER_SOLVED in chosen.judged and (priced := _counted("priced tokens", baseline, candidate)):
        solves = priced.solved * priced.samples
        found[PER_SOLVED] = _totals(priced, margins, "priced per solved", solves)
    asked = [found[name] for name in chosen.judged]
    if margins.cost:
        asked += _costs(_counted("dollars", baseline, candidate), margins)
    return Judged(
        paired=paired,
        effects=tuple(effects),
        questions=tuple(questions),
        checks=tuple(decide(asked)),
    )


def _counted(unit: Unit, baseline: RecordedRun, candidate: RecordedRun) -> Paired | None:
    """Two runs with their attempts counted in a unit; None where one of them does not tell it."""
    prices = ratio_of(baseline.run, candidate.run)
    measures = measure_of(unit, baseline.run, prices), measure_of(unit, candidate.run, prices)
    for found, measure in zip((baseline, candidate), measures, strict=True):
        if not any(measure(record) for record in found.records):
            return None
    return pair_records(baseline.records, candidate.records, listed=False, measures=measures)


def _costs(paired: Paired | None, margins: Margins) -> list[Question]:
    """Dollars per attempt and per solved case: ratios of totals, which is what a bill adds up."""
    if paired is None:
        raise CompareError(
            "the cost cannot be judged: a run names no prices, or prices of 0; add them to the "
            "model in models.toml and run it again"
        )
    loose = msgspec.structs.replace(margins, tokens=margins.cost)
    return [
        _totals(paired, loose, "cost per attempt", paired.samples),
        _totals(paired, loose, "cost per solved", paired.solved * paired.samples),
    ]


def _totals(paired: Paired, margins: Margins, name: CheckName, share: Floats) -> Question:
    """Whether what is spent in all, by all of a share, stays within the margin of tokens."""
    evidence, sides = ratio_of_totals(paired.spent, share, paired)
    return msgspec.structs.replace(
        questions_of(paired, margins)[-1],
        name=name,
        mean=evidence.mean,
        evidence=evidence,
        sides=sides,
        method="",
    )


def ratio_of_totals(
    spent: Floats, share: Floats, paired: Paired
) -> tuple[Spread, tuple[float, float]]:
    """Log ratio of what is spent per share, candidate over baseline, by the delta method.

    With totals A and S of the spending a_i and the shares s_i of a run, ln(A / S) moves by
    a_i / A - s_i / S with case i; the difference of both runs is a sum over cases, whose standard
    error is clustered as that of any mean.

    Args:
        spent: (n, 2) of baseline and candidate.
        share: (n, 2) attempts, or those of them that are solved.
        paired: Whose clusters they are of.

    Returns:
        What is known of it, nan where a run has no share at all; and the level of each run.
    """
    amounts, shares = spent.sum(axis=0), share.sum(axis=0)
    if not (np.all(amounts > 0) and np.all(shares > 0)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = amounts / shares
        nothing = np.full(len(spent), math.nan)
        return spread_of(nothing, paired.clusters), (float(one), float(other))
    levels = amounts / shares
    moves = spent / amounts - share / shares
    influence = len(spent) * (moves[:, 1] - moves[:, 0])
    change = math.log(levels[1] / levels[0]) + influence
    return spread_of(change, paired.clusters), (float(levels[0]), float(levels[1]))
