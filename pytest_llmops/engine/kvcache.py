"""Keys and values of all sequences, in blocks of one pool.

A pool of blocks instead of one padded row a sequence: decoding reads whole blocks in the order in
which they lie in memory, so nothing is padded to the longest sequence and nothing is copied, and
two batched products do the attention of all sequences together. No block belongs to two sequences:
a shared prompt prefix is copied, which takes far less time than computing it.
"""

import heapq
from collections.abc import Sequence

import torch

BLOCK = 64
"""Tokens a block. Smaller ones waste less of their last block, larger ones need fewer products."""


class BlockPool:
    """Blocks for every layer at once: block 7 of a sequence is block 7 in each layer."""

    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self.device = device
        self.dtype = dtype
        self.size = 0
        """Blocks there are."""
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._free: list[int] = []

    @property
    def free(self) -> int:
        """Blocks that belong to no sequence."""
        return len(self._free)

    def allocate(self, count: int) -> list[int]:
        """Take `count` blocks, the lowest free ones, so that those in use stay close together."""
        if count > len(self._free):
            self._grow(max(count - len(self._free), self.size // 2, 32))
        return [heapq.heappop(self._free) for _ in range(count)]

    def release(self, blocks: Sequence[int]) -> None:
        """Give blocks back."""
        for block in blocks:
            heapq.heappush(self._free, block)

    def layer(
        self, index: int, keys: torch.Tensor, values: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        """Return the keys and values of a layer, `[blocks, heads, BLOCK, width]` each.

        `keys` and `values`, `[tokens, heads, width]`, give the shape when the layer is new: models
        differ in it from layer to layer. Fresh blocks are zero: what is masked out has weight 0,
        and 0 times an uninitialised NaN would be NaN.
        """
        if index not in self._layers:
            self._layers[index] = (self._zeros(self.size, keys), self._zeros(self.size, values))
        return self._layers[index]

    def copy_from(self, other: "BlockPool", blocks: Sequence[int]) -> list[int]:
        """Copy whole blocks of this or another pool, in every layer; return where they are."""
        taken = self.allocate(len(blocks))
        wanted = torch.tensor(blocks, device=self.device)
        places = torch.tensor(taken, device=self.device)
        for index, pair in other._layers.items():
            for target, tensor in zip(self.layer(index, *pair), pair, strict=True):
                target.index_copy_(0, places, tensor.index_select(0, wanted))
        return taken

    def _zeros(self, blocks: int, like: torch.Tensor) -> torch.Tensor:
        shape = (blocks, like.shape[1], BLOCK, like.shape[-1])
        return torch.zeros(shape, device=self.device, dtype=self.dtype)

    def _grow(self, count: int) -> None:
        for index, pair in self._layers.items():
            keys, values = (
                torch.cat([old, old.new_zeros((count, *old.shape[1:]))]) for old in pair
            )
            self._layers[index] = (keys, values)
        for block in range(self.size, self.size + count):
            heapq.heappush(self._free, block)
        self.size += count


def blocks_for(tokens: int) -> int:
    """Return the blocks that hold so many tokens."""
    return -(-tokens // BLOCK)
