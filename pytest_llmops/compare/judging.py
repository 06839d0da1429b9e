"""The checks of a comparison: rates as they are, lengths in the units that both runs share."""

import math

import msgspec
import numpy as np

from pytest_llmops.compare.checks import Question, decide
from pytest_llmops.compare.effects import Mean, clustered_mean, token_effects
from pytest_llmops.compare.margins import Margins
from pytest_llmops.compare.metrics import FINE, UNITS, Chosen, Unit, in_unit, measure_of, ratio_of
from pytest_llmops.compare.pairing import Floats, Paired, pair_records
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
    baseline: RecordedRun, candidate: RecordedRun, margins: Margins, chosen: Chosen
) -> Judged:
    """Answer every question that was chosen.

    Each length is judged as output tokens are, and at their level: with several of them the chance
    of a false alarm grows by that level for each, at most.

    Raises:
        CompareError: Dollars are to be judged, and a run does not tell them.
    """
    paired = pair_records(baseline.records, candidate.records)
    effects, output = token_effects(paired)
    questions = questions_of(paired, output, margins)
    found: dict[str, Check] = {check.name: check for check in decide(questions)}
    shown = [*effects]
    for unit in UNITS[1:]:
        if unit not in (*chosen.judged, *chosen.shown):
            continue
        counted = _counted(unit, baseline, candidate)
        if counted is None:
            continue
        change, mean = token_effects(counted)
        shown.append(msgspec.structs.replace(change[0], metric=unit))
        if unit in chosen.judged:
            last = decide(questions_of(counted, mean, margins))[-1]
            found[unit] = _renamed(last, unit)
    checks = [found[name] for name in chosen.judged]
    if margins.cost:
        checks += _costs(_counted("dollars", baseline, candidate), margins)
    return Judged(
        paired=paired, effects=tuple(shown), questions=tuple(questions), checks=tuple(checks)
    )


def _counted(unit: Unit, baseline: RecordedRun, candidate: RecordedRun) -> Paired | None:
    """Two runs with their attempts counted in a unit; None where one of them does not tell it."""
    prices = ratio_of(baseline.run, candidate.run)
    sides = [
        in_unit(found.records, measure_of(unit, found.run, prices))
        for found in (baseline, candidate)
    ]
    if not all(any(record.usage for record in side) for side in sides):
        return None
    return pair_records(*sides)


def _renamed(check: Check, name: CheckName) -> Check:
    return msgspec.structs.replace(
        check, name=name, baseline=check.baseline / FINE, candidate=check.candidate / FINE
    )


def _costs(paired: Paired | None, margins: Margins) -> list[Check]:
    """Dollars per attempt and per solved case: ratios of totals, which is what a bill adds up."""
    if paired is None:
        raise CompareError(
            "the cost cannot be judged: a run names no prices; add them to the model in "
            "models.toml and run it again"
        )
    solves = paired.solved * paired.samples
    loose = msgspec.structs.replace(margins, tokens=margins.cost)
    question = questions_of(paired, token_effects(paired)[1], loose)[-1]
    found = []
    names: tuple[tuple[CheckName, Floats], ...] = (
        ("cost per attempt", paired.samples),
        ("cost per solved", solves),
    )
    for name, share in names:
        mean, sides = ratio_of_totals(paired.spent, share, paired)
        asked = msgspec.structs.replace(question, mean=mean, evidence=mean, sides=sides)
        found.append(_renamed(decide([asked])[0], name))
    return found


def ratio_of_totals(
    spent: Floats, share: Floats, paired: Paired
) -> tuple[Mean, tuple[float, float]]:
    """Log ratio of what is spent per share, candidate over baseline, by the delta method.

    With totals A and S of the spending a_i and the shares s_i of a run, ln(A / S) moves by
    a_i / A - s_i / S with case i; the difference of both runs is a sum over cases, whose standard
    error is clustered as that of any mean.

    Args:
        spent: (n, 2) of baseline and candidate.
        share: (n, 2) attempts, or those of them that are solved.
        paired: Whose clusters they are of.

    Returns:
        The mean, nan where a run has no share at all; and the level of each run.
    """
    amounts, shares = spent.sum(axis=0), share.sum(axis=0)
    if not (np.all(amounts > 0) and np.all(shares > 0)):
        with np.errstate(divide="ignore", invalid="ignore"):
            one, other = amounts / shares
        return Mean(math.nan, math.nan, 0), (float(one), float(other))
    levels = amounts / shares
    moves = spent / amounts - share / shares
    influence = len(spent) * (moves[:, 1] - moves[:, 0])
    spread = clustered_mean(influence, paired.clusters)
    mean = msgspec.structs.replace(spread, estimate=math.log(levels[1] / levels[0]))
    return mean, (float(levels[0]), float(levels[1]))
