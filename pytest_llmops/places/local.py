"""This machine: one pool of sandboxed processes a source tree."""

from pathlib import Path
from threading import Lock

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import Judge, Pool
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.opening import open_pool, prove
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.locks import Lock as PackagesLock


class LocalPlace:
    """Judges on this machine, up to `size` jobs at once."""

    def __init__(self, size: int, isolation: Isolation) -> None:
        """Prepare; a pool is started when its tree is first judged."""
        self.size = size
        self.lost = ""
        self.hosts = None
        self._isolation = isolation
        self._opening = Lock()
        self._pools: dict[tuple[Path, PackagesLock | None], Pool] = {}
        self._closed = False

    def judge(self, tree: SourceTree) -> Judge:
        """The pool of a tree, or of all the trees that have one together.

        Raises:
            SandboxError: No sandbox can be started here, or its npm packages cannot be had.
        """
        with self._opening:
            if self._closed:
                raise SandboxError("nothing is judged any more: the session has ended")
            root, lock = tree.within or tree.root, tree.lock
            if (root, lock) not in self._pools:
                pool = open_pool(tree, size=self.size, isolation=self._isolation)
                self._pools[root, lock] = pool
            return self._pools[root, lock]

    def prove(self, tree: SourceTree) -> None:
        """Start a sandbox for a tree, and end it.

        Raises:
            SandboxError: It does not start; says why, and how to go on without it.
        """
        prove(tree, self._isolation)

    def told(self) -> list[str]:
        """Nothing: it is this machine."""
        return []

    def close(self) -> None:
        """End all pools, and the jobs in flight; safe to repeat."""
        with self._opening:
            self._closed = True
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.abandon()
