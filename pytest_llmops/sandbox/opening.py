"""The pool of a source tree: what judges its language, or the vitest that it pins itself."""

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import POOLS, Pool
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.node.installation import installed
from pytest_llmops.sandbox.vitest.installation import own_packages
from pytest_llmops.sandbox.vitest.pool import VitestPool
from pytest_llmops.sandbox.vitest.program import NOT_BARE
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.locks import Lock
from pytest_llmops.tasks.trees.own_lock import OwnLock


def open_pool(tree: SourceTree, *, size: int, isolation: Isolation = "bwrap") -> Pool:
    """What judges a tree, or all the trees that have one pool together.

    Raises:
        CaseError: A lock file is broken.
        SandboxError: No sandbox can be started here, or its packages cannot be had.
    """
    root, lock = tree.within or tree.root, tree.lock
    if isinstance(lock, OwnLock):
        return VitestPool(root, own_packages(lock), size=size, isolation=isolation)
    more = {"packages": installed(lock)} if lock else {}
    return POOLS[tree.language](
        root, size=size, isolation=isolation, many=tree.within is not None, **more
    )


def prove(tree: SourceTree, isolation: Isolation) -> None:
    """Start a sandbox for a tree, and end it; packages are left out.

    Raises:
        SandboxError: It does not start; says why, and how to go on without it.
    """
    if isinstance(tree.lock, OwnLock) and isolation == "process":
        raise SandboxError(NOT_BARE)
    POOLS[tree.language](tree.root, isolation=isolation).close()


def bring_packages(lock: Lock) -> None:
    """Have the packages of a lock file on this machine.

    Raises:
        CaseError: The lock file is broken.
        PackagesError: They cannot be had.
    """
    if isinstance(lock, OwnLock):
        own_packages(lock)
    else:
        installed(lock)
