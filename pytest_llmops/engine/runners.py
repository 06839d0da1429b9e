"""How a model is run: the fastest way that gives the numbers of transformers' own code.

Four ways, each proved on a probe before it is used, in this order (see `proof`):
- `CompiledRunner`: Llama-like models in bf16 on a CPU, as compiled code (module `compiled`).
- `LlamaRunner`: Llama-like models, written out (module `llama`).
- `PackedRunner`: transformers' model code over packed rows, with our attention: most other models.
- `SequenceRunner`: one sequence after another, with transformers' own cache: the rest. It is slow.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import torch
from transformers import DynamicCache, GenerationMixin
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from pytest_llmops.engine.attention import UnsupportedError, transformers_attention
from pytest_llmops.engine.compiled import CompiledRunner, fits
from pytest_llmops.engine.linear import LowRank, hook_adapters
from pytest_llmops.engine.llama import LlamaRunner, is_llama_like
from pytest_llmops.engine.proof import Proof, Runner
from pytest_llmops.engine.step import CURRENT, Row, Step

Adapters = Mapping[str, dict[str, LowRank]]
_OURS = "llmops"


class PackedRunner:
    """Transformers' model code over packed rows, without its cache and masks."""

    shares_prefixes = True
    whole_prompts = False

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
    whole_prompts = True

    def __init__(self, model: Any) -> None:
        self._model = model
        self._caches: dict[int, Any] = {}
        self._tokens: dict[int, list[int]] = {}
        self._anew = _begins_anew(model)

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        return torch.stack([self._one(row, step) for row in step.rows])

    def _one(self, row: Row, step: Step) -> torch.Tensor:
        held = self._tokens.setdefault(row.sequence, [])
        held[row.start :] = row.tokens
        if row.start <= self._anew < row.end:
            row = row._replace(tokens=held, start=0)
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
        self._tokens.pop(sequence, None)


def _begins_anew(model: Any) -> int:
    """Return the length beyond which a model's own code computes a sequence anew; 0 for none.

    Phi-3 and its kin do, where longrope takes its other factors.
    """
    if type(model).prepare_inputs_for_generation is GenerationMixin.prepare_inputs_for_generation:
        return 0
    return getattr(model.config, "original_max_position_embeddings", None) or 0


def build_runner(
    load_model: Callable[[], Any],
    adapters: Adapters,
    *,
    context: int = 0,
    tell: Callable[[str], None] = lambda _: None,
) -> Runner:
    """Return the fastest runner that proves right.

    Args:
        load_model: Gives a fresh transformers model each time, because the fast ways change theirs.
        adapters: By name, the pairs of each.
        context: Tokens that a request may have: where a model computes otherwise below it, that is
            proved too.
        tell: Gets what the user should know.
    """
    model = load_model()
    proof = Proof(SequenceRunner(model), model, context)
    try:
        if is_llama_like(model):
            fast = CompiledRunner(model) if fits(model) else LlamaRunner(model)
            proof.check(fast)
            for name, pairs in adapters.items():
                fast.add_adapter(name, pairs)
            return fast
        packed = PackedRunner(model)
        proof.check(packed)
        hook_adapters(model, adapters)
    except (UnsupportedError, AttributeError, TypeError, RuntimeError) as error:
        note = f"the model is run one sequence at a time, which is slow: {error}"
        print(note, file=sys.stderr)  # noqa: T201
        tell(note)
    else:
        return packed
    model = load_model()
    hook_adapters(model, adapters)
    return SequenceRunner(model)
