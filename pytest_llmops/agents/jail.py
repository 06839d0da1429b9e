"""The sandbox of an agent's program: a folder, a home, the system's tools, and one way out.

Namespaces of its own (no network but loopback, no other processes), an unprivileged user, fixed
paths, an empty environment. The way out is the proxy's socket, which a relay makes a port on
loopback. Whatever the program starts ends with it: the process namespace goes with its first
process, and that one with bubblewrap.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pytest_llmops.agents.workspace import lay_out, sources
from pytest_llmops.errors import AgentError
from pytest_llmops.memory import descendants
from pytest_llmops.sandbox.binaries import find_bwraps, find_node
from pytest_llmops.sandbox.cage import ALONE, NOBODY, clean_up, closed
from pytest_llmops.sandbox.syscalls import filter_of, in_memory
from pytest_llmops.scratch import Scratch

PORT = 8080
URL = f"http://127.0.0.1:{PORT}/v1"
"""Where a program finds its model."""
WORKSPACE = "/workspace"
HOME = "/home/agent"
RELAY = Path(__file__).with_name("relay.mjs")
LONGEST_PATH = 100
"""Bytes of a Unix socket's path."""
TMP = 512 * 2**20
"""Bytes of its /tmp, which is memory that no process holds."""
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_LIMITS = 'ulimit -c 0 && ulimit -f 2097152 && ulimit -u 8192 2>/dev/null; exec "$@"'
"""No core files, files of 1 GiB at most; processes are counted by user."""


class Start(NamedTuple):
    """How a program is started."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    shown: tuple[tuple[Path, str], ...]
    """Files and folders that it may read, and where it finds them."""


class Jail:
    """One attempt's folder and process; a context manager that leaves nothing."""

    def __init__(self) -> None:
        bwraps = find_bwraps()
        if not bwraps:
            raise AgentError("agents run in a sandbox, and bubblewrap is not installed")
        clean_up()
        self._bwrap = bwraps[0]
        self._scratch = Scratch("agent")
        self.folder = self._scratch.path
        for name in ("workspace", "home", "etc"):
            (self.folder / name).mkdir()
        self.workspace, self.home = self.folder / "workspace", self.folder / "home"
        self.socket = self.folder / "model.sock"
        self.stdout = self.folder / "stdout"
        self._process: asyncio.subprocess.Process | None = None
        self.before: Mapping[str, bytes] = {}
        """Files of the workspace as the program finds them, without its own settings."""
        self.peak = 0
        """Most bytes that were held whenever it was looked."""
        if len(str(self.socket).encode()) > LONGEST_PATH:
            raise AgentError(
                f"{self.socket}: too long for a socket; set TMPDIR to a shorter folder"
            )

    def __enter__(self) -> "Jail":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._scratch.remove()

    async def start(self, start: Start) -> None:
        """Start a program."""
        user = self._give_away(start)
        (self.folder / "etc" / "passwd").write_text(f"agent:x:{NOBODY}:{NOBODY}::{HOME}:/bin/sh\n")
        (self.folder / "etc" / "hosts").write_text("127.0.0.1 localhost\n")
        filtered = in_memory(filter_of(processes=True))
        with (
            self.stdout.open("wb") as out,
            (self.folder / "stderr").open("wb") as errors,
            os.fdopen(filtered, "rb"),
        ):
            self._process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", _LIMITS, "sh", *self._argv(start, filtered)),
                pass_fds=(filtered,),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env={},
                cwd="/",
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else (),
            )

    @property
    def written(self) -> int:
        """Bytes that it has written to its output."""
        return self.stdout.stat().st_size

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Write files into the workspace, before the program's settings come to them."""
        lay_out(files, self.workspace)
        self.before = files

    def changed(self) -> dict[str, str]:
        """Text of the files that it has changed by now; see `workspace.sources`."""
        return sources(self.workspace, self.before)

    async def wait(self, seconds: float) -> int | None:
        """Exit status, or None where the program still runs after so many seconds."""
        assert self._process
        try:
            return await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            return None

    def held(self) -> int:
        """Memory that all processes in it hold now, bytes; `peak` is the most of all looks.

        What they share with files counts once, by the largest of them.
        """
        assert self._process
        found = [_memory_of(pid) for pid in (self._process.pid, *descendants(self._process.pid))]
        held = sum(own for own, _ in found) + max(shared for _, shared in found)
        self.peak = max(self.peak, held)
        return held

    def kill(self) -> None:
        """End everything that runs in it; safe to repeat."""
        if self._process and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def settled(self) -> None:
        """End it, and have what it left where it can be read."""
        await self.ended()

    async def ended(self) -> None:
        """Wait until it is gone."""
        self.kill()
        if self._process:
            await self._process.wait()

    def words(self, limit: int = 500) -> str:
        """The last words on its error output."""
        errors = self.folder / "stderr"
        return errors.read_text("utf-8", "replace")[-limit:].strip() if errors.is_file() else ""

    def _give_away(self, start: Start) -> int | None:
        """Let the unprivileged user have the folder, where this is root; returns that user.

        Where that user cannot read what the program needs, the process stays root's outside of its
        namespaces, which is second best: it has no rights there, and sees none of root's files.
        """
        needed = (self._bwrap, find_node(), RELAY, *(path for path, _ in start.shown))
        if os.geteuid() != 0 or closed(*needed):
            return None
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        return NOBODY

    def _argv(self, start: Start, filtered: int) -> list[str]:
        links = [
            part
            for name in ("bin", "sbin", "lib", "lib64")
            for part in ("--symlink", f"usr/{name}", f"/{name}")
            if Path("/usr", name).exists()
        ]
        shown = [part for path, place in start.shown for part in ("--ro-bind", str(path), place)]
        environment = {
            "HOME": HOME,
            "PATH": "/opt/node:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "TMPDIR": "/tmp",  # noqa: S108 - its own
            **start.environment,
        }
        settings = [part for pair in environment.items() for part in ("--setenv", *pair)]
        return [
            *(str(self._bwrap), *ALONE, "--hostname", "agent", "--seccomp", str(filtered)),
            *("--ro-bind", "/usr", "/usr", *links, "--ro-bind", str(self.folder / "etc"), "/etc"),
            *("--dev", "/dev", "--proc", "/proc"),
            *(("--size", str(TMP)) if _has_sizes(self._bwrap) else ()),
            *("--tmpfs", "/tmp"),  # noqa: S108 - its own
            *("--dir", "/run", "--bind", str(self.socket), "/run/model.sock"),
            *("--bind", str(self.workspace), WORKSPACE, "--bind", str(self.home), HOME),
            *("--ro-bind", str(find_node()), "/opt/node/node"),
            *("--ro-bind", str(RELAY), "/opt/relay.mjs", *shown),
            *("--chdir", WORKSPACE, "--clearenv", *settings, "--"),
            *("/opt/node/node", "--max-old-space-size=64", "/opt/relay.mjs", str(PORT)),
            *("/run/model.sock", *start.argv),
        ]


def _memory_of(pid: int) -> tuple[int, int]:
    """Bytes that a process holds for itself, and those that it shares; 0 where it has ended."""
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_text("ascii").split()[1:3]
    except (OSError, ValueError):
        return 0, 0
    return (int(resident) - int(shared)) * _PAGE, int(shared) * _PAGE


@cache
def _has_sizes(bwrap: Path) -> bool:
    """Whether this bubblewrap can limit a file system in memory (0.7 and later)."""
    told = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False)
    return "--size" in told.stdout + told.stderr
