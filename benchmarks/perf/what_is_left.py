"""What attempts of agents leave on this machine (`agent_attempts.py`)."""

import subprocess
import tempfile
from pathlib import Path

import psutil  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[2]


def left() -> dict[str, set[str]]:
    """What is there of everything that attempts make, by kind."""
    own = psutil.Process()
    folder = Path(tempfile.gettempdir())
    refs = ["git", "-C", str(ROOT), "for-each-ref", "--format=%(refname)"]
    return {
        "processes": {f"{one.pid} {one.name()}" for one in own.children(recursive=True)},
        "sleepers": {str(one.pid) for one in psutil.process_iter() if is_left(one)},
        "ports": {str(one.laddr) for one in own.net_connections("inet") if one.status == "LISTEN"},
        "sockets": {str(one.laddr) for one in own.net_connections("unix") if one.laddr},
        "files": {path.name for path in folder.glob("llmops-agent-*")},
        "descriptors": set(map(str, range(own.num_fds()))),
        "refs": set(subprocess.check_output(refs, text=True).split()),
    }


def is_left(process: psutil.Process) -> bool:
    """Whether a process is one that an agent has left in the background."""
    try:
        return "31415" in process.cmdline()
    except psutil.Error:
        return False
