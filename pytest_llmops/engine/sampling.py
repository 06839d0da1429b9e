"""From logits to one token a row.

Greedy rows are decided together. A drawn row has a stream of random numbers of its own, one number
a token, so its text does not depend on its neighbours in the batch nor on when it came to its turn,
as far as the logits themselves do not.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

_NUCLEUS = 256
"""Likeliest tokens looked at first; only when `top_p` wants more are all of them sorted."""


class Choice(NamedTuple):
    """How a row's token is chosen."""

    temperature: float
    """0 is greedy."""
    top_p: float
    stream: np.random.Generator | None
    """For drawing; None for greedy rows."""


def greedy() -> Choice:
    """Return the choice of the likeliest token."""
    return Choice(0.0, 1.0, None)


def drawing(temperature: float, top_p: float, stream: np.random.Generator) -> Choice:
    """Return the choice of a drawn row; temperature 0 is greedy whatever the stream."""
    return Choice(temperature, top_p, stream) if temperature else greedy()


def stream_of(seed: int, index: int = 0, prompt: Sequence[int] = ()) -> np.random.Generator:
    """Return the random numbers of one answer: choice `index` for `seed` and `prompt`.

    Philox, a counter under a key: the key is the BLAKE2b digest of all three, so answers that
    differ in one of them share no number, be their seeds neighbours or the same, and equal ones
    are drawn alike in any batch.
    """
    told = f"{seed} {index} {' '.join(map(str, prompt))}".encode()
    key = int.from_bytes(hashlib.blake2b(told, digest_size=16).digest())
    return np.random.Generator(np.random.Philox(key=key))


def sample(logits: torch.Tensor, choices: Sequence[Choice]) -> list[int]:
    """Return one token for every row of `logits`, `[rows, vocabulary]`."""
    chosen: list[int] = logits.argmax(-1).tolist()
    for row, choice in enumerate(choices):
        if choice.stream is not None:
            weights, tokens = _nucleus(logits[row].float().cpu(), choice)
            chosen[row] = _pick(weights, tokens, choice.stream.random())
    return chosen


def _nucleus(logits: torch.Tensor, choice: Choice) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Return the smallest set of likeliest tokens whose probability reaches `top_p`.

    As their weights, and the tokens they belong to; None where every token is at its own place.
    """
    probabilities = torch.softmax(logits / choice.temperature, -1)
    if choice.top_p >= 1:
        return probabilities, None
    values, tokens = probabilities.topk(min(_NUCLEUS, len(probabilities)))
    if float(values.sum()) < choice.top_p:
        values, tokens = probabilities.sort(descending=True)
    before = values.cumsum(0) - values
    return values[before < choice.top_p], tokens


def _pick(weights: torch.Tensor, tokens: torch.Tensor | None, uniform: float) -> int:
    """Invert the cumulative distribution at a number from [0, 1)."""
    total = weights.double().cumsum(0)
    place = int(torch.searchsorted(total, uniform * total[-1], right=True))
    place = min(place, len(weights) - 1)
    return place if tokens is None else int(tokens[place])
