"""Node with a repository's own vitest, as what runs in a cage.

The tree is a folder of its own in memory, in which the repository's packages are mounted where its
package manager put them, read only. vitest keeps what it makes in a folder that is not theirs.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.vitest.installation import TEMPORARY, OwnPackages

RUNNER = Path(__file__).parent
CLOCK = RUNNER.parent / "node" / "runtime" / "clock.mjs"
"""What our own judge counts a process's time with."""
INSIDE, TREE = "/sandbox", "/tree"
SIZE = 256 * 1024 * 1024
"""Bytes of the tree in memory."""
NOT_BARE = (
    "suites with 'vitest' are judged in namespaces alone: without them an answer could reach your"
    " network; leave --sandbox=process out"
)


class VitestProgram:
    """A `cage.Program`."""

    filter = b""
    environment: Mapping[str, str] = {
        "NODE_ENV": "test",
        "VITEST": "true",
        "TEST": "true",
        "CI": "true",  # a snapshot that is not stored fails, and nothing is asked
        "NO_COLOR": "1",
        "PATH": "/nonexistent",
    }

    def __init__(self, node: Path, packages: OwnPackages) -> None:
        self._node = node
        self._packages = packages
        self.paths: tuple[Path, ...] = (node, RUNNER, CLOCK, packages.folder)

    @property
    def mounts(self) -> list[str]:
        """Arguments of bubblewrap."""
        shown = [
            *("--dev", "/dev"),
            *("--ro-bind", str(self._node), f"{INSIDE}/node"),
            *("--ro-bind", str(RUNNER), f"{INSIDE}/runner"),
            *("--ro-bind", str(CLOCK), f"{INSIDE}/clock.mjs"),
            *("--size", str(SIZE), "--tmpfs", TREE),
        ]
        for folder in self._packages.modules:
            inside = os.path.normpath(f"{TREE}/{self._packages.inside}/{folder}")
            shown += ["--ro-bind", str(self._packages.folder / folder), inside]
            for name in TEMPORARY:
                shown += ["--size", str(SIZE), "--tmpfs", f"{inside}/{name}"]
        return shown

    def inside(self, memory: int, channel: int, folder: str) -> list[str]:
        """The command where the mounts are."""
        own = (str(channel), str(memory), TREE, folder)
        return [f"{INSIDE}/node", "--no-warnings", f"{INSIDE}/runner/runner.mjs", *own]

    def outside(self, memory: int, channel: int, folder: str) -> list[str]:
        """None: without namespaces, nothing keeps vitest from the network."""
        del memory, channel, folder
        raise SandboxError(NOT_BARE)
