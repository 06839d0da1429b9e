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
    chosen: list[int] = logits.float().argmax(-1).tolist()  # in bf16 it takes four times as long
    rows = [row for row, choice in enumerate(choices) if choice.stream is not None]
    if rows:
        drawn = _draw(logits[rows].float().cpu(), [choices[row] for row in rows])
        for row, token in zip(rows, drawn, strict=True):
            chosen[row] = token
    return chosen


def _draw(logits: torch.Tensor, choices: Sequence[Choice]) -> list[int]:
    """Draw a token a row: all at once, or, with `top_p`, each from its likeliest ones."""
    temperatures = torch.tensor([choice.temperature for choice in choices])[:, None]
    probabilities = torch.softmax(logits / temperatures, -1)
    uniforms = [choice.stream.random() for choice in choices if choice.stream is not None]
    if all(choice.top_p >= 1 for choice in choices):
        return _pick(probabilities, torch.tensor(uniforms, dtype=torch.float64))
    return [
        _drawn(row, choice.top_p, uniform)
        for row, choice, uniform in zip(probabilities, choices, uniforms, strict=True)
    ]


def _drawn(probabilities: torch.Tensor, top_p: float, uniform: float) -> int:
    """Draw from the smallest set of likeliest tokens whose probability reaches `top_p`."""
    at = torch.tensor([uniform], dtype=torch.float64)
    if top_p >= 1:
        return _pick(probabilities[None], at)[0]
    values, tokens = probabilities.topk(min(_NUCLEUS, len(probabilities)))
    if float(values.sum()) < top_p:
        values, tokens = probabilities.sort(descending=True)
    before = values.cumsum(0) - values
    (place,) = _pick(values[before < top_p][None], at)
    return int(tokens[place])


def _pick(weights: torch.Tensor, uniforms: torch.Tensor) -> list[int]:
    """Invert the cumulative distribution of each row at its number from [0, 1)."""
    total = weights.double().cumsum(-1)
    wanted = uniforms[:, None] * total[:, -1:]
    places = torch.searchsorted(total, wanted, right=True)[:, 0]
    found: list[int] = places.clamp_max(weights.shape[-1] - 1).tolist()
    return found
