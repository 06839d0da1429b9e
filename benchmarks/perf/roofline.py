"""What this machine allows an engine: the rates of bare matrix products and of reading memory.

    python benchmarks/perf/roofline.py [--batch 32]

Every engine of a transformer has to multiply each token with all weights, and to read the keys and
values of the whole context for each token that it writes. Here both are done alone, with weights
of the embedded model's shapes, one set for each of its layers, so that they come from memory as
they do in an engine; nothing else that an engine must do is counted. Half precision, by
oneDNN's kernels and by those of the built-in engine, each in its layout; the faster of both counts.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from transformers import AutoConfig, PreTrainedConfig

from pytest_llmops.engine.kernels.numbers import bits
from pytest_llmops.engine.kernels.tiles import PANEL, multiply, pack
from pytest_llmops.engine.threads import split
from pytest_llmops.engine.weights import DEFAULT, embedded_folder

PIECE = 512
"""Tokens of a prompt that are computed at once."""
REPEATS = 7
READ = 512_000_000
"""Bytes that are read to learn how fast memory is: more than any cache holds."""


class Limit(NamedTuple):
    """The least that one round of an engine can take, from rates that were measured."""

    step: float
    """Seconds of the products of a decoding step of a full batch."""
    prompt: float
    """Seconds of the products for one token of a prompt."""
    bandwidth: float
    """Bytes a second that all cores together read."""
    token_bytes: int
    """Of the keys and values of one token."""

    def seconds(self, spans: Iterable[tuple[int, int]], cached: int, batch: int) -> float:
        """Return what answers take at least: prompt and output tokens of each, all slots full."""
        spans = list(spans)
        computed = sum(prompt for prompt, _ in spans) - cached
        decoded = sum(output - 1 for _, output in spans)
        read = sum((output - 1) * (prompt + output / 2) for prompt, output in spans)
        return (
            computed * self.prompt
            + decoded / batch * self.step
            + read * self.token_bytes / self.bandwidth
        )

    def __str__(self) -> str:
        """The rates, in a line."""
        return (
            f"limit: a decoding step's products {self.step * 1e3:.1f} ms, a prompt's "
            f"{1 / self.prompt:,.0f} tokens/s, memory {self.bandwidth / 1e9:.1f} GB/s"
        )


def measure_limit(folder: Path, batch: int) -> Limit:
    """Measure the rates for the model in `folder`, with steps of `batch` rows."""
    config = AutoConfig.from_pretrained(folder)
    found = [_rates(config, batch, kind) for kind in (_OfTorch, _OfTiles)]
    memory = torch.ones(READ // 4)
    return Limit(
        step=min(step for step, _ in found),
        prompt=min(prompt for _, prompt in found),
        bandwidth=READ / _median(memory.sum),
        token_bytes=_token_bytes(config),
    )


def _rates(
    config: PreTrainedConfig, batch: int, kind: "type[_OfTorch | _OfTiles]"
) -> tuple[float, float]:
    """Return the seconds of a step's products, and of those of a prompt's token."""
    layers = [
        [kind(torch.randn(shape).bfloat16()) for shape in _shapes(config)]
        for _ in range(config.num_hidden_layers)
    ]
    head = kind(torch.randn(config.vocab_size, config.hidden_size).bfloat16())

    def run(rows: int, *, with_head: bool) -> None:
        for layer in layers:
            for product in layer:
                product(rows)
        if with_head:
            head(rows)

    step = _median(lambda: run(batch, with_head=True))
    return step, _median(lambda: run(PIECE, with_head=False)) / PIECE


def _shapes(config: PreTrainedConfig) -> list[tuple[int, int]]:
    """The weights of a layer as `(out, in)`, those with one input joined."""
    hidden, inner, head = config.hidden_size, config.intermediate_size, _head_size(config)
    queries, keys = config.num_attention_heads * head, config.num_key_value_heads * head
    return [(queries + 2 * keys, hidden), (hidden, queries), (2 * inner, hidden), (hidden, inner)]


def _head_size(config: PreTrainedConfig) -> int:
    given = getattr(config, "head_dim", None)
    return int(given or config.hidden_size // config.num_attention_heads)


def _token_bytes(config: PreTrainedConfig) -> int:
    return int(2 * 2 * config.num_hidden_layers * config.num_key_value_heads * _head_size(config))


class _OfTorch:
    """A product with a weight `[out, in]` of its own, by oneDNN."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, 32)
        self._width = weight.shape[1]

    def __call__(self, rows: int) -> None:
        """Multiply so many rows."""
        run = torch.ops.mkldnn._linear_pointwise
        run(_ones(rows, self._width), self._packed, None, "none", [], "")


class _OfTiles:
    """The same by the built-in engine: each thread has rows of its own, or one row's outputs."""

    def __init__(self, weight: torch.Tensor) -> None:
        self._packed, self._width = pack(weight), weight.shape[1]
        self._size, self._bias = len(weight), np.zeros(len(self._packed) * PANEL, np.float32)

    def __call__(self, rows: int) -> None:
        """Multiply so many rows."""
        left, out = bits(_ones(rows, self._width)), bits(torch.empty(rows, self._size).bfloat16())
        weight, panels = self._packed.data_ptr(), len(self._packed)

        def some(first: int, last: int) -> None:
            multiply(left[first:last], weight, self._bias, (0, panels), out[first:last])

        def outputs(first: int, last: int) -> None:
            multiply(left, weight, self._bias, (first, last), out)

        if rows == 1:
            split(outputs, range(1, panels + 1))
        else:
            split(some, range(1, rows + 1))


@cache
def _ones(rows: int, width: int) -> torch.Tensor:
    return torch.ones(rows, width).bfloat16()


def _median(work: Callable[[], object]) -> float:
    """Seconds of one call, the median of several."""
    taken = []
    with torch.inference_mode():
        work()
        for _ in range(REPEATS):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    """Measure and show the rates alone."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    print(measure_limit(embedded_folder(DEFAULT), options.batch))


if __name__ == "__main__":
    main()
