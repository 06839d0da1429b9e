"""How long a process waited for a processor that others used, as its system counts it."""

from pathlib import Path


def waited(pid: int) -> float:
    """Seconds in which the first thread of a running process could have gone on and did not.

    0 where it has ended, and where the system does not tell.
    """
    try:
        counted = Path(f"/proc/{pid}/schedstat").read_text("ascii").split()
    except OSError:
        return 0.0
    return int(counted[1]) / 1e9 if len(counted) > 1 else 0.0
