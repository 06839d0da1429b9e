"""What a solved attempt cost, of two runs, in dollars."""

import math

import numpy as np

from pytest_llmops.compare.estimates.bootstrap import UNDEFINED, cost_of_pass, cost_of_pass_ratio
from pytest_llmops.compare.values import Interval
from pytest_llmops.runs.reading import RecordedRun

Costs = tuple[tuple[float, float], Interval]

UNPRICED: Costs = ((math.nan, math.nan), UNDEFINED)
"""Where an answer of one of the runs has no price."""


def dollars_per_solved(baseline: RecordedRun, candidate: RecordedRun) -> Costs:
    """Dollars of all attempts by solved ones, of each run, and their ratio with a 95 % interval.

    The interval is that of output tokens per solved attempt: BCa, source files drawn whole.
    """
    places: dict[tuple[str, str], int] = {}
    for run in (baseline, candidate):
        for record in run.records:
            if record.usage and record.cost is None:
                return UNPRICED
            places.setdefault((record.suite, record.cluster), len(places))
    sums = np.zeros((len(places), 4))
    for side, run in enumerate((baseline, candidate)):
        for record in run.records:
            row = sums[places[record.suite, record.cluster]]
            row[2 * side] += record.cost or 0.0
            row[2 * side + 1] += record.solved
    spent = sums.sum(axis=0)
    costs = cost_of_pass(spent[0], spent[1]), cost_of_pass(spent[2], spent[3])
    return costs, cost_of_pass_ratio(sums) if spent[0] else UNDEFINED
