"""Attention over the blocks of the pool, for rows of one token and whole prompts alike.

A unit of work is up to `QUERIES` tokens of one row and one head of the keys, with all query heads
that share it. It goes over its blocks once; where a block holds a higher score than those before,
the sums so far are shrunk. While one block is computed with, the next is fetched from memory.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
from numba import njit

from pytest_llmops.engine.kernels.numbers import COMPILED, EXACT, FAST, bits, exp, prefetch, wide
from pytest_llmops.engine.kvcache import BLOCK
from pytest_llmops.engine.step import QUERIES, Step
from pytest_llmops.engine.threads import split

_LEAST_SHARED = 500
"""Blocks seen by a token, each by each query head, from which on threads share a step: 0.2 ms."""
_LINE = 64
"""Bytes that memory gives at once."""
_PARTS = 3
"""Pieces in which the next block is fetched, between the heads of this one."""
_LOWEST = np.float32(-1e30)


def attend_blocks(
    step: Step, query: torch.Tensor, stored: tuple[torch.Tensor, ...], form: Any
) -> torch.Tensor:
    """Return the attention of all tokens of a step, `[tokens, query heads, value width]`.

    `query` is `[tokens, query heads, width]`, `stored` the keys and values of the layer with those
    of the step, `form` what the layer asks for (`attention.Form`).
    """
    keys, values = (bits(pool) for pool in stored)
    units, costs = step.units
    tokens, heads = query.shape[0], query.shape[1]
    result = query.new_empty((tokens, heads, values.shape[-1]), dtype=torch.float32)
    asked = np.float32(form.scaling), form.window or 0, np.float32(form.softcap or 0)
    given = bits(query.contiguous()), keys, values, units, step.table, asked
    out, kernel = bits(result), _kernel(keys.shape[-1], values.shape[-1])
    ends = np.repeat(costs, keys.shape[1]).cumsum()
    parts = 1 if costs.sum() * heads < _LEAST_SHARED else 0
    split(lambda first, last: kernel(*given, (first, last), out), ends.tolist(), parts)
    return result.to(query.dtype)


@njit(fastmath=FAST, **COMPILED)
def _widened(block: Any, into: Any) -> None:
    for i in range(block.shape[0]):
        for j in range(block.shape[1]):
            into[i, j] = wide(block[i, j])


@njit(fastmath=EXACT, **COMPILED)
def _exp_each(numbers: Any, highest: Any) -> None:
    for i in range(BLOCK):
        numbers[i] = exp(numbers[i] - highest)


@njit(**COMPILED)
def hide(scores: Any, begin: int, end: int) -> None:
    """Give what a token does not see the least score."""
    for t in range(begin):
        scores[t] = _LOWEST
    for t in range(end, BLOCK):
        scores[t] = _LOWEST


@njit(**COMPILED)
def _fetch(place: int, size: int, part: int) -> None:
    """Ask for one of the parts of a block, which begins at the address `place`."""
    lines = size // _LINE // _PARTS + 1
    for line in range(part * lines, (part + 1) * lines):
        prefetch(place + line * _LINE)


@njit(**COMPILED)
def following(units: Any, table: Any, heads: int, place: Any) -> int:
    """Number of the next block of a head, in the layer seen as `[blocks * heads]`; -1 for none."""
    unit, block, last = place
    _, count, start, at = units[unit // heads]
    if block < (start + count - 1) // BLOCK:
        return int(table[at + block + 1] * heads + unit % heads)
    if unit + 1 < last:
        return int(table[units[(unit + 1) // heads, 3]] * heads + (unit + 1) % heads)
    return -1


@njit(**COMPILED)
def seen_of(position: int, block: int, window: int) -> Any:
    """Return the first and the end of a block's tokens that the token at `position` sees."""
    end = position + 1 - block * BLOCK
    return max(0, end - window) if window else 0, min(end, BLOCK)


