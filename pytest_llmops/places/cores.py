"""How many processors this process may use."""

import math
import os
from pathlib import Path

QUOTAS = (
    ("/sys/fs/cgroup/cpu.max", ""),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
"""Where a container finds its share of processors, in both versions of cgroups."""


def cores() -> int:
    """Processors to use: those of this machine, without what affinity or a container withhold."""
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return max(1, min([count, *filter(None, (_quota(*files) for files in QUOTAS))]))


def _quota(quota: str, period: str) -> int:
    """Processors that a quota amounts to, rounded up; 0 where there is none."""
    try:
        told = Path(quota).read_text("ascii").split()
        told += Path(period).read_text("ascii").split() if period else []
        return math.ceil(int(told[0]) / int(told[1])) if told[0] not in {"max", "-1"} else 0
    except (OSError, ValueError, IndexError):
        return 0
