"""The layers of a Llama-like model in one compiled function, for some of a step's tokens.

Between two products nothing returns to Python, so threads go through all layers side by side, each
with rows of its own. Numbers are rounded where transformers rounds them.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from pytest_llmops.engine.kernels import paired
from pytest_llmops.engine.kernels.numbers import COMPILED, FAST, stored, wide
from pytest_llmops.engine.kernels.rows import gate_rows, norm_rows, rotate_rows
from pytest_llmops.engine.kernels.tiles import PANEL, multiply

TOKENS = 128
"""Tokens that go through a half of a layer together: what lies between products stays in caches."""
QKV, OUT, GATE_UP, DOWN = range(4)
"""The products of a layer."""
BEFORE, AFTER = 1, 2
"""The halves of a layer: up to the keys and values, and from the attention on."""


class Model(NamedTuple):
    """What all steps share; bf16 arrays are their bits."""

    weights: Any
    """Addresses of packed weights, `[layers, 4]`."""
    biases: tuple[Any, ...]
    """float32 `[layers, outputs of whole panels]` of each product."""
    norms: Any
    """bf16 `[layers, 2, hidden]`: before the attention, before the rest."""
    head_norms: Any
    """bf16 `[layers, 2, width]` of queries and keys; no layers where there are none."""
    windows: Any
    """Tokens that one sees, `[layers]`; 0 for all."""
    heads: tuple[int, int]
    """Of queries, and of keys."""
    inner: int
    numbers: tuple[Any, Any, Any]
    """Epsilon of the norms and of those of heads, scaling of scores; float32."""


class Delta(NamedTuple):
    """What an adapter adds; products that it leaves alone have rank 0."""

    down: Any
    """Addresses of packed weights, `[layers, 4]`."""
    up: Any
    ranks: Any
    """`[layers, 4]`, even."""
    scales: Any
    """float32 `[layers, 4, highest rank]`."""


class Batch(NamedTuple):
    """A step: its tokens packed one after another."""

    rows: Any
    """bf16 `[tokens, hidden]`: goes in embedded and comes out of the last layer."""
    heads: Any
    """bf16 `[tokens, all heads, width]`: room for queries, keys and values."""
    turn: tuple[Any, Any]
    """Cosine and sine, bf16 `[tokens, 2, width / 2]`."""
    slots: Any
    """Where each token goes in the pool."""
    work: tuple[Any, Any]
    """Units and table (`step.Step.units`, `step.Step.table`)."""
    pools: Any
    """Addresses of the keys and values of each layer, `[layers, 2]`."""
    blocks: int
    """Of the pool."""


@njit(**COMPILED)
def _product(model: Model, delta: Delta, which: Any, left: Any, out: Any) -> None:
    """Write one of a layer's products, with what an adapter adds."""
    layer, kind = which
    panels = 0, (out.shape[1] + PANEL - 1) // PANEL
    multiply(left, model.weights[layer, kind], model.biases[kind][layer], panels, out)
    rank = delta.ranks[layer, kind]
    if rank:
        lower = 0, (rank + PANEL - 1) // PANEL
        none = np.zeros(max(panels[1], lower[1]) * PANEL, np.float32)
        low, more = np.empty((len(left), rank), np.uint16), np.empty(out.shape, np.uint16)
        multiply(left, delta.down[layer, kind], none, lower, low)
        for i in range(len(left)):
            for j in range(rank):
                low[i, j] = stored(wide(low[i, j]) * delta.scales[layer, kind, j], low[i, j])
        multiply(low, delta.up[layer, kind], none, panels, more)
        _add(more, out)


@njit(fastmath=FAST, **COMPILED)
def _add(more: Any, rows: Any) -> None:
    """Add rows to rows."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] = stored(wide(rows[i, j]) + wide(more[i, j]), rows[i, j])


@njit(**COMPILED)
def _before(model: Model, delta: Delta, batch: Batch, layer: int, span: Any) -> None:
    """Norm, queries, keys and values of the tokens of a span; the latter go into the pool."""
    first, last = span
    (queries, groups), (epsilon, head_epsilon, _) = model.heads, model.numbers
    heads = batch.heads[first:last]
    count, every, width = heads.shape
    normed = np.empty((count, batch.rows.shape[1]), np.uint16)
    norm_rows(batch.rows[first:last], model.norms[layer, 0], epsilon, 0, count, normed)
    _product(model, delta, (layer, QKV), normed, heads.reshape(count, every * width))
    if len(model.head_norms):
        each = heads.reshape(count * every, width)
        for i in range(0, count * every, every):
            norm_rows(each, model.head_norms[layer, 0], head_epsilon, i, i + queries, each)
            keys = i + queries
            norm_rows(each, model.head_norms[layer, 1], head_epsilon, keys, keys + groups, each)
    cosine, sine = batch.turn
    halves = heads.reshape(count, every, 2, width // 2)
    rotate_rows(halves, cosine[first:last], sine[first:last], queries + groups)
    sizes, pools = (queries, groups, batch.blocks), (batch.pools[layer, 0], batch.pools[layer, 1])
    paired.store(heads, sizes, batch.slots[first:last], pools)


@njit(**COMPILED)
def _after(model: Model, delta: Delta, batch: Batch, layer: int, work: Any) -> None:
    """Everything behind the attention, for the tokens of a span."""
    attended, (first, last) = work
    rows, epsilon = batch.rows[first:last], model.numbers[0]
    count, hidden = rows.shape
    more, normed = np.empty((count, hidden), np.uint16), np.empty((count, hidden), np.uint16)
    gates, opened = (
        np.empty((count, 2 * model.inner), np.uint16),
        np.empty((count, model.inner), np.uint16),
    )
    _product(model, delta, (layer, OUT), attended, more)
    _add(more, rows)
    norm_rows(rows, model.norms[layer, 1], epsilon, 0, count, normed)
    _product(model, delta, (layer, GATE_UP), normed, gates)
    gate_rows(gates.reshape(count, 2, model.inner), 0, count, opened)
    _product(model, delta, (layer, DOWN), opened, more)
    _add(more, rows)


@njit(**COMPILED)
def run(model: Model, delta: Delta, batch: Batch, span: Any, part: Any) -> None:
    """Take the tokens of some units through halves of layers.

    Args:
        model: The model.
        delta: The adapter of these units.
        batch: The step.
        span: First unit and end of the units.
        part: First layer, end of the layers, and which halves: `BEFORE`, `AFTER` or both.
    """
    units, (queries, groups) = batch.work[0], model.heads
    begin, end = units[span[0], 0], units[span[1] - 1, 0] + units[span[1] - 1, 1]
    width = batch.heads.shape[2]
    attended = np.empty((len(batch.rows) if part[2] & AFTER else 0, queries, width), np.uint16)
    for layer in range(part[0], part[1]):
        if part[2] & BEFORE:
            for first in range(begin, end, TOKENS):
                _before(model, delta, batch, layer, (first, min(first + TOKENS, end)))
        if part[2] & AFTER:
            form = model.numbers[2], model.windows[layer]
            pools = batch.pools[layer, 0], batch.pools[layer, 1]
            work = span, units, batch.work[1]
            paired.attend(batch.heads, (queries, groups), work, (form, pools), attended)
            for first in range(begin, end, TOKENS):
                last = min(first + TOKENS, end)
                mine = attended[first:last].reshape(last - first, queries * width)
                _after(model, delta, batch, layer, (mine, (first, last)))
