"""CPU time of the processes that this one started and that still live: its servers."""

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def busy_children() -> dict[int, float]:
    """Seconds by process, of all that descend from this one."""
    parents, seconds = {}, {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        parents[int(process.name)] = int(told[1])
        seconds[int(process.name)] = (int(told[11]) + int(told[12])) / TICKS
    return {one: seconds[one] for one in seconds if _descends(one, parents)}


def _descends(process: int, parents: dict[int, int]) -> bool:
    while process in parents:
        process = parents[process]
        if process == os.getpid():
            return True
    return False


def spent(before: dict[int, float], after: dict[int, float]) -> float:
    """Seconds between two looks, of those that lived through both."""
    return sum(after[one] - before[one] for one in before.keys() & after.keys())
