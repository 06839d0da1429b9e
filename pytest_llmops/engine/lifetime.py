"""An engine lives no longer than the process that started it.

The launcher holds the other end of the engine's stdin and never writes: end of file means that the
launcher is gone, however it ended (the kernel closes the pipe after `kill -9` too). A process that
the launcher forked may still hold that end, so the parent's id is looked at once a second as well.

`PR_SET_PDEATHSIG` is not used: Linux sends it when the *thread* that started the engine ends, and
a launcher may well start it from a thread of a pool.
"""

import os
import select
import signal
import sys
import threading
from collections.abc import Callable

_LOOK_EVERY = 1.0
"""Seconds between two looks at the parent's id."""


def follow_parent(parent_pid: int, last: Callable[[], None]) -> None:
    """End this process, from a thread, once `parent_pid` is gone; all it does is to call `last`."""
    watch = _watch_id if sys.platform == "win32" else _watch_pipe

    def follow() -> None:
        watch(parent_pid)
        last()
        os._exit(0)

    threading.Thread(target=follow, name="lifetime", daemon=True).start()


def _watch_pipe(parent_pid: int) -> None:
    while os.getppid() == parent_pid:
        readable, _, _ = select.select([0], [], [], _LOOK_EVERY)
        if readable and not os.read(0, 4096):
            break


def _watch_id(parent_pid: int) -> None:
    """Where `select` takes no pipes: a blocking read sees the end of file alone."""
    while os.getppid() == parent_pid and os.read(0, 4096):
        pass


def how_it_ended(status: int) -> str:
    """Say how a program ended, for people; a negative status is a signal's."""
    if status == -signal.SIGILL:
        return (
            "ended at an instruction that this processor does not have (SIGILL): install a build "
            "for it, or compile the program here;"
        )
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with status {status}"
