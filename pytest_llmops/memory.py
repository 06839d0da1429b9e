"""The most memory that a process ever held, as its system counts it.

`ru_maxrss` is not asked on Linux: there it begins with what the parent held when the process was
started, so that the child of a large session looks as large as the session.
"""

import sys
from pathlib import Path


def peak_of(pid: int | str) -> int | None:
    """The peak resident size of a running process since it became its program, bytes.

    None where it has ended, and where the system does not tell.
    """
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(found[0]) * 1024 if found else None


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs; none where the system does not tell."""
    try:
        started = [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text("ascii").split()
        ]
    except OSError:
        return []
    return [*started, *(further for child in started for further in descendants(child))]


def own_peak() -> int:
    """The peak resident size of this process, bytes; 0 where the system does not tell."""
    peak = peak_of("self")
    if peak is not None or sys.platform in {"linux", "win32"}:
        return peak or 0
    import resource  # noqa: PLC0415 - not on Windows

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
