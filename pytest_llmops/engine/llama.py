"""The forward pass of Llama-like models over packed rows: the fast way for the commonest family.

Llama, Mistral, Qwen2 and Qwen3 are the same program with other sizes. Written out over joined
weights it takes a third of the operations of the general code, and with 32 rows on a CPU their
number decides. `runners` compares it with transformers' own code before it is used.
"""

from typing import Any

import torch
from torch.nn.functional import silu

from pytest_llmops.engine.attention import Form, attend
from pytest_llmops.engine.kernels import rows as kernels
from pytest_llmops.engine.kernels.numbers import supported
from pytest_llmops.engine.linear import LowRank, Projection
from pytest_llmops.engine.step import Step
from pytest_llmops.engine.threads import alone

FAMILY = {"LlamaForCausalLM", "MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM"}


def is_llama_like(model: Any) -> bool:
    """Whether the fast way knows this model."""
    config = model.config
    return type(model).__name__ in FAMILY and config.hidden_act == "silu"


class _Norm:
    """Root mean square norm, computed in float32 as transformers does."""

    def __init__(self, module: Any) -> None:
        self._weight = module.weight
        self._epsilon = module.variance_epsilon

    def __call__(self, rows: torch.Tensor) -> torch.Tensor:
        if supported(rows):
            return kernels.norm(rows, self._weight, self._epsilon)
        exact = rows.float()
        scale = torch.rsqrt(exact.square().mean(-1, keepdim=True) + self._epsilon)
        return self._weight * (exact * scale).to(rows.dtype)


def _gated(gates: torch.Tensor) -> torch.Tensor:
    """SiLU of the first half of every row times its second half."""
    if supported(gates):
        return kernels.gate(gates)
    gate, up = gates.chunk(2, -1)
    return silu(gate).mul_(up)


def _turned(heads: torch.Tensor, turn: tuple[torch.Tensor, ...], still: int) -> torch.Tensor:
    """Rotary embedding of all heads, `[tokens, heads, width]`, but the last `still`; in place."""
    cosine, sine = turn
    turning = heads[:, :-still]
    if supported(heads):
        kernels.rotate(heads, (cosine, sine), turning.shape[1])
    else:
        first, second = turning.chunk(2, -1)
        turning.copy_(turning * cosine + torch.cat((-second, first), -1) * sine)
    return heads


class _Layer:
    """One decoder layer."""

    def __init__(self, path: str, module: Any, config: Any) -> None:
        attention, mlp = module.self_attn, module.mlp
        self.index: int = attention.layer_idx
        self.width: int = attention.head_dim
        self.heads: int = config.num_attention_heads
        self.form = Form(attention.scaling, window_of(attention, config))
        self.before, self.after = (
            _Norm(module.input_layernorm),
            _Norm(module.post_attention_layernorm),
        )
        self.head_norms = (
            (_Norm(attention.q_norm), _Norm(attention.k_norm))
            if hasattr(attention, "q_norm")
            else None
        )
        self.qkv = _joined(f"{path}.self_attn", attention, "q_proj", "k_proj", "v_proj")
        self.out = _joined(f"{path}.self_attn", attention, "o_proj")
        self.gate_up = _joined(f"{path}.mlp", mlp, "gate_proj", "up_proj")
        self.down = _joined(f"{path}.mlp", mlp, "down_proj")

    @property
    def projections(self) -> tuple[Projection, ...]:
        return self.qkv, self.out, self.gate_up, self.down

    def __call__(
        self, rows: torch.Tensor, step: Step, turn: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        attended = attend(step, self.index, self._qkv(self.before(rows), step, turn), self.form)
        rows = rows + self.out(attended.flatten(1), step.spans)
        return rows + self.down(_gated(self.gate_up(self.after(rows), step.spans)), step.spans)

    def _qkv(
        self, rows: torch.Tensor, step: Step, turn: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, ...]:
        heads = self.qkv(rows, step.spans).view(len(rows), -1, self.width)
        groups = (heads.shape[1] - self.heads) // 2
        query, keys, values = heads.split([self.heads, groups, groups], 1)
        if self.head_norms:
            query_norm, key_norm = self.head_norms
            heads = torch.cat([query_norm(query), key_norm(keys), values], 1)
        query, keys, values = _turned(heads, turn, groups).split([self.heads, groups, groups], 1)
        return query, keys, values


class LlamaRunner:
    """Runs a Llama-like model over steps; takes the weights over from the transformers model."""

    shares_prefixes = True
    whole_prompts = False

    def __init__(self, model: Any) -> None:
        inner = model.model
        self._embed = inner.embed_tokens
        self._rotary = inner.rotary_emb
        self._layers = [
            _Layer(f"model.layers.{i}", module, model.config)
            for i, module in enumerate(inner.layers)
        ]
        self._norm = _Norm(inner.norm)
        self._head = Projection({"lm_head": model.lm_head})

    def add_adapter(self, name: str, pairs: dict[str, LowRank]) -> None:
        """Serve `name` too."""
        for projection in (*(p for layer in self._layers for p in layer.projections), self._head):
            projection.add_adapter(name, pairs)

    def forward(self, step: Step) -> torch.Tensor:
        """Return the logits after the last token of every row, `[rows, vocabulary]`."""
        with alone():
            return self._logits(step)

    def _logits(self, step: Step) -> torch.Tensor:
        rows = self._embed(step.tokens)
        cosine, sine = self._rotary(rows, step.positions[None])
        turn = (cosine[0, :, None], sine[0, :, None])
        for layer in self._layers:
            rows = layer(rows, step, turn)
        last = self._norm(rows.index_select(0, step.last))
        return self._head(last, step.last_spans)

    def forget(self, sequence: int) -> None:
        """Keep nothing of a sequence: it is all in the pool."""


def _joined(path: str, owner: Any, *names: str) -> Projection:
    """Join linear layers of `owner`, and let go of their own weights: memory holds them once."""
    layers = {f"{path}.{name}": getattr(owner, name) for name in names}
    projection = Projection(layers)
    for name in names:
        setattr(owner, name, None)
    return projection


def window_of(attention: Any, config: Any) -> int | None:
    """Return how many tokens one sees in a layer, itself included; None for all."""
    if hasattr(attention, "sliding_window"):
        window: int | None = attention.sliding_window
        return window
    is_mistral = type(attention).__name__ == "MistralAttention"
    return config.sliding_window if is_mistral else None
