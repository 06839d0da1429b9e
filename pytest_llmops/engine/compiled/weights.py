"""The weights of a model and of its adapters, as compiled layers take them: packed, by address."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from pytest_llmops.engine.kernels import layers as kernels
from pytest_llmops.engine.kernels.numbers import bits
from pytest_llmops.engine.kernels.tiles import PANEL, multiply, pack
from pytest_llmops.engine.linear import Delta, LowRank, column_slices, join
from pytest_llmops.engine.llama import window_of
from pytest_llmops.engine.threads import split

JOINED = (
    ("self_attn", ("q_proj", "k_proj", "v_proj")),
    ("self_attn", ("o_proj",)),
    ("mlp", ("gate_proj", "up_proj")),
    ("mlp", ("down_proj",)),
)
"""The layers of a model that make each product."""


class Weight:
    """The weight of a product, packed; the model lets go of its own."""

    def __init__(self, module: Any, owner: str, names: tuple[str, ...]) -> None:
        holder = getattr(module, owner)
        layers = {f"{owner}.{name}": getattr(holder, name) for name in names}
        weight = torch.cat([layer.weight for layer in layers.values()]).detach()
        self.columns, self.width = column_slices(layers), len(weight)
        self.numbers = weight.numel()
        self.packed = pack(weight)
        biases = [layer.bias for layer in layers.values() if layer.bias is not None]
        self.bias = _bias(self.packed, torch.cat(biases) if biases else None)
        for name in names:
            setattr(holder, name, None)


class Head:
    """The product that gives logits."""

    def __init__(self, layer: Any) -> None:
        self._packed, self._size = pack(layer.weight.detach()), len(layer.weight)
        self._bias = _bias(self._packed, layer.bias)
        self._deltas: dict[str, Delta] = {}

    def add_adapter(self, name: str, pair: LowRank) -> None:
        """Know what adapter `name` adds to logits."""
        self._deltas[name] = Delta([(slice(0, self._size), pair)], self._size)

    def __call__(self, rows: torch.Tensor, spans: Sequence[tuple[str, int, int]]) -> torch.Tensor:
        """Return the logits of rows; `spans` says whose rows are whose."""
        logits = rows.new_empty((len(rows), self._size))
        given, out = (bits(rows), self._packed.data_ptr(), self._bias), bits(logits)
        split(lambda *panels: multiply(*given, panels, out), range(1, len(self._packed) + 1))
        for name, start, end in spans:
            if name in self._deltas:
                self._deltas[name].add(logits[start:end], rows[start:end])
        return logits


def _bias(packed: torch.Tensor, bias: torch.Tensor | None) -> np.ndarray[Any, Any]:
    """The bias of a packed weight, float32, with zeros up to whole panels."""
    whole = np.zeros(len(packed) * PANEL, np.float32)
    if bias is not None:
        whole[: len(bias)] = bias.detach().float().numpy()
    return whole


class Deltas:
    """What one adapter adds to all products."""

    def __init__(self, weights: Sequence[Sequence[Weight]], pairs: Mapping[str, LowRank]) -> None:
        shape = len(weights), len(JOINED)
        found = {
            (layer, kind): delta
            for layer, kinds in enumerate(weights)
            for kind, weight in enumerate(kinds)
            if (delta := _joined(weight, pairs, f"model.layers.{layer}."))
        }
        ranks, addresses = np.zeros(shape, np.int64), np.zeros((2, *shape), np.int64)
        most = max((len(scales) for _, _, scales in found.values()), default=0)
        scales = np.zeros((*shape, most), np.float32)
        for place, (down, up, scale) in found.items():
            ranks[place], scales[place][: len(scale)] = len(scale), scale
            addresses[0][place], addresses[1][place] = down.data_ptr(), up.data_ptr()
        self._kept = found  # as long as their addresses are used
        self.described = kernels.Delta(addresses[0], addresses[1], ranks, scales)


def _joined(
    weight: Weight, pairs: Mapping[str, LowRank], prefix: str
) -> tuple[torch.Tensor, torch.Tensor, np.ndarray[Any, Any]] | None:
    """Return all A of a product, all B where their columns and ranks are, and their scalings."""
    mine = [
        (columns, pairs[prefix + path])
        for path, columns in weight.columns.items()
        if prefix + path in pairs
    ]
    if not mine:
        return None
    rank = sum(len(pair.down) for _, pair in mine)
    down, up, scales = join(mine, weight.width, rank + rank % 2)
    return pack(down), pack(up), scales.numpy()


def described(
    modules: Sequence[Any], config: Any, weights: Sequence[Sequence[Weight]]
) -> kernels.Model:
    """Return what all steps of a model share, from its modules and their packed weights."""
    first = modules[0].self_attn
    names = ("q_norm", "k_norm") if hasattr(first, "q_norm") else ()
    head_norms = [getattr(module.self_attn, name) for module in modules for name in names]
    norms = [
        n for module in modules for n in (module.input_layernorm, module.post_attention_layernorm)
    ]
    epsilons = norms[0].variance_epsilon, (head_norms or norms)[0].variance_epsilon
    return kernels.Model(
        weights=np.array([[w.packed.data_ptr() for w in kinds] for kinds in weights], np.int64),
        biases=tuple(np.stack([kinds[i].bias for kinds in weights]) for i in range(4)),
        norms=_stacked(norms, config.hidden_size),
        head_norms=_stacked(head_norms, first.head_dim),
        windows=np.array([window_of(m.self_attn, config) or 0 for m in modules], np.int64),
        heads=(config.num_attention_heads, config.num_key_value_heads),
        inner=config.intermediate_size,
        numbers=(np.float32(epsilons[0]), np.float32(epsilons[1]), np.float32(first.scaling)),
    )


def _stacked(norms: Sequence[Any], width: int) -> np.ndarray[Any, Any]:
    """The weights of norms, two a layer, `[layers, 2, width]`."""
    rows = [norm.weight.detach() for norm in norms]
    whole = torch.stack(rows) if rows else torch.empty(0, dtype=torch.bfloat16)
    return bits(whole.reshape(-1, 2, width)).copy()
