"""What each tool needs before the first trace, and the memory of a server on this machine.

Containers and limits are those of docker-compose.yml, which is not part of an installed package;
tests/sinks/test_observability_footprint.py holds this table to it.
"""

from pathlib import Path
from urllib.parse import urlsplit

from pytest_llmops.observability.values import Footprint

UP, LOAD = "make up PROFILE={0}", "set -a; . ./.env; set +a"


def _footprint(name: str, steps: tuple[str, ...], containers: int, limit: float) -> Footprint:
    install = f"pip install 'pytest-llmops[{name}]'"
    return Footprint(
        steps=(install, *(step.format(name) for step in steps)),
        containers=containers,
        memory_limit=limit,
    )


FOOTPRINTS = {
    "langfuse": _footprint("langfuse", (UP, LOAD), 6, 10.5),
    "mlflow": _footprint("mlflow", (UP, LOAD), 1, 2.0),
    "openllmetry": _footprint("openllmetry", (UP, LOAD), 6, 4.03125),
}
"""By sink, for its server of docker-compose.yml."""

MLFLOW_FILE = Footprint(
    steps=("pip install 'pytest-llmops[mlflow]'",), containers=0, memory_limit=0.0
)
"""MLflow into a database file."""

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

LISTENING = "0A"

FOREIGN = {"docker-proxy", "rootlessport", "pasta", "slirp4netns"}
"""Programs that hold a container's port and are not the server."""


def server_memory(url: str, proc: Path = Path("/proc")) -> int | None:
    """Resident memory of all processes that listen on a URL's port of this machine, bytes.

    Memory that they share is counted once for each. None where the server is elsewhere, in a
    container, of another user, or this is no Linux.

    Args:
        url: Of the server.
        proc: Where Linux shows its processes.
    """
    parts = urlsplit(url)
    if parts.hostname not in LOOPBACK or not parts.port:
        return None
    sockets = _listening(parts.port, proc)
    found = [one for one in proc.glob("[0-9]*") if sockets and _holds(one, sockets)]
    if not found or any(_name(one) in FOREIGN for one in found):
        return None
    return sum(map(_resident, found)) or None


def _listening(port: int, proc: Path) -> set[str]:
    """The sockets that listen on a port, as the links of open files name them."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(one.readlink()) in sockets for one in (process / "fd").iterdir())
    except OSError:  # it ended, or is another user's
        return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return ""


def _resident(process: Path) -> int:
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return 0
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(sizes[0]) * 1024 if sizes else 0
