"""Ends what bubblewrap leaves behind where it is killed at the wrong moment.

Bubblewrap ties itself to its parent, and only then lets the process that it has made go on. Killed
between the two, it leaves that process waiting for it for ever: it holds a megabyte and no
processor, has run nothing yet, and no other process will end it.
"""

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def sweep_orphans(words: Sequence[str]) -> list[int]:
    """Kill the halves of bubblewrap whose other half is gone.

    Args:
        words: What bubblewraps of ours have in their command line, one behind the other.

    Returns:
        The ids of the processes.
    """
    ours = b"".join(b"\0" + word.encode() for word in words) + b"\0"
    orphans = [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if ours in _command(process.name) and _is_orphan(process.name)
    ]
    for pid in orphans:
        with suppress(OSError):  # it has ended, or is another user's
            _kill(pid, ours)
    return orphans


def _kill(pid: int, ours: bytes) -> None:
    """Kill a process if it still is what it was when it was found."""
    descriptor = os.pidfd_open(pid)
    try:
        if ours in _command(str(pid)) and _is_orphan(str(pid)):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    finally:
        os.close(descriptor)


def _is_orphan(pid: str) -> bool:
    """Whether it is the half inside of the namespaces, and its parent not the half outside."""
    status = _status(pid)
    if len(status.get("NSpid", "").split()) <= len(_status("self")["NSpid"].split()):
        return False
    return _command(status["PPid"].strip()) != _command(pid)


def _status(pid: str) -> dict[str, str]:
    lines = _read(pid, "status").decode(errors="replace").splitlines()
    return dict(line.partition(":")[::2] for line in lines)


def _command(pid: str) -> bytes:
    return b"\0" + _read(pid, "cmdline")


def _read(pid: str, name: str) -> bytes:
    try:
        return Path("/proc", pid, name).read_bytes()
    except OSError:
        return b""  # it has ended
