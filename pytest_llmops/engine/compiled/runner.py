"""The runner: one call of compiled code for each thread in a step, or two in each layer."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from pytest_llmops.engine.compiled.shares import Span, share
from pytest_llmops.engine.compiled.weights import JOINED, Deltas, Head, Weight, described
from pytest_llmops.engine.kernels import layers as kernels
from pytest_llmops.engine.kernels.numbers import bits
from pytest_llmops.engine.kernels.rows import norm
from pytest_llmops.engine.kernels.tiles import has_matrix_units
from pytest_llmops.engine.kvcache import BLOCK
from pytest_llmops.engine.linear import LowRank
from pytest_llmops.engine.llama import is_llama_like
from pytest_llmops.engine.step import Step
from pytest_llmops.engine.threads import alone, threads, together

_VECTOR = 16
"""Numbers in a vector: heads are as wide as some of them."""


def fits(model: Any) -> bool:
    """Whether a model is run this way.

    Not on processors with matrix units (AMX): there oneDNN's products are the faster ones.
    """
    if model.device.type != "cpu" or model.dtype != torch.bfloat16 or has_matrix_units():
        return False
    if not is_llama_like(model):
        return False
    config = model.config
    widths = {layer.self_attn.head_dim % _VECTOR for layer in model.model.layers}
    odd = config.hidden_size % 2 or config.intermediate_size % 2
    return widths == {0} and not odd


class CompiledRunner:
    """Runs a Llama-like model over steps; takes the weights over from the transformers model."""

    shares_prefixes = True
    whole_prompts = False

    def __init__(self, model: Any) -> None:
        inner, config = model.model, model.config
        modules = list(inner.layers)
        self._embed, self._rotary, self._norm = inner.embed_tokens, inner.rotary_emb, inner.norm
        self._head = Head(model.lm_head)
        self._weights = [[Weight(module, *joined) for joined in JOINED] for module in modules]
        self._model = described(modules, config, self._weights)
        self._deltas = {"": Deltas(self._weights, {})}
        queries, keys = self._model.heads
        width = modules[0].self_attn.head_dim
        self._like = torch.empty((1, keys, width), dtype=torch.bfloat16)
        self._shape = queries + 2 * keys, width
        numbers = sum(weight.numbers for weight in self._weights[0])
        self._token_cost = numbers / (2 * queries * width * BLOCK)

    def add_adapter(self, name: str, pairs: Mapping[str, LowRank]) -> None:
        """Serve `name` too."""
        self._deltas[name] = Deltas(self._weights, pairs)
        if "lm_head" in pairs:
            self._head.add_adapter(name, pairs["lm_head"])

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        with alone():
            rows = self._embed(step.tokens)
            self._run(step, rows)
            last = rows.index_select(0, step.last)
            last = norm(last, self._norm.weight, self._norm.variance_epsilon)
            return self._head(last, step.last_spans)

    def forget(self, sequence: int) -> None:
        """Keep nothing of a sequence: it is all in the pool."""

    def _run(self, step: Step, rows: torch.Tensor) -> None:
        """Take embedded rows through all layers, in place."""
        batch = self._batch(step, rows)
        parts, apart = share(step, self._token_cost, threads())
        count, both = len(self._weights), kernels.BEFORE | kernels.AFTER
        if apart:
            self._together(parts, batch, (0, count, both))
            return
        for layer in range(count):
            for half in (kernels.BEFORE, kernels.AFTER):
                self._together(parts, batch, (layer, layer + 1, half))

    def _together(
        self, parts: Sequence[Sequence[Span]], batch: kernels.Batch, part: tuple[int, int, int]
    ) -> None:
        def work(spans: Sequence[Span]) -> None:
            for first, end, adapter in spans:
                delta = self._deltas[adapter].described
                kernels.run(self._model, delta, batch, (first, end), part)

        together([partial(work, spans) for spans in parts])

    def _batch(self, step: Step, rows: torch.Tensor) -> kernels.Batch:
        heads = rows.new_empty((len(rows), *self._shape))
        turn = self._rotary(rows, step.positions[None])
        half = self._shape[1] // 2
        cosine, sine = (bits(part.reshape(len(rows), 2, half)) for part in turn)
        pools = [
            [pool.data_ptr() for pool in step.pool.layer(layer, self._like, self._like)]
            for layer in range(len(self._weights))
        ]
        return kernels.Batch(
            bits(rows),
            bits(heads),
            (cosine, sine),
            _slots(step),
            (step.units[0], step.table),
            np.array(pools, np.int64),
            step.pool.size,
        )


def _slots(step: Step) -> np.ndarray[Any, Any]:
    """Return where each token goes in the pool: its block times `BLOCK` and its place there."""
    units = step.units[0]
    unit = np.repeat(np.arange(len(units)), units[:, 1])
    place = units[unit, 2] + np.arange(len(unit)) - units[unit, 0]
    found: np.ndarray[Any, Any] = (
        step.table[units[unit, 3] + place // BLOCK] * BLOCK + place % BLOCK
    )
    return found
