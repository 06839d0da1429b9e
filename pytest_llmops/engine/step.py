"""One forward pass: the new tokens of many sequences, and every index that the layers share.

Rows may be whole prompts and single tokens at once. Their tokens are packed one after another
without padding, so all but attention is a few large matrix products.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch

from pytest_llmops.engine.kvcache import BLOCK, BlockPool, blocks_for

QUERIES = 16
"""Tokens of a prompt that a kernel attends together: their keys are read once for all."""

_DENSE = 0.6
"""Share of the low blocks in use from which on they are read in place instead of gathered."""


class Row(NamedTuple):
    """The new tokens of one sequence in a step."""

    tokens: Sequence[int]
    start: int
    """Position of the first of them: the tokens of the sequence that lie in the pool already."""
    sequence: int
    """Number of the sequence, for runners that keep a cache of their own."""
    blocks: Sequence[int]
    """The sequence's blocks in the pool, enough for the new tokens too."""
    adapter: str = ""
    """Empty for the base itself; rows of one adapter stand together."""
    wanted: int = 1
    """Tokens at the end of `tokens` after which logits are wanted."""

    @property
    def end(self) -> int:
        """Length of the sequence after this step."""
        return self.start + len(self.tokens)


class Step:
    """Rows packed for one forward pass, with every index that its layers share."""

    def __init__(self, rows: Sequence[Row], pool: BlockPool) -> None:
        self.rows = rows
        self.pool = pool
        starts = [0]
        for row in rows:
            starts.append(starts[-1] + len(row.tokens))
        self.offsets = starts
        self.decoding = [i for i, row in enumerate(rows) if len(row.tokens) == 1]
        self.prompts = [i for i, row in enumerate(rows) if len(row.tokens) > 1]
        self._write: dict[int, torch.Tensor] = {}
        self._masks: dict[int | None, tuple[torch.Tensor, torch.Tensor]] = {}

    @cached_property
    def tokens(self) -> torch.Tensor:
        """Token ids, `[tokens]`."""
        return self.tensor([token for row in self.rows for token in row.tokens])

    @cached_property
    def positions(self) -> torch.Tensor:
        """Position of every token in its sequence, `[tokens]`."""
        return self.tensor([p for row in self.rows for p in range(row.start, row.end)])

    @cached_property
    def last(self) -> torch.Tensor:
        """Index of every token after which logits are wanted, row by row."""
        ends = zip(self.rows, self.offsets[1:], strict=True)
        return self.tensor([i for row, end in ends for i in range(end - row.wanted, end)])

    @cached_property
    def spans(self) -> list[tuple[str, int, int]]:
        """Adapter, first and end token of every run of rows with an adapter."""
        spans: list[tuple[str, int, int]] = []
        for row, start, end in zip(self.rows, self.offsets, self.offsets[1:], strict=False):
            if spans and spans[-1][0] == row.adapter:
                spans[-1] = (row.adapter, spans[-1][1], end)
            else:
                spans.append((row.adapter, start, end))
        return [span for span in spans if span[0]]

    @cached_property
    def last_spans(self) -> list[tuple[str, int, int]]:
        """The same for the tokens of `last`."""
        spans, start = [], 0
        for row in self.rows:
            if row.adapter:
                spans.append((row.adapter, start, start + row.wanted))
            start += row.wanted
        return spans

    def tensor(self, values: Sequence[int]) -> torch.Tensor:
        """Return integers as a tensor on the device of the pool."""
        return torch.tensor(values, device=self.pool.device)

    def write_index(self, heads: int) -> torch.Tensor:
        """Return where all keys go in a layer seen as `[blocks * heads * BLOCK, width]`."""
        if heads not in self._write:
            pairs = [divmod(p, BLOCK) for row in self.rows for p in range(row.start, row.end)]
            owners = [row.blocks for row in self.rows for _ in row.tokens]
            first = [
                own[b] * heads * BLOCK + at for own, (b, at) in zip(owners, pairs, strict=True)
            ]
            every_head = torch.arange(heads, device=self.pool.device) * BLOCK
            self._write[heads] = (self.tensor(first)[:, None] + every_head).flatten()
        return self._write[heads]

    @cached_property
    def table(self) -> np.ndarray[Any, Any]:
        """Blocks of all rows, one row after another, as kernels read them."""
        return np.array([block for row in self.rows for block in row.blocks], np.int64)

    @cached_property
    def units(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        """What kernels attend together, `[units, 4]`, and the blocks its tokens see, `[units]`.

        First token, tokens, position of the first, and where the row's blocks begin in `table`.
        """
        units, costs, at = [], [], 0
        for row, first in zip(self.rows, self.offsets, strict=False):
            for done in range(0, len(row.tokens), QUERIES):
                count = min(QUERIES, len(row.tokens) - done)
                units.append((first + done, count, row.start + done, at))
                costs.append(count * blocks_for(row.start + done + count))
            at += len(row.blocks)
        return np.array(units, np.int64), np.array(costs, np.int64)

    @cached_property
    def layout(self) -> "Layout":
        """Return which blocks the decoding rows read, and whose they are."""
        return Layout.of([self.rows[i] for i in self.decoding], self)

    @cached_property
    def decoding_tokens(self) -> torch.Tensor | slice:
        """Return the tokens that are the only one of their row; a slice costs no copy."""
        places = [self.offsets[i] for i in self.decoding]
        if places == list(range(places[0], places[0] + len(places))):
            return slice(places[0], places[0] + len(places))
        return self.tensor(places)

    def mask(self, window: int | None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return which of the blocks read are not seen whole, `[n]`, and their additive mask.

        The mask is `[n, 1, BLOCK]`.
        """
        if window not in self._masks:
            layout = self.layout
            ends = self.tensor([*(self.rows[i].end for i in self.decoding), 0])
            length = (ends[layout.row] - layout.first)[:, None]
            place = torch.arange(BLOCK, device=self.pool.device)
            seen = place < length
            if window is not None:
                seen &= place >= length - window
            where = (~seen).any(1).nonzero()[:, 0]
            mask = torch.zeros((len(where), BLOCK), device=place.device, dtype=self.pool.dtype)
            mask.masked_fill_(~seen[where], float("-inf"))
            self._masks[window] = where, mask[:, None]
        return self._masks[window]


class Layout(NamedTuple):
    """The blocks that decoding rows read, in the order of reading."""

    blocks: torch.Tensor | None
    """Block ids to gather, `[read]`; None reads the first `read` blocks in place."""
    read: int
    widest: int
    """Blocks of the longest row."""
    row: torch.Tensor
    """Row of every block read, `[read]`; the row count for a block that is nobody's."""
    query: torch.Tensor
    """The same with 0 for nobody's."""
    first: torch.Tensor
    """Position of the first token of every block read, `[read]`."""
    table: torch.Tensor
    """Index among the blocks read of every row's, `[rows * widest]`; its last behind its end."""
    owner: torch.Tensor
    """1 where a block read is of a row, `[rows, read]`: sums over the blocks of each row."""

    @classmethod
    def of(cls, rows: Sequence[Row], step: Step) -> "Layout":
        """Decide between reading in place and gathering, and lay the indices out."""
        held = [list(row.blocks[: -(-row.end // BLOCK)]) for row in rows]
        total, widest = sum(map(len, held)), max(map(len, held))
        highest = max(max(blocks) for blocks in held) + 1
        gather = total < _DENSE * highest
        order = sorted(block for blocks in held for block in blocks) if gather else None
        place = {block: i for i, block in enumerate(order)} if order else None
        read = total if gather else highest
        row, first, table = [len(rows)] * read, [0] * read, []
        for i, blocks in enumerate(held):
            places = [place[block] for block in blocks] if place else blocks
            for j, at in enumerate(places):
                row[at], first[at] = i, j * BLOCK
            table += places + places[-1:] * (widest - len(places))
        t = step.tensor
        whose = t(row)
        owner = whose == torch.arange(len(rows), device=whose.device)[:, None]
        return cls(
            blocks=t(order) if order else None,
            read=read,
            widest=widest,
            row=whose,
            query=t([i if i < len(rows) else 0 for i in row]),
            first=t(first),
            table=t(table),
            owner=owner.to(step.pool.dtype),
        )


CURRENT: ContextVar[Step] = ContextVar("step")
"""The step whose forward pass runs: transformers hands its layers no argument of ours."""
