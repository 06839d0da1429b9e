"""The viewer's server: on loopback, at a port that is free, with a new secret each time."""

import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from pytest_llmops.errors import RecordError
from pytest_llmops.viewer.app import build_app
from pytest_llmops.viewer.guard import new_token
from pytest_llmops.viewer.references import References
from pytest_llmops.viewer.shelf import Shelf

HOST = "127.0.0.1"


def serve(shelf: Shelf, suites: Path, *, port: int, on_ready: Callable[[str], object]) -> None:
    """Serve until a signal.

    Args:
        shelf: The runs.
        suites: File that names the suites, for reference solutions.
        port: 0 for a free one.
        on_ready: Called with the address once connections are accepted.

    Raises:
        RecordError: The port is taken.
    """
    with listen(port) as listener:
        host = f"{HOST}:{listener.getsockname()[1]}"
        token = new_token()
        app = build_app(shelf, References(suites), token=token, host=host)
        on_ready(f"http://{host}/{token}/")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
        server.run(sockets=[listener])


def listen(port: int) -> socket.socket:
    """A socket that connections on this machine are accepted at.

    Raises:
        RecordError: The port cannot be had.
    """
    # By its number, or asyncio does not know it for TCP, and each answer waits 40 ms for its like.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError) as error:
        listener.close()
        why = getattr(error, "strerror", None) or "no port has that number"
        raise RecordError(f"--port {port}: {why}; name another, or none for a free one") from None
    listener.listen()
    return listener
