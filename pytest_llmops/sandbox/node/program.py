"""Node with the judge, as what runs in a cage."""

from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.sandbox.judge.program import CODE, FLAGS, RUNTIME, SCRIPT, START, program_folder

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

    filter = b""
    environment: Mapping[str, str] = {"NODE_ENV": "test", "VITEST": "true", "TEST": "true"}

    def __init__(self, node: Path, packages: Path | None = None, judge: Path | None = None) -> None:
        """Prepare.

        Args:
            node: The binary.
            packages: Folder of compiled packages.
            judge: Folder of the program that it runs, in the place of our own.
        """
        self._node = node
        self._packages = packages
        self._judge = judge or program_folder(node)
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
