"""Node with the judge, as what runs in a cage, and what makes its jobs ready."""

from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.sandbox.installation import Installation
from pytest_llmops.sandbox.job import TestJob
from pytest_llmops.sandbox.judge.program import CODE, FLAGS, SCRIPT, START, program_folder
from pytest_llmops.sandbox.packed import Packed
from pytest_llmops.sandbox.transformer import Transformed, Transformer

RUNTIME = Path(__file__).parent
INSIDE = "/sandbox"
PACKAGES = f"{INSIDE}/packages"
"""Where a caged process finds compiled packages."""


def node_flags(memory: int, runtime: str, *, readable: tuple[str, ...], folder: str) -> list[str]:
    """Flags of the sandboxed Node: what it may read and write, and its heap in bytes."""
    return [
        "--permission",
        *(f"--allow-fs-read={path}" for path in readable),
        f"--allow-fs-write={folder}",
        f"--max-old-space-size={max(16, memory // 2**20)}",
        *FLAGS,
        "--zero-fill-buffers",
        "--no-warnings",
        "--no-addons",
        "--disable-sigusr1",
        f"{runtime}/{START}",
    ]


class NodeProgram:
    """A `cage.Program`."""

    environment: Mapping[str, str] = {"NODE_ENV": "test", "VITEST": "true", "TEST": "true"}

    def __init__(self, node: Path, packages: Path | None = None) -> None:
        """Prepare; `packages` are compiled ones."""
        self._node = node
        self._packages = packages
        self._judge = program_folder(node)
        self.paths: tuple[Path, ...] = (node, RUNTIME, self._judge)

    @property
    def mounts(self) -> list[str]:
        """Arguments of bubblewrap."""
        return [
            *("--ro-bind", str(self._node), f"{INSIDE}/node"),
            *("--ro-bind", str(RUNTIME), f"{INSIDE}/runtime"),
            *("--ro-bind", str(self._judge), f"{INSIDE}/judge"),
            *(("--ro-bind", str(self._packages), PACKAGES) if self._packages else ()),
        ]

    def inside(self, memory: int, channel: int, folder: str) -> list[str]:
        """The command where the mounts are."""
        return [
            f"{INSIDE}/node",
            # All of a file system that holds nothing may be read: what is not there is missing
            # then, as programs expect, and not forbidden.
            *node_flags(memory, f"{INSIDE}/runtime", readable=("*",), folder=folder),
            str(channel),
            "bwrap",
            *(f"{INSIDE}/judge/{name}" for name in (SCRIPT, CODE)),
        ]

    def outside(self, memory: int, channel: int, folder: str) -> list[str]:
        """The command without namespaces: it may read what it needs, and write its folder."""
        own = (RUNTIME, self._judge, self._packages)
        readable = (*(str(path) for path in own if path), folder)
        return [
            str(self._node),
            *node_flags(memory, str(RUNTIME), readable=readable, folder=folder),
            str(channel),
            "process",
            *(str(self._judge / name) for name in (SCRIPT, CODE)),
        ]


class NodePreparer:
    """A `pool.Preparer`: compiles a job, and has the packages that it needs where Node looks."""

    def __init__(self, node: Path, root: Path, packages: Installation | None) -> None:
        self._transformer = Transformer(node, root, packages.folder if packages else None)
        self._packed = Packed(node, packages) if packages else None
        self.stored = self._packed.folder if self._packed else None
        """Folder of compiled packages."""
        self._seen = str(self.stored or "")

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Parse and resolve everything a job needs; see `Transformer.transform`."""
        code = self._transformer.transform(job, root, self._seen)
        if self._packed and code.status == "ready" and not job.survey:
            self._packed.ensure(code.needs)
        return code

    def confine(self, bwrap: Path) -> None:
        """From now on compile in namespaces, for a process that is in some."""
        self._transformer.confine(bwrap)
        if self._packed:
            self._packed.confine(bwrap)
            self._seen = PACKAGES

    def abandon(self) -> None:
        """Kill the compiler under the hands of who waits for it; from any thread."""
        self._transformer.abandon()

    def close(self) -> None:
        """End the processes."""
        self._transformer.close()
        if self._packed:
            self._packed.close()
