"""Attention of a packed row: every answer sees its prompt and itself, and nothing else.

A row holds bundles one after another: a prompt, then all answers to it. The prompt is computed once
for all of them, which is the larger half of the work saved, and gives each answer what it would get
alone: its positions go on from the prompt's, and attention never crosses to another answer or
another bundle.

On a CPU each bundle is attended by itself in a few dense pieces: torch's fused kernel in bf16 took
three times as long there, and a mask over the whole row would compute all the pairs it then hides.
On other devices the row is one call of the fused kernel with that mask.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.functional import scaled_dot_product_attention

from .errors import FinetuneError

NAME = "llmops-bundles"
"""Under which transformers knows `attend`."""

_QUERIES = 256
"""Queries attended together: more would compute more pairs that are hidden."""


class Span(NamedTuple):
    """Where a bundle lies in its row, in tokens."""

    start: int
    prompt: int
    """Tokens of the prompt."""
    answers: tuple[int, ...]
    """Tokens of each answer."""

    @property
    def tokens(self) -> int:
        """Of prompt and answers."""
        return self.prompt + sum(self.answers)


class Piece(NamedTuple):
    """Queries of a row that are attended together, and the keys that some of them see."""

    queries: slice
    keys: slice
    hidden: torch.Tensor
    """0 where a query sees a key, else minus infinity; `[queries, keys]`."""


def visible(span: Span, device: torch.device) -> torch.Tensor:
    """Return which token of a bundle sees which, `[tokens, tokens]`, queries first."""
    sizes = torch.tensor([span.prompt, *span.answers], device=device)
    part = torch.repeat_interleave(torch.arange(len(sizes), device=device), sizes)
    place = torch.arange(len(part), device=device)
    related = (part[:, None] == part) | (part == 0)
    return related & (place <= place[:, None])


def pieces_of(spans: Sequence[Span], like: torch.Tensor) -> list[Piece]:
    """Cut a row into pieces whose masks have dtype and device of `like`."""
    pieces = []
    for span in spans:
        seen = visible(span, like.device)
        hidden = torch.zeros(seen.shape, dtype=like.dtype, device=like.device)
        hidden.masked_fill_(~seen, float("-inf"))
        edges = [*range(0, span.prompt, _QUERIES), *range(span.prompt, span.tokens, _QUERIES)]
        for first, end in zip(edges, [*edges[1:], span.tokens], strict=True):
            queries = slice(span.start + first, span.start + end)
            keys = slice(span.start, span.start + end)
            pieces.append(Piece(queries, keys, hidden[first:end, :end]))
    return pieces


def row_mask(spans: Sequence[Span], device: torch.device) -> torch.Tensor:
    """Return which token of a row sees which, `[1, 1, tokens, tokens]`."""
    return torch.block_diag(*(visible(span, device) for span in spans)).bool()[None, None]


class _Bundles(torch.autograd.Function):  # type: ignore[misc]  # torch has no types here
    """Softmax attention in pieces; the backward pass computes the weights again."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> torch.Tensor:
        """Take queries `[groups, heads a group, tokens, width]`, keys and values without heads."""
        query, keys, values, pieces, scaling = given
        result = torch.empty_like(query)
        for piece in pieces:
            weights = _weights(query, keys, piece, scaling)
            part = torch.bmm(weights, values[:, piece.keys])
            result[:, :, piece.queries] = part.view(*query.shape[:2], -1, part.shape[-1])
        ctx.save_for_backward(query, keys, values)
        ctx.pieces, ctx.scaling = pieces, scaling
        return result

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of queries, keys and values."""
        query, keys, values = ctx.saved_tensors
        d_query = torch.empty_like(query)
        d_keys, d_values = torch.zeros_like(keys), torch.zeros_like(values)
        for piece in ctx.pieces:
            weights = _weights(query, keys, piece, ctx.scaling)
            above = grads[0][:, :, piece.queries].flatten(1, 2)
            d_values[:, piece.keys] += torch.bmm(weights.transpose(1, 2), above)
            d_weights = torch.bmm(above, values[:, piece.keys].transpose(1, 2))
            scores = torch._softmax_backward_data(d_weights, weights, -1, weights.dtype)
            scores *= ctx.scaling
            below = torch.bmm(scores, keys[:, piece.keys])
            d_query[:, :, piece.queries] = below.view(*query.shape[:2], -1, query.shape[-1])
            asked = query[:, :, piece.queries].flatten(1, 2)
            d_keys[:, piece.keys] += torch.bmm(scores.transpose(1, 2), asked)
        return d_query, d_keys, d_values, None, None


def _weights(query: torch.Tensor, keys: torch.Tensor, piece: Piece, scaling: float) -> torch.Tensor:
    """Return the attention weights of a piece, `[groups, heads * queries, keys]`."""
    asked = query[:, :, piece.queries].flatten(1, 2)
    none = asked.new_zeros((1, 1, 1))
    seen = keys[:, piece.keys].transpose(1, 2)
    scores = torch.baddbmm(none, asked, seen, beta=0, alpha=scaling)
    scores.view(len(keys), -1, *piece.hidden.shape).add_(piece.hidden)
    return torch.softmax(scores, -1)


def attend(  # noqa: PLR0913 - the signature transformers calls
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    dropout: float = 0.0,
    pieces: Sequence[Piece] | None = None,
    row_mask: torch.Tensor | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """Attention for the layers of a transformers model; heads come before tokens, batch is 1.

    `pieces` (on a CPU) or `row_mask` come with the call of the model. Raises FinetuneError when a
    model asks for what is not built here.
    """
    names = ("s_aux", "position_bias", "sinks", "softcap")
    asked = [name for name in names if others.get(name) is not None]
    window = others.get("sliding_window")
    if window is not None and window < query.shape[2]:
        asked.append(f"sliding_window={window}")
    if dropout:
        asked.append("attention dropout")
    if asked or attention_mask is not None or (pieces is None and row_mask is None):
        raise FinetuneError(
            f"{type(module).__name__} asks for {', '.join(asked) or 'a mask of its own'};"
            " the packed attention of training does not have it, so this base cannot be trained"
        )
    scale = scaling if scaling is not None else query.shape[-1] ** -0.5
    if pieces is None:
        grouped = query.shape[1] != key.shape[1]
        result = scaled_dot_product_attention(
            query, key, value, attn_mask=row_mask, scale=scale, enable_gqa=grouped
        )
        return result.transpose(1, 2), None
    grouped_query = query[0].unflatten(0, (key.shape[1], -1))
    result = _Bundles.apply(grouped_query, key[0], value[0], pieces, scale)
    return result.flatten(0, 1).transpose(0, 1)[None], None
