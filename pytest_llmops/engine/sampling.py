"""From logits to one token a row.

Greedy rows are decided together. A drawn row uses a generator of its own, so its text does not
depend on its neighbours in the batch, as far as the logits themselves do not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

_NUCLEUS = 256
"""Likeliest tokens looked at first; only when `top_p` wants more are all of them sorted."""


class Choice(NamedTuple):
    """How a row's token is chosen."""

    temperature: float
    """0 is greedy."""
    top_p: float
    generator: torch.Generator | None
    """For drawing; None for greedy rows."""


def greedy() -> Choice:
    """Return the choice of the likeliest token."""
    return Choice(0.0, 1.0, None)


def drawing(temperature: float, top_p: float, seed: int) -> Choice:
    """Return the choice of a seeded row; temperature 0 is greedy whatever the seed."""
    if temperature == 0:
        return greedy()
    return Choice(temperature, top_p, torch.Generator().manual_seed(seed & (2**63 - 1)))


def sample(logits: torch.Tensor, choices: Sequence[Choice]) -> list[int]:
    """Return one token for every row of `logits`, `[rows, vocabulary]`."""
    chosen: list[int] = logits.argmax(-1).tolist()
    for row, choice in enumerate(choices):
        if choice.generator is not None:
            chosen[row] = _draw(logits[row].float().cpu(), choice)
    return chosen


def _draw(logits: torch.Tensor, choice: Choice) -> int:
    """Draw from the smallest set of likeliest tokens whose probability reaches `top_p`."""
    probabilities = torch.softmax(logits / choice.temperature, -1)
    if choice.top_p >= 1:
        return _pick(probabilities, torch.arange(0), choice)
    values, tokens = probabilities.topk(min(_NUCLEUS, len(probabilities)))
    if float(values.sum()) < choice.top_p:
        values, tokens = probabilities.sort(descending=True)
    before = values.cumsum(0) - values
    return _pick(values[before < choice.top_p], tokens, choice)


def _pick(weights: torch.Tensor, tokens: torch.Tensor, choice: Choice) -> int:
    """Invert the cumulative distribution at a uniform number; `tokens` names the places, if any."""
    total = weights.double().cumsum(0)
    point = torch.rand(1, generator=choice.generator, dtype=torch.float64) * total[-1]
    place = min(int(torch.searchsorted(total, point, right=True)), len(weights) - 1)
    return int(tokens[place]) if len(tokens) else place
