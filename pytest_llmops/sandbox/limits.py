"""What one process may use, set by a shell before it becomes that process.

Limits cannot be set from outside once the process belongs to another user, and setting them between
fork and exec is not safe where threads run; a shell in front costs one millisecond.
"""

import math
import os
from functools import cache
from pathlib import Path
from typing import NamedTuple

DISK = 64 * 1024 * 1024
"""Bytes of the sandbox's own folder, and of any file in it."""
OFF_HEAP = 576 * 1024 * 1024
"""Bytes of data that Node itself and its code may take on top of a job's memory."""
PROCESSES = 256
"""Processes and threads of the sandbox's user."""

_SCRIPT = """
ulimit -c 0 && ulimit -t {cpu} && ulimit -d {data} && ulimit -f {disk} && ulimit -n 256 || exit 97
ulimit -u {processes} 2>/dev/null || ulimit -p {processes} || exit 97
exec "$@"
"""


class Limits(NamedTuple):
    """The limits that jobs set; processes in reserve are kept by them."""

    memory: int
    """Bytes of JavaScript heap; as much again may be held outside of it."""
    seconds: float
    """Wall seconds of the job; bounds its processor time."""


def under_limits(limits: Limits, *, alone: bool) -> list[str]:
    """A command that binds itself to limits and becomes the command behind it.

    Args:
        limits: The limits.
        alone: Whether the process has a user that runs nothing else; processes are counted by user.
    """
    script = _SCRIPT.format(
        cpu=math.ceil(limits.seconds) + 2,
        data=(2 * limits.memory + OFF_HEAP) // 1024,
        disk=DISK // 512,
        processes=PROCESSES if alone else PROCESSES + _processes_of_user(),
    )
    return ["/bin/sh", "-c", script, "sh"]


@cache
def _processes_of_user() -> int:
    """Threads that this user runs now."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == os.getuid():
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:
            continue  # it has ended
    return count
