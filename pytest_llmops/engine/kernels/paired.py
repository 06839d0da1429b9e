"""Attention over blocks of the pool that lie in pairs, as products of tiles.

In a block the keys are `[width / 2, BLOCK, 2]` and the values `[BLOCK / 2, width, 2]`: what a tile
takes as its columns. A unit of work is up to `QUERIES` tokens of one row and one head of the keys,
with all query heads that share it; its weights are rounded to bf16 before they meet the values.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import carray, intp, njit, types
from numba.extending import intrinsic

from pytest_llmops.engine.kernels.blocks import following, hide, seen_of
from pytest_llmops.engine.kernels.numbers import COMPILED, EXACT, FAST, exp, prefetch, stored
from pytest_llmops.engine.kernels.tiles import LINE, add_products
from pytest_llmops.engine.kvcache import BLOCK
from pytest_llmops.engine.step import QUERIES

_LEAST = np.float32(-1e29)
"""Highest score of nothing: above those that are hidden."""
_LANES = 16
_EACH = 6
"""Lines asked for while so many weights are computed."""


@intrinsic
def _pointer(_context: Any, _address: Any) -> Any:
    """An address as one of bf16 numbers."""

    def generate(_context: Any, code: Any, _signature: Any, values: Any) -> Any:
        return code.inttoptr(values[0], ir.IntType(16).as_pointer())

    return types.CPointer(types.uint16)(intp), generate


@njit(**COMPILED)
def store(heads: Any, sizes: Any, slots: Any, pools: Any) -> None:
    """Put the keys and values of tokens into their places.

    Args:
        heads: bf16 `[tokens, heads, width]`: the queries, then the keys, then the values.
        sizes: Query heads, key heads, blocks of the pool.
        slots: Of each token: its block times `BLOCK` and its place there.
        pools: Addresses of keys and values.
    """
    (queries, groups, blocks), width = sizes, heads.shape[2]
    keys = carray(_pointer(pools[0]), (blocks, groups, width // 2, BLOCK, 2))
    values = carray(_pointer(pools[1]), (blocks, groups, BLOCK // 2, width, 2))
    for i in range(len(heads)):
        block, at = slots[i] // BLOCK, slots[i] % BLOCK
        for g in range(groups):
            for w in range(width // 2):
                keys[block, g, w, at, 0] = heads[i, queries + g, 2 * w]
                keys[block, g, w, at, 1] = heads[i, queries + g, 2 * w + 1]
            for w in range(width):
                values[block, g, at // 2, w, at % 2] = heads[i, queries + groups + g, w]


@njit(**COMPILED)
def _hide_unseen(scores: Any, block: int, unit: Any, window: int) -> None:
    """Give what the tokens of a unit do not see of a block the least score."""
    count, start, group = unit
    if window or (block + 1) * BLOCK > start:
        for i in range(count * group):
            begin, end = seen_of(start + i // group, block, window)
            hide(scores[i], begin, end)


@njit(**COMPILED)
def _ask(place: int) -> None:
    for line in range(_EACH):
        prefetch(place + line * LINE)


@njit(fastmath=EXACT, **COMPILED)
def _weigh(found: Any, rows: int, scaling: Any, weights: Any, ahead: Any) -> None:
    """Make weights of the scores of a block, against the highest score of each row so far.

    `found` is the scores, of each row the highest, the sums of its weights in `_LANES` parts, and
    the sums of the values. Meanwhile so many lines at an address `ahead` are asked for.
    """
    (scores, peaks, parts, sums), (place, lines) = found, ahead
    for i in range(rows):
        peak, more = peaks[i], False
        for t in range(BLOCK):
            more |= scores[i, t] > peak
        if more:
            for t in range(BLOCK):
                peak = max(peak, scores[i, t])
            shrink = exp((peaks[i] - peak) * scaling)
            peaks[i] = peak
            for j in range(_LANES):
                parts[i, j] *= shrink
            for w in range(sums.shape[1]):
                sums[i, w] *= shrink
        least = peak * scaling
        for t in range(0, BLOCK, _LANES):
            if lines > 0:
                _ask(place)
                place, lines = place + _EACH * LINE, lines - _EACH
            for j in range(_LANES):
                weight = exp(scores[i, t + j] * scaling - least)
                parts[i, j] += weight
                weights[i, t + j] = stored(weight, weights[i, t + j])


@njit(fastmath=FAST, **COMPILED)
def _answer(sums: Any, parts: Any, place: Any, out: Any) -> None:
    """Write what the queries of a unit found."""
    token, count, head, group = place
    for i in range(count * group):
        total = np.float32(0)
        for j in range(_LANES):
            total += parts[i, j]
        for w in range(out.shape[2]):
            at = token + i // group, head + i % group, w
            out[at] = stored(sums[i, w] / total, out[at])


@njit(fastmath=FAST, **COMPILED)
def attend(heads: Any, sizes: Any, work: Any, layer: Any, out: Any) -> None:
    """Write the attention of the units of a span.

    Args:
        heads: bf16 `[tokens, heads, width]`: the queries first.
        sizes: Query heads, key heads.
        work: First unit and end of the units, all units, and the table of blocks of a step.
        layer: Its scaling, its window (0 for none), and the addresses of its keys and values.
        out: bf16 `[tokens, query heads, width]`.
    """
    (queries, groups), width, (span, units, table) = sizes, heads.shape[2], work
    (scaling, window), pools = layer
    group, size = queries // groups, BLOCK * width * 2
    most = QUERIES * group
    asked, weights = np.empty((most, width), np.uint16), np.empty((most, BLOCK), np.uint16)
    scores, peaks = np.empty((most, BLOCK), np.float32), np.empty(most, np.float32)
    parts, sums = np.empty((most, _LANES), np.float32), np.empty((most, width), np.float32)
    for unit in range(span[0], span[1]):
        token, count, start, at = units[unit]
        rows = count * group
        lowest = max(0, start + 1 - window) // BLOCK if window else 0
        for g in range(groups):
            for i in range(rows):
                for w in range(width):
                    asked[i, w] = heads[token + i // group, g * group + i % group, w]
            peaks[:rows], parts[:rows], sums[:rows] = _LEAST, np.float32(0), np.float32(0)
            for b in range(lowest, (start + count - 1) // BLOCK + 1):
                after = following(units, table, groups, (unit * groups + g, b, span[1] * groups))
                mine, into = (asked.ctypes.data, width * 2), (scores.ctypes.data, BLOCK * 4)
                place, scores[:rows] = (table[at + b] * groups + g) * size, np.float32(0)
                keys, values = pools[0] + after * size, pools[1] + after * size
                add_products(
                    (rows, BLOCK, width // 2), mine, (pools[0] + place, BLOCK * 4), into,
                    (keys, 2 if after >= 0 else 0),
                )  # fmt: skip
                _hide_unseen(scores, b, (count, start, group), window)
                rest = keys + size // 2, size // 2 // LINE if after >= 0 else 0
                _weigh((scores, peaks, parts, sums), rows, scaling, weights, rest)
                mine, into = (weights.ctypes.data, BLOCK * 2), (sums.ctypes.data, width * 4)
                add_products(
                    (rows, width, BLOCK // 2), mine, (pools[1] + place, width * 4), into,
                    (values, 4 if after >= 0 else 0),
                )  # fmt: skip
            _answer(sums, parts, (token, count, g * group, group), out)
