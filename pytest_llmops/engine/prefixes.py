"""Beginnings of prompts that need no computing: they are in memory as part of another sequence.

The sequences that run hold some, and finished ones are kept for them: the next turn of an agent
begins with all of the turn before, answer included. Those stay where they are, as the kernels of a
CPU read blocks in any order. On a GPU they move to a pool of their own, so that decoding goes on
reading the pool of the running ones in one piece.
"""

from collections import OrderedDict
from collections.abc import Iterable

from pytest_llmops.engine.job import Job
from pytest_llmops.engine.kvcache import BlockPool, blocks_for

_LEAST_KEPT = 64
"""Blocks that may be kept however small the pool of the running sequences is."""


class Prefixes:
    """Finished sequences, kept for the prompts that begin like them."""

    def __init__(self, pool: BlockPool, *, apart: bool) -> None:
        """Keep what finished in `pool`, or `apart`; in no more memory than those that run take."""
        self._pool = pool
        self._attic = BlockPool(pool.device, pool.dtype) if apart else pool
        self._apart = apart
        self._kept: OrderedDict[int, Job] = OrderedDict()
        self._blocks = 0

    @property
    def blocks(self) -> int:
        """Blocks that finished sequences hold."""
        return self._blocks

    def keep(self, job: Job) -> None:
        """Take over the blocks of a finished job; let go of those used least recently."""
        count = blocks_for(job.computed)
        most = max(self._pool.size if self._apart else self._pool.size // 2, _LEAST_KEPT)
        while self._kept and self._blocks + count > most:
            self._drop(next(iter(self._kept.values())))
        held, job.blocks = job.blocks, job.blocks[:count]
        if count and self._apart:
            job.blocks = self._attic.copy_from(self._pool, job.blocks)
        if count:
            self._kept[job.number] = job
            self._blocks += count
        self._pool.release(held if self._apart else held[count:])

    def longest(self, job: Job, running: Iterable[Job]) -> tuple[int, Job | None]:
        """Return the longest prefix of `job` that is in memory, in tokens, and whose it is."""
        best, owner = 0, None
        for other in (*running, *self._kept.values()):
            known = min(job.shared(other), other.computed)
            if known > best:
                best, owner = known, other
        return best, owner

    def copy(self, job: Job, owner: Job, tokens: int) -> None:
        """Give `job` the first `tokens` of `owner`; let go of one that holds nothing else."""
        job.computed = job.cached = tokens
        kept = owner.number in self._kept
        whole = kept and tokens == owner.computed
        if whole and not self._apart:
            self._forget(owner)
            job.blocks = owner.blocks
            return
        source = self._attic if kept else self._pool
        job.blocks = self._pool.copy_from(source, owner.blocks[: blocks_for(tokens)])
        if whole:
            self._drop(owner)
        elif kept:
            self._kept.move_to_end(owner.number)

    def clear(self) -> None:
        """Let go of everything."""
        for job in list(self._kept.values()):
            self._drop(job)

    def _drop(self, job: Job) -> None:
        self._forget(job)
        self._attic.release(job.blocks)

    def _forget(self, job: Job) -> None:
        del self._kept[job.number]
        self._blocks -= len(job.blocks)
