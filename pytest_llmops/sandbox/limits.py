"""What one process may use, set by a shell before it becomes that process.

Limits cannot be set from outside once the process belongs to another user, and setting them between
fork and exec is not safe where threads run; a shell in front costs one millisecond.
"""

import math
import os
import resource
import time
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

DISK = 64 * 1024 * 1024
"""Bytes of the sandbox's own folder, and of any file in it."""
OFF_HEAP = 576 * 1024 * 1024
"""Bytes of data that Node itself and its code may take on top of a job's memory."""
PROCESSES = 256
"""Processes and threads of one sandbox."""
ROOM = 64 * (os.cpu_count() or 1)
"""What the sandboxes that start beside it may take: the system counts by user, over all of them."""
RECOUNT = 10.0
"""Seconds after which the processes of a user are counted again."""

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
    """Seconds of the job, at most; they bound its processor time."""


def under_limits(limits: Limits, user: int) -> list[str]:
    """A command that binds itself to limits and becomes the command behind it.

    Args:
        limits: The limits.
        user: Id of the user that it runs as; processes are counted by user.
    """
    script = _SCRIPT.format(
        cpu=math.ceil(limits.seconds) + 2,
        data=(2 * limits.memory + OFF_HEAP) // 1024,
        disk=DISK // 512,
        processes=_processes(user),
    )
    return ["/bin/sh", "-c", script, "sh"]


def _processes(user: int) -> int:
    """What a user may run: what it does already, and more; no more than it may by now."""
    wanted = PROCESSES + ROOM + _running(user, int(time.monotonic() / RECOUNT))
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    return wanted if most == resource.RLIM_INFINITY else min(wanted, most)


@lru_cache(maxsize=2)
def _running(user: int, moment: int) -> int:
    """Processes and threads that a user runs; counted once a moment, as that takes milliseconds."""
    del moment
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += sum(1 for _ in (process / "task").iterdir())
        except OSError:
            continue  # it has ended
    return count
