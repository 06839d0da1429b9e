"""The command line of a sandboxed process: what it may see, use and do.

With isolation "bwrap" a process has namespaces of its own: no network, no other processes, a file
system of system libraries, the program (Node, or Python) and a small memory-backed /tmp; neither
the source tree nor anything of the user is in it. With "process", asked for by name, it shares
network, process table and file system with the user; Node's permission model, resource limits and
an empty environment are what is left.
"""

import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_bwraps
from pytest_llmops.sandbox.limits import DISK, Limits, under_limits
from pytest_llmops.sandbox.orphans import sweep_orphans
from pytest_llmops.sandbox.refusal import refusal
from pytest_llmops.scratch import Scratch, sweep

Isolation = Literal["bwrap", "process"]

NOBODY = 65534
"""The unprivileged user and group of every system."""
SCRATCH = "/tmp"  # noqa: S108 - of the sandbox, which has it to itself
ENVIRONMENT = {"LANG": "C.UTF-8", "TZ": "UTC"}

# Process isolation without bubblewrap: die with the parent, no new privileges, then become another.
_LAUNCHER = """
import ctypes, os, sys
prctl = ctypes.CDLL(None).prctl
if sys.argv[2]:
    os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
prctl(1, 9); prctl(38, 1, 0, 0, 0)
if os.getppid() != int(sys.argv[1]): sys.exit(1)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Given(NamedTuple):
    """Descriptors that a started command inherits."""

    channel: int
    """Of its reports."""
    info: int
    """Where bubblewrap writes the id of the process inside."""
    filter: int
    """Where bubblewrap reads `Program.filter`."""


class Program(Protocol):
    """What runs in a cage and speaks on the channel (`channel.py`)."""

    environment: Mapping[str, str]
    """Of its own, beside what every process has."""
    paths: tuple[Path, ...]
    """What the user of the cage has to reach."""
    filter: bytes
    """Of its system calls (`syscalls.py`); none for a program that makes no other than its own."""

    @property
    def mounts(self) -> list[str]:
        """Arguments of bubblewrap that put it into a file system of its own."""

    def inside(self, memory: int, channel: int, folder: str) -> list[str]:
        """Its command there.

        Args:
            memory: Bytes that a job may use.
            channel: The inherited descriptor of its reports.
            folder: The only one that it may write.
        """

    def outside(self, memory: int, channel: int, folder: str) -> list[str]:
        """Its command without namespaces; see `inside`.

        Raises:
            SandboxError: Nothing would confine it.
        """


ALONE = (
    *("--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
    *("--unshare-cgroup-try", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL"),
    *("--die-with-parent", "--new-session"),
)
"""Namespaces of its own, no rights in them, and an end with the thread that started it."""


def reading(bwrap: Path, *paths: Path) -> list[str]:
    """What starts a program that reads these files and folders, writes none and has no network."""
    bound = [part for path in paths for part in ("--ro-bind", str(path), str(path))]
    return [
        *(str(bwrap), *ALONE, "--as-pid-1", *_system_libraries(), "--tmpfs", SCRATCH),
        *(*bound, "--remount-ro", SCRATCH, "--remount-ro", "/", "--chdir", "/"),
    ]


class BwrapCage:
    """Starts processes in namespaces."""

    tells_child = True
    """Whether the id of the process inside is written to the `info` descriptor."""

    def __init__(self, program: Program, bwrap: Path, user: int | None = None) -> None:
        self.bwrap = bwrap
        self._program = program
        self.filter = program.filter
        self.user = user
        """Unprivileged user to start as, where this process is root."""

    def argv(self, limits: Limits, given: Given, folder: Path | None) -> list[str]:
        """Command line."""
        del folder
        return [
            *under_limits(limits, os.getuid() if self.user is None else self.user),
            str(self.bwrap),
            *ALONE,
            *("--as-pid-1", "--info-fd", str(given.info)),
            *(("--seccomp", str(given.filter)) if self.filter else ()),
            *_system_libraries(),
            *self._program.mounts,
            *("--size", str(DISK), "--tmpfs", SCRATCH, "--chdir", SCRATCH, "--remount-ro", "/"),
            *self._program.inside(limits.memory, given.channel, SCRATCH),
        ]

    def make_folder(self) -> Scratch | None:
        """None: /tmp of the sandbox lives in memory and goes with it."""
        return None

    def environment(self, folder: Path | None) -> dict[str, str]:
        """Environment of bubblewrap itself and of what it starts."""
        del folder
        return {**ENVIRONMENT, **self._program.environment, "HOME": SCRATCH, "TMPDIR": SCRATCH}


class ProcessCage:
    """Starts plain processes: everything but namespaces."""

    tells_child = False

    def __init__(self, program: Program) -> None:
        self._program = program
        self.filter = b""
        self.user = None
        self._drop = NOBODY if os.geteuid() == 0 else None
        kept = self._drop is not None and closed(*program.paths)
        if kept:
            raise SandboxError(
                f"{kept}: root judges as the user nobody, who cannot reach this;"
                " install in a folder that all users can read, or do not run as root"
            )

    def argv(self, limits: Limits, given: Given, folder: Path | None) -> list[str]:
        """Command line; `folder` is the private one."""
        return [
            *under_limits(limits, self._drop or os.getuid()),
            *(sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), str(self._drop or "")),
            *self._program.outside(limits.memory, given.channel, str(folder)),
        ]

    def make_folder(self) -> Scratch | None:
        """A private folder for one process; whoever made it removes it."""
        folder = Scratch("sandbox")
        if self._drop is not None:
            os.chown(folder.path, self._drop, self._drop)
        return folder

    def environment(self, folder: Path | None) -> dict[str, str]:
        """Environment of the process."""
        own = {"HOME": str(folder), "TMPDIR": str(folder)}
        return {**ENVIRONMENT, **self._program.environment, **own}


Cage = BwrapCage | ProcessCage


def make_cages(isolation: Isolation, program: Program) -> list[Cage]:
    """The cages of an isolation level, to be tried in this order.

    Raises:
        SandboxError: bubblewrap is not installed.
    """
    clean_up()
    if isolation == "process":
        return [ProcessCage(program)]
    bwraps = find_bwraps()
    if not bwraps:
        raise SandboxError(refusal("bubblewrap is not installed"))
    cages: list[Cage] = []
    for bwrap in bwraps:
        if os.geteuid() == 0 and not closed(bwrap, *program.paths):
            cages.append(BwrapCage(program, bwrap, NOBODY))
        # For root this maps the unprivileged user of the sandbox to root outside of it, which is
        # second best: it is for a root that is itself in a namespace, or keeps its files to itself.
        cages.append(BwrapCage(program, bwrap))
    return cages


def clean_up() -> None:
    """Remove what killed processes left: their folders, and halves of bubblewrap."""
    sweep()
    sweep_orphans(ALONE)


def _system_libraries() -> list[str]:
    arguments = ["--ro-bind", "/usr/lib", "/usr/lib"]
    for folder in ("/usr/lib64", "/lib", "/lib64"):
        path = Path(folder)
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), folder]
        elif path.is_dir():
            arguments += ["--ro-bind", folder, folder]
    return arguments


def closed(*paths: Path) -> Path | None:
    """The first that not any user can reach and read, as the unprivileged one has to."""
    for path in paths:
        real = path.resolve()
        folders = [*real.parents, *([real] if real.is_dir() else [])]
        if not real.stat().st_mode & stat.S_IROTH:
            return path
        if not all(folder.stat().st_mode & stat.S_IXOTH for folder in folders):
            return path
    return None
