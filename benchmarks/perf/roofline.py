"""What this machine allows an engine: the rates of bare matrix products and of reading memory.

    python benchmarks/perf/roofline.py [--batch 32]

Every engine of a transformer has to multiply each token with all weights, and to read the keys and
values of the whole context for each token that it writes. Here both are done alone, with weights
of the embedded model's shapes, one set for each of its layers, so that they come from memory as
they do in an engine; nothing else that an engine must do is counted. Half precision in the layout
of oneDNN's kernels, the fastest that was found on CPUs.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import torch
from transformers import AutoConfig, PreTrainedConfig

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
    layers = [
        [_product(*shape) for shape in _shapes(config)] for _ in range(config.num_hidden_layers)
    ]
    head = _product(config.vocab_size, config.hidden_size)

    def run(rows: int, *, with_head: bool) -> None:
        for layer in layers:
            for product in layer:
                product(rows)
        if with_head:
            head(rows)

    memory = torch.ones(READ // 4)
    return Limit(
        step=_median(lambda: run(batch, with_head=True)),
        prompt=_median(lambda: run(PIECE, with_head=False)) / PIECE,
        bandwidth=READ / _median(memory.sum),
        token_bytes=_token_bytes(config),
    )


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


def _product(rows_out: int, rows_in: int) -> Callable[[int], torch.Tensor]:
    """A product with a weight `[out, in]` of its own, for a number of rows."""
    weight = torch.randn(rows_out, rows_in).bfloat16()
    packed = torch.ops.mkldnn._reorder_linear_weight(weight, 32)
    inputs: dict[int, torch.Tensor] = {}

    def product(rows: int) -> torch.Tensor:
        if rows not in inputs:
            inputs[rows] = torch.randn(rows, rows_in).bfloat16()
        run = torch.ops.mkldnn._linear_pointwise
        found: torch.Tensor = run(inputs[rows], packed, None, "none", [], "")
        return found

    return product


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