@njit(fastmath=FAST, **COMPILED)
def _asked(query: Any, place: Any, scaling: Any, into: Any) -> None:
    """Widen and scale the queries of a unit: its first token, tokens, first head, heads."""
    token, count, head, group = place
    for i in range(count * group):
        for w in range(into.shape[1]):
            into[i, w] = wide(query[token + i // group, head + i % group, w]) * scaling


@njit(**COMPILED)
def _answered(sums: Any, states: Any, place: Any, out: Any) -> None:
    """Write what the queries of a unit found."""
    token, count, head, group = place
    for i in range(count * group):
        for w in range(out.shape[2]):
            out[token + i // group, head + i % group, w] = sums[i, w] / states[i, 1]


@cache
def _score(width: int) -> Any:
    """Return what scores keys so wide: with sizes that are known it is fast."""

    @njit(fastmath=FAST, **COMPILED)
    def score(query: Any, keys: Any, seen: Any, cap: Any, scores: Any) -> Any:
        """Write the scores of the tokens `seen` of a block; return the highest."""
        highest = _LOWEST
        for t in range(seen[0], seen[1]):
            total = np.float32(0)
            for w in range(width):
                total += query[w] * keys[t, w]
            if cap:
                total = np.float32(np.tanh(total / cap)) * cap
            scores[t] = total
            highest = max(highest, total)
        return highest

    return score


@cache
def _weigh(width: int) -> Any:
    """Return what weighs values so wide."""

    @njit(fastmath=FAST, **COMPILED)
    def weigh(weights: Any, values: Any, seen: Any, sums: Any) -> Any:
        """Add the values of a block by their weights; return the sum of the weights."""
        total = np.float32(0)
        for t in range(seen[0] // 8 * 8, seen[1], 8):
            a, b, c, d = weights[t], weights[t + 1], weights[t + 2], weights[t + 3]
            e, f, g, h = weights[t + 4], weights[t + 5], weights[t + 6], weights[t + 7]
            total += (a + b) + (c + d) + (e + f) + (g + h)
            for w in range(width):
                near = a * values[t, w] + b * values[t + 1, w]
                near += c * values[t + 2, w] + d * values[t + 3, w]
                far = e * values[t + 4, w] + f * values[t + 5, w]
                far += g * values[t + 6, w] + h * values[t + 7, w]
                sums[w] += near + far
        return total

    return weigh


@cache
def _take(width: int, value_width: int) -> Any:
    """Return what adds a block to what one query head of one token has found so far."""
    score, weigh = _score(width), _weigh(value_width)

    @njit(fastmath=FAST, **COMPILED)
    def take(query: Any, held: Any, seen: Any, cap: Any, found: Any) -> None:
        """`found` is the highest score and the weights so far, room for scores, and the sums."""
        state, scores, sums = found
        peak = max(state[0], score(query, held[0], seen, cap, scores))
        hide(scores, seen[0], seen[1])
        _exp_each(scores, peak)
        if peak > state[0]:
            shrink = exp(state[0] - peak)
            state[0] = peak
            state[1] *= shrink
            for w in range(value_width):
                sums[w] *= shrink
        state[1] += weigh(scores, held[1], seen, sums)

    return take


@cache
def _kernel(width: int, value_width: int) -> Any:
    """Return the kernel for keys and values so wide."""
    take = _take(width, value_width)

    @njit(fastmath=FAST, **COMPILED)
    def attend(  # noqa: PLR0913, PLR0917 - a kernel takes arrays and a span
        query: Any, keys: Any, values: Any, units: Any, table: Any, form: Any, span: Any, out: Any
    ) -> None:
        scaling, window, cap = form
        heads, group = keys.shape[1], query.shape[1] // keys.shape[1]
        sizes = BLOCK * width * keys.itemsize, BLOCK * value_width * values.itemsize
        held = np.empty((BLOCK, width), np.float32), np.empty((BLOCK, value_width), np.float32)
        asked = np.empty((QUERIES * group, width), np.float32)
        sums = np.empty((QUERIES * group, value_width), np.float32)
        states, scores = np.empty((QUERIES * group, 2), np.float32), np.empty(BLOCK, np.float32)
        for unit in range(span[0], span[1]):
            token, count, start, at = units[unit // heads]
            head = unit % heads
            place = token, count, head * group, group
            _asked(query, place, scaling, asked)
            states[:, 0], states[:, 1], sums[:] = _LOWEST, np.float32(0), np.float32(0)
            lowest = max(0, start + 1 - window) // BLOCK if window else 0
            for b in range(lowest, (start + count - 1) // BLOCK + 1):
                after = following(units, table, heads, (unit, b, span[1]))
                _widened(keys[table[at + b], head], held[0])
                _widened(values[table[at + b], head], held[1])
                for i in range(count * group):
                    if after >= 0 and i < _PARTS:
                        _fetch(keys.ctypes.data + after * sizes[0], sizes[0], i)
                        _fetch(values.ctypes.data + after * sizes[1], sizes[1], i)
                    seen = seen_of(start + i // group, b, window)
                    if seen[0] < seen[1]:
                        take(asked[i], held, seen, cap, (states[i], scores, sums[i]))
            _answered(sums, states, place, out)

    return attend
