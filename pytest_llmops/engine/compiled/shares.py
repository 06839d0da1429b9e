"""Which thread takes which tokens of a step."""

from itertools import groupby, pairwise
from typing import Any, NamedTuple

import numpy as np

from pytest_llmops.engine.step import QUERIES, Step

_WAIT = 4
"""Tokens whose products take as long as parts wait for each other in a layer, with 2 threads."""


class Span(NamedTuple):
    """Units of a step that one thread takes, all with the same adapter."""

    first: int
    end: int
    adapter: str


def share(step: Step, token_cost: float, count: int) -> tuple[list[list[Span]], bool]:
    """Return the units of a step in so many parts, and whether each has whole rows alone.

    Rows need nothing of each other, so parts of whole rows go through all layers side by side. A
    long row among short ones is cut; its parts wait for each other's keys in every layer.

    Args:
        step: The step.
        token_cost: What the products of a token take, in those of its attention to one block.
        count: Parts at most.
    """
    units, blocks = step.units
    ends = np.cumsum(units[:, 1] * token_cost + blocks)
    wanted = [ends[-1] * part / count for part in range(1, count)]
    lengths = [-(-len(row.tokens) // QUERIES) for row in step.rows]
    borders = np.cumsum([0, *lengths])
    before = np.concatenate([[0.0], ends])
    apart = [0, *(int(borders[np.abs(before[borders] - at).argmin()]) for at in wanted), len(units)]
    cut = [0, *(int(np.abs(before - at).argmin()) for at in wanted), len(units)]
    slowest = [max(before[end] - before[first] for first, end in pairwise(c)) for c in (apart, cut)]
    whole = bool(slowest[0] <= slowest[1] + _WAIT * token_cost)
    names = _adapters(step, borders)
    parts = [
        [
            Span(max(first, span.first), min(end, span.end), span.adapter)
            for span in names
            if max(first, span.first) < min(end, span.end)
        ]
        for first, end in pairwise(apart if whole else cut)
        if first < end
    ]
    return parts, whole


def _adapters(step: Step, borders: np.ndarray[Any, Any]) -> list[Span]:
    """The units of each adapter, one after another."""
    spans = []
    for name, numbers in groupby(range(len(step.rows)), key=lambda i: step.rows[i].adapter):
        rows = list(numbers)
        spans.append(Span(int(borders[rows[0]]), int(borders[rows[-1] + 1]), name))
    return spans
