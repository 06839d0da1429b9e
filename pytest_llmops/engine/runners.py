"""How a model is run: the fastest way that gives the numbers of transformers' own code.

Three ways, each checked on a probe before it is used, in this order:
- `LlamaRunner`: Llama-like models, written out (module `llama`).
- `PackedRunner`: transformers' model code over packed rows, with our attention: most other models.
- `SequenceRunner`: one sequence after another, with transformers' own cache: the rest. It is slow.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from transformers import DynamicCache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from pytest_llmops.engine.attention import UnsupportedError, transformers_attention
from pytest_llmops.engine.kvcache import BlockPool
from pytest_llmops.engine.linear import LowRank, hook_adapters
from pytest_llmops.engine.llama import LlamaRunner, is_llama_like
from pytest_llmops.engine.step import CURRENT, Row, Step

Adapters = Mapping[str, dict[str, LowRank]]
_OURS = "llmops"


class Runner(Protocol):
    """Runs steps."""

    shares_prefixes: bool
    """Whether all it keeps of a sequence lies in the blocks of the pool."""

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        ...

    def forget(self, sequence: int) -> None:
        """Drop what is kept of a finished sequence."""
        ...


class PackedRunner:
    """Transformers' model code over packed rows, without its cache and masks."""

    shares_prefixes = True

    def __init__(self, model: Any) -> None:
        ALL_ATTENTION_FUNCTIONS.register(_OURS, transformers_attention)
        model.set_attn_implementation(_OURS)
        self._model = model

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        token = CURRENT.set(step)
        try:
            output = self._model(
                input_ids=step.tokens[None],
                position_ids=step.positions[None],
                use_cache=False,
                logits_to_keep=step.last,
            )
        finally:
            CURRENT.reset(token)
        logits: torch.Tensor = output.logits[0]
        return logits

    def forget(self, sequence: int) -> None:
        """Keep nothing of a sequence: it is all in the pool."""


class SequenceRunner:
    """One sequence after another, each with a cache of transformers' own."""

    shares_prefixes = False

    def __init__(self, model: Any) -> None:
        self._model = model
        self._caches: dict[int, Any] = {}

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        return torch.stack([self._one(row, step) for row in step.rows])

    def _one(self, row: Row, step: Step) -> torch.Tensor:
        if row.start == 0:
            self._caches[row.sequence] = DynamicCache(config=self._model.config)
        alone = Step([row], step.pool)
        token = CURRENT.set(alone)
        try:
            output = self._model(
                input_ids=alone.tokens[None],
                cache=self._caches[row.sequence],
                use_cache=True,
            )
        finally:
            CURRENT.reset(token)
        logits: torch.Tensor = output.logits[0, -1]
        return logits

    def forget(self, sequence: int) -> None:
        """Drop the cache of a finished sequence."""
        self._caches.pop(sequence, None)


def build_runner(load_model: Callable[[], Any], adapters: Adapters) -> Runner:
    """Return the fastest runner that proves right; `load_model` gives a fresh transformers model.

    A fresh one each time, because the fast ways change the model that they are given.
    """
    model = load_model()

    def pool() -> BlockPool:
        return BlockPool(model.device, model.dtype)

    expected = _probe(SequenceRunner(model), pool())
    try:
        if is_llama_like(model):
            fast = LlamaRunner(model)
            _prove(fast, expected, pool())
            for name, pairs in adapters.items():
                fast.add_adapter(name, pairs)
            return fast
        packed = PackedRunner(model)
        _prove(packed, expected, pool())
        hook_adapters(model, adapters)
    except (UnsupportedError, AttributeError, TypeError, RuntimeError) as error:
        print(f"one sequence at a time, which is slow: {error}", file=sys.stderr)  # noqa: T201
    else:
        return packed
    model = load_model()
    hook_adapters(model, adapters)
    return SequenceRunner(model)


def _probe(runner: Runner, pool: BlockPool) -> torch.Tensor:
    """Return the logits of two ragged prompts and of one more token for each, `[2, 2, vocabulary]`.

    The prompts are longer than a block, and the second goes in two pieces, so every kind of row is
    proved.
    """
    first = [1 + (7 * i) % 90 for i in range(70)]
    second = [1 + (11 * i) % 90 for i in range(80)]
    blocks = [pool.allocate(2), pool.allocate(2)]
    runner.forward(Step([Row(second[:9], 0, 1, blocks[1])], pool))
    rows = [Row(first, 0, 0, blocks[0]), Row(second[9:], 9, 1, blocks[1])]
    prompts = runner.forward(Step(rows, pool))
    rows = [Row([5], 70, 0, blocks[0]), Row([6], 80, 1, blocks[1])]
    tokens = runner.forward(Step(rows, pool))
    for sequence in (0, 1):
        runner.forget(sequence)
    return torch.stack([prompts, tokens]).float()


def _prove(runner: Runner, expected: torch.Tensor, pool: BlockPool) -> None:
    """Raise UnsupportedError when a runner's logits are not those expected, but for rounding."""
    found = _probe(runner, pool)
    spread = expected.std().clamp_min(1e-6)
    worst = ((found - expected).abs().max() / spread).item()
    allowed = 2e-3 if pool.dtype == torch.float32 else 0.5
    if not worst < allowed:
        raise UnsupportedError(f"{type(runner).__name__} is off by {worst:.2g} standard deviations")
