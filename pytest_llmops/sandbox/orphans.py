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


def sweep_orphans(words: Sequence[str]) -> None:
    """Kill the halves of bubblewrap whose other half is gone.

    Args:
        words: What bubblewraps of ours have in their command line, one behind the other.
    """
    ours = b"".join(b"\0" + word.encode() for word in words) + b"\0"
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            _end_orphan(process.name, ours)


def _end_orphan(pid: str, ours: bytes) -> None:
    """Kill a process if it is an orphan; it is held meanwhile, so that its id stays its own."""
    held = os.pidfd_open(int(pid))
    try:
        if _is_orphan(pid, ours):
            signal.pidfd_send_signal(held, signal.SIGKILL)
    finally:
        os.close(held)


def _is_orphan(pid: str, ours: bytes) -> bool:
    """Whether it is the half inside of the namespaces, and its parent not the half outside."""
    command = _command(pid)
    if ours not in command:
        return False
    status, own = _status(pid), _status("self")
    inside = len(status.get("NSpid", "").split()) > len(own["NSpid"].split())
    return inside and _command(status["PPid"].strip()) != command


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
