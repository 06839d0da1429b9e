"""Attention of one forward pass over rows of very different length.

A step packs the new tokens of all its rows one after another. On a CPU, compiled kernels attend
all of them (`kernels.blocks`). Elsewhere it is done with torch's operations: rows with one token
(decoding) together, block by block of the pool; rows with more (prompts) one after another, causal
from where they start.

Supported are causal attention, sliding windows and soft caps. Anything else a model asks for
(attention sinks, position biases) raises `UnsupportedError`, and the model is run
another way.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from pytest_llmops.engine.kernels.blocks import attend_blocks
from pytest_llmops.engine.kernels.numbers import supported
from pytest_llmops.engine.kvcache import BLOCK, blocks_for
from pytest_llmops.engine.step import CURRENT, Row, Step


class UnsupportedError(Exception):
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
    if supported(query):
        return attend_blocks(step, query, stored, form)
    result = query.new_empty((*query.shape[:2], values.shape[-1]))
    if step.decoding:
        chosen = step.decoding_tokens
        result[chosen] = _decode(step, query[chosen], stored, form)
    for index in step.prompts:
        span = slice(step.offsets[index], step.offsets[index + 1])
        new = [part[span] for part in qkv]
        result[span] = _prompt(step.rows[index], new, stored, form)
    return result


def _decode(
    step: Step, query: torch.Tensor, stored: tuple[torch.Tensor, ...], form: Form
) -> torch.Tensor:
    """Attention of rows with one token each; the query heads of one key head go together.

    Blocks are weighed each by itself, against the highest score of their row, and summed by row in
    one product with 0 and 1: nothing is padded to the longest row or laid out anew.
    """
    layout, (rows, heads, _) = step.layout, query.shape
    if layout.blocks is None:
        keys, values = (pool[: layout.read] for pool in stored)
    else:
        keys, values = (pool.index_select(0, layout.blocks) for pool in stored)
    groups = keys.shape[1]
    spread = query.reshape(rows, -1).index_select(0, layout.query)
    spread = spread.view(layout.read * groups, heads // groups, -1)
    scores = _scores(spread, keys.flatten(0, 1), form).view(layout.read, heads, BLOCK)
    where, mask = step.mask(form.window)
    scores.index_copy_(0, where, scores.index_select(0, where).add_(mask))
    peaks = scores.amax(-1).index_select(0, layout.table).view(rows, layout.widest, heads)
    peaks = peaks.amax(1).index_select(0, layout.query)
    weights = scores.sub_(peaks[..., None]).exp_()
    parts = torch.bmm(weights.view(layout.read * groups, -1, BLOCK), values.flatten(0, 1))
    total = torch.mm(layout.owner, parts.view(layout.read, -1)).view(rows, heads, -1)
    sums = torch.mm(layout.owner.float(), weights.sum(-1, dtype=torch.float32))
    return (total / sums[..., None]).to(scores.dtype)


def _scores(query: torch.Tensor, keys: torch.Tensor, form: Form) -> torch.Tensor:
    """Return scaled and capped scores, `[batch, queries, keys]`; scaled before they are rounded."""
    none = query.new_zeros((1, 1, 1))
    turned = keys.transpose(1, 2)
    scores = torch.baddbmm(none, query, turned, beta=0, alpha=form.scaling)
    if form.softcap is not None:
        scores = torch.tanh(scores / form.softcap) * form.softcap
    return scores


def _prompt(
    row: Row, new: Sequence[torch.Tensor], stored: tuple[torch.Tensor, ...], form: Form
) -> torch.Tensor:
    """Attention of one row's new tokens to themselves and to what lies in the pool before them."""
    query, keys, values = (part.transpose(0, 1) for part in new)
    if row.start:
        held = torch.tensor(row.blocks[: blocks_for(row.end)], device=query.device)
        keys, values = (
            pool.index_select(0, held).transpose(0, 1).flatten(1, 2)[:, : row.end]
            for pool in stored
        )
    groups, count = len(keys), len(row.tokens)
    query = query.reshape(groups, -1, query.shape[-1])
    scores = _scores(query, keys, form).view(groups, -1, count, row.end)
    _hide(scores, form.window)
    weights = torch.softmax(scores, -1).flatten(1, 2)
    result = torch.bmm(weights, values).view(groups, -1, count, values.shape[-1])
    return result.flatten(0, 1).transpose(0, 1)


def _hide(scores: torch.Tensor, window: int | None) -> None:
    """Mask in place what lies ahead of the queries, the last places of all, or out of their window.

    `scores` is `[..., queries, keys]`; without a window only the last square of it needs a mask.
    """
    queries, keys = scores.shape[-2:]
    seen = keys if window is not None else queries
    place = torch.arange(seen, device=scores.device)
    now = place[seen - queries :, None]
    hidden = place > now
    if window is not None:
        hidden |= place <= now - window
    mask = scores.new_zeros((queries, seen)).masked_fill_(hidden, float("-inf"))
    scores[..., keys - seen :] += mask


def transformers_attention(  # noqa: PLR0913 - the signature transformers calls
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention for models run by transformers' own code; heads come before tokens, batch is 1."""
    asked = {name for name in ("s_aux", "position_bias", "sinks") if others.get(name) is not None}
    if asked or attention_mask is not None or dropout or not getattr(module, "is_causal", True):
        raise UnsupportedError(f"{type(module).__name__} asks for {sorted(asked) or 'a mask'}")
    form = Form(scaling or query.shape[-1] ** -0.5, sliding_window, softcap)
    qkv = tuple(part[0].transpose(0, 1) for part in (query, key, value))
    return attend(CURRENT.get(), module.layer_idx, qkv, form)[None], None
