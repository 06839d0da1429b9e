"""The head of a Ray cluster: connected to, and watched from then on.

Judges do their work without it, but none can be started or found to be lost. Ray ends a driver
whose head is away for a minute, in the middle of whatever it does; here the session is told before,
and ends by itself. So it does when the node dies through which it is part of the cluster: Ray ends
all judges of its session a quarter of a minute later, wherever they are.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pytest_llmops.errors import PlaceError, naming_extras

KNOCK = 5.0
"""Seconds that something may take to answer at the address of a cluster."""
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
"""The first frame of HTTP/2, with no setting in it; its fourth byte says what it is."""
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SETTINGS
"""What a client of HTTP/2 says first."""
PAUSE = 2.0
"""Seconds between two looks at the head."""
AWAY = 20.0
"""Seconds without an answer after which a head does not come back."""
GONE = 4.0
"""The same of a node on this machine: nobody starts it again, and no network is between."""
RECONNECT = "RAY_gcs_rpc_server_reconnect_timeout_s"
"""Ray's setting for the seconds after which it ends a driver whose head is away."""


def connect(address: str) -> Any:
    """Connect to a cluster; returns the module `ray`.

    Raises:
        PlaceError: There is no such cluster, or it has another version of Ray or Python.
        MissingExtraError: Ray is not installed.
    """
    if address:
        knock(address, address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with naming_extras():
        ray = import_module("ray")
    before = os.environ.get(RECONNECT)
    os.environ[RECONNECT] = "86400"  # how long a head may be away is decided here; see `Watch`
    try:
        ray.init(
            address=address or _current(),
            namespace=f"pytest-llmops-{os.getpid()}",
            log_to_driver=False,
            logging_level="error",
        )
    except PlaceError:
        raise
    except Exception as error:  # noqa: BLE001 - Ray has no base of its errors, and needs one line
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        said = " ".join(lines)[:300] or type(error).__name__
        raise PlaceError(f"{named(address)}: cannot connect: {said}") from None
    finally:
        if before is None:
            del os.environ[RECONNECT]
        else:
            os.environ[RECONNECT] = before
    return ray


def _current() -> str:
    """Address of the cluster that this machine is part of, which may have ended."""
    services = import_module("ray._private.services")  # Ray's release is pinned
    found = str(services.canonicalize_bootstrap_address("auto"))
    knock("", found)
    return found


def knock(asked: str, address: str) -> None:
    """See that a cluster may be at an address; Ray itself takes minutes to notice that none is.

    Args:
        asked: The address as `--run-on` has it.
        address: That is meant.

    Raises:
        PlaceError: None is there.
    """
    if said := _fault(address) or _silence(address):
        at = "" if asked else f" at {address}"
        raise PlaceError(
            f"{named(asked)}: no cluster there{at}: {said}; `ray start --head` tells its address"
        )


def _fault(address: str) -> str:
    """Why nothing can be asked at an address; "" where something listens."""
    try:
        _connected(address).close()
    except (OSError, ValueError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error) or "no answer"
    return ""


def _silence(address: str) -> str:
    """Why what listens at an address is no head; "" where it speaks as one does.

    That is gRPC, over HTTP/2, whose two sides begin with their settings; with TLS it can't be told.
    """
    if os.environ.get("RAY_USE_TLS", "0").lower() in {"1", "true"}:
        return ""
    try:
        with _connected(address) as there:
            there.sendall(GREETING)
            said = there.recv(len(SETTINGS), socket.MSG_WAITALL)
    except OSError as error:
        return getattr(error, "strerror", None) or "something listens and says nothing"
    return "" if said[3:4] == SETTINGS[3:4] else "what listens is no head of a Ray cluster"


def _connected(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=KNOCK)


def named(address: str) -> str:
    """A cluster as messages name it."""
    return f"--run-on=ray{address and ':'}{address}"


class Watch:
    """Looks at the head and at the node of this machine, until closed or one is not there."""

    def __init__(self, ray: Any, lost: Callable[[str], None]) -> None:
        """Begin.

        Args:
            ray: The module, connected.
            lost: Told once, from another thread, what is wrong.
        """
        context = ray.get_runtime_context()
        own = next(one for one in ray.nodes() if one["NodeID"] == context.get_node_id())
        node = f"{own['NodeManagerAddress']}:{own['NodeManagerPort']}"
        self._watched = (
            ("the head of the Ray cluster", context.gcs_address, AWAY),
            ("the Ray node of this machine", node, GONE),
        )
        self._lost = lost
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="llmops-head", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        answered = dict.fromkeys(self._watched, time.monotonic())
        while not self._closed.wait(PAUSE):
            for one in self._watched:
                what, address, patience = one
                fault, now = _fault(address), time.monotonic()
                if not fault:
                    answered[one] = now
                elif now - answered[one] > patience:
                    away = f"has not answered for {now - answered[one]:.0f} s ({fault})"
                    self._lost(f"{what}, {address}, {away}")
                    return

    def close(self) -> None:
        """Look no more; safe to repeat."""
        self._closed.set()
