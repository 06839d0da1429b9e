"""Attention of one forward pass over rows of very different length: whole prompts and single tokens.

A step packs the new tokens of all its rows one after another. Rows with one token (decoding) are
attended together, block by block of the pool; rows with more (prompts) one after another with
torch's own kernel, causal from where they start.

Supported are causal attention, sliding windows and soft caps. Anything else a model asks for
(attention sinks, position biases) raises `Unsupported`, and the model is run another way.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.functional import scaled_dot_product_attention

from pytest_llmops.engine.kvcache import BLOCK
from pytest_llmops.engine.step import CURRENT, Row, Step


class Unsupported(Exception):
    """A model asks its attention for something that is not built here."""


class Form(NamedTuple):
    """What a layer asks of its attention."""

    scaling: float
    window: int | None = None
    """Tokens a token sees, itself included; None is all before it."""
    softcap: float | None = None


def attend(step: Step, layer: int, qkv: tuple[torch.Tensor, ...], form: Form) -> torch.Tensor:
    """Store the new keys and values and return the attention of all tokens.

    `qkv` are queries `[tokens, query heads, width]`, keys and values `[tokens, heads, width]`;
    returns `[tokens, query heads, value width]`.
    """
    query, keys, values = qkv
    stored = step.pool.layer(layer, keys, values)
    where = step.write_index(keys.shape[1])
    for pool, new in zip(stored, (keys, values), strict=True):
        pool.view(-1, pool.shape[-1]).index_copy_(0, where, new.reshape(-1, new.shape[-1]))
    result = query.new_empty((*query.shape[:2], values.shape[-1]))
    if step.decoding:
        chosen = step.decoding_tokens
        result[chosen] = _decode(step, query[chosen], stored, form)
    for index in step.prompts:
        span = slice(step.offsets[index], step.offsets[index + 1])
        result[span] = _prompt(step.rows[index], [part[span] for part in qkv], stored, form)
    return result


def _decode(
    step: Step, query: torch.Tensor, stored: tuple[torch.Tensor, ...], form: Form
) -> torch.Tensor:
    """Attention of rows with one token each; the query heads of one key head go together."""
    layout, (rows, heads, _) = step.layout, query.shape
    if layout.blocks is None:
        keys, values = (pool[: layout.read] for pool in stored)
    else:
        keys, values = (pool.index_select(0, layout.blocks) for pool in stored)
    groups = keys.shape[1]
    spread = query.view(rows, -1).index_select(0, layout.query)
    spread = spread.view(layout.read * groups, heads // groups, -1)
    scores = torch.bmm(spread, keys.flatten(0, 1).transpose(1, 2))
    scores = scores.view(layout.read, heads, BLOCK).index_select(0, layout.table)
    scores = scores.view(rows, layout.widest, heads, BLOCK).transpose(1, 2).float()
    scores = scores.reshape(rows, heads, layout.widest * BLOCK)
    weights = torch.softmax(_capped(scores, step.mask(form.window), form), -1)
    weights = weights.view(rows, heads, layout.widest, BLOCK).transpose(1, 2).to(query.dtype)
    weights = weights.reshape(-1, heads * BLOCK).index_select(0, layout.back)
    weights = weights.view(layout.read * groups, heads // groups, BLOCK)
    parts = torch.bmm(weights, values.flatten(0, 1)).view(layout.read, -1)
    total = torch.zeros((rows + 1, parts.shape[1]), device=parts.device)
    total.index_add_(0, layout.row, parts.float())
    return total[:rows].view(rows, heads, -1).to(query.dtype)


def _capped(scores: torch.Tensor, mask: torch.Tensor, form: Form) -> torch.Tensor:
    if form.softcap is None:
        return torch.add(mask, scores, alpha=form.scaling)
    return torch.tanh(scores * (form.scaling / form.softcap)) * form.softcap + mask


def _prompt(
    row: Row, new: Sequence[torch.Tensor], stored: tuple[torch.Tensor, ...], form: Form
) -> torch.Tensor:
    """Attention of one row's new tokens to themselves and to what lies in the pool before them."""
    query, keys, values = (part.transpose(0, 1)[None] for part in new)
    if row.start:
        held = torch.tensor(row.blocks[: -(-row.end // BLOCK)], device=query.device)
        keys, values = (
            pool.index_select(0, held).transpose(0, 1).flatten(1, 2)[None, :, : row.end]
            for pool in stored
        )
    if not row.start and form.window is None and form.softcap is None:
        result = scaled_dot_product_attention(
            query, keys, values, is_causal=True, scale=form.scaling, enable_gqa=True
        )
        return result[0].transpose(0, 1)
    place = torch.arange(row.end, device=query.device)
    now = place[row.start :, None]
    seen = place <= now
    if form.window is not None:
        seen &= place > now - form.window
    if form.softcap is None:
        result = scaled_dot_product_attention(
            query, keys, values, attn_mask=seen, scale=form.scaling, enable_gqa=True
        )
        return result[0].transpose(0, 1)
    mask = torch.zeros(seen.shape, device=place.device).masked_fill_(~seen, float("-inf"))
    repeat = query.shape[1] // keys.shape[1]
    keys, values = (part.repeat_interleave(repeat, dim=1) for part in (keys, values))
    weights = torch.softmax(_capped((query @ keys.transpose(2, 3)).float(), mask, form), -1)
    return (weights.to(values.dtype) @ values)[0].transpose(0, 1)


def transformers_attention(  # noqa: PLR0913 - the signature transformers calls
    module: Any,  # noqa: ANN401
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,  # noqa: ANN401
) -> tuple[torch.Tensor, None]:
    """Attention for models run by transformers' own code; heads come before tokens, batch is 1."""
    asked = {name for name in ("s_aux", "position_bias", "sinks") if others.get(name) is not None}
    if asked or attention_mask is not None or dropout or not getattr(module, "is_causal", True):
        raise Unsupported(f"{type(module).__name__} asks for {sorted(asked) or 'a mask'}")
    form = Form(scaling or query.shape[-1] ** -0.5, sliding_window, softcap)
    qkv = tuple(part[0].transpose(0, 1) for part in (query, key, value))
    return attend(CURRENT.get(), module.layer_idx, qkv, form)[None], None
