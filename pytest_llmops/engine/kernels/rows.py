"""What is done to the rows between two products, whatever rows are beside them.

Arrays are contiguous, as compiled code for others is several times as slow. So the two halves of a
row are a dimension of their own.
"""

from typing import Any

import numpy as np
import torch
from numba import njit

from pytest_llmops.engine.kernels.numbers import COMPILED, EXACT, FAST, bits, exp, stored, wide
from pytest_llmops.engine.threads import split

_LEAST_SHARED = 400_000
"""Numbers of a result from which on threads share it."""


def norm(rows: torch.Tensor, weight: torch.Tensor, epsilon: float) -> torch.Tensor:
    """Return the root mean square norm of `rows`, `[..., width]`, rounded before `weight` too."""
    whole = rows.reshape(-1, rows.shape[-1])
    result = torch.empty_like(whole)
    _split(norm_rows, result, bits(whole), bits(weight), np.float32(epsilon))
    return result.view(rows.shape)


def rotate(heads: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor], count: int) -> None:
    """Apply rotary embeddings in place to the first `count` heads of `[tokens, heads, width]`.

    `turn` is cosine and sine, `[tokens, 1, width]` each.
    """
    tokens, width = len(heads), heads.shape[-1]
    cosine, sine = (bits(part.view(tokens, 2, width // 2)) for part in turn)
    halves = bits(heads.view(tokens, -1, 2, width // 2))
    rotate_rows(halves, cosine, sine, count)


def gate(gates: torch.Tensor) -> torch.Tensor:
    """Return SiLU of the first half of every row times its second half, `[tokens, width / 2]`."""
    width = gates.shape[-1] // 2
    result = gates.new_empty((len(gates), width))
    _split(gate_rows, result, bits(gates.view(-1, 2, width)))
    return result


def _split(kernel: Any, result: torch.Tensor, *given: Any) -> None:
    """Run a kernel over all rows of its result, in threads where that pays."""
    out, rows = bits(result), len(result)
    parts = 1 if result.numel() < _LEAST_SHARED else 0
    split(lambda first, last: kernel(*given, first, last, out), range(1, rows + 1), parts)


@njit(fastmath=FAST, **COMPILED)
def norm_rows(  # noqa: PLR0913, PLR0917 - a kernel takes arrays and a span
    rows: Any, weight: Any, epsilon: float, first: int, last: int, out: Any
) -> None:
    """Write the norm of the rows of a span."""
    width = rows.shape[1]
    for i in range(first, last):
        total = np.float32(0)
        for j in range(width):
            total += wide(rows[i, j]) * wide(rows[i, j])
        scale = np.float32(1) / np.sqrt(total / np.float32(width) + epsilon)
        for j in range(width):
            rounded = stored(wide(rows[i, j]) * scale, out[i, j])
            out[i, j] = stored(wide(weight[j]) * wide(rounded), out[i, j])


@njit(fastmath=FAST, **COMPILED)
def rotate_rows(heads: Any, cosine: Any, sine: Any, count: int) -> None:
    """Turn the first `count` heads of `[tokens, heads, 2, width / 2]` in place."""
    for i in range(heads.shape[0]):
        for h in range(count):
            for j in range(heads.shape[3]):
                one, two = wide(heads[i, h, 0, j]), wide(heads[i, h, 1, j])
                first = one * wide(cosine[i, 0, j]) - two * wide(sine[i, 0, j])
                second = two * wide(cosine[i, 1, j]) + one * wide(sine[i, 1, j])
                heads[i, h, 0, j] = stored(first, heads[i, h, 0, j])
                heads[i, h, 1, j] = stored(second, heads[i, h, 1, j])


@njit(fastmath=EXACT, **COMPILED)
def gate_rows(gates: Any, first: int, last: int, out: Any) -> None:
    """Write the opened gates of the rows of a span, of `[tokens, 2, width]`."""
    for i in range(first, last):
        for j in range(out.shape[1]):
            opening = wide(gates[i, 0, j])
            opened = opening / (np.float32(1) + exp(min(-opening, np.float32(80))))
            out[i, j] = stored(opened * wide(gates[i, 1, j]), out[i, j])
