"""The head of a Ray cluster: connected to, and watched from then on.

Judges do their work without it, but none can be started or found to be lost. Ray ends a driver
whose head is away for a minute, in the middle of whatever it does; here the session is told before,
and ends by itself.
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
PAUSE = 2.0
"""Seconds between two looks at the head."""
AWAY = 20.0
"""Seconds without an answer after which a head does not come back."""
RECONNECT = "RAY_gcs_rpc_server_reconnect_timeout_s"
"""Ray's setting for the seconds after which it ends a driver whose head is away."""


def connect(address: str) -> Any:
    """Connect to a cluster; returns the module `ray`.

    Raises:
        PlaceError: There is no such cluster, or it has another version of Ray or Python.
        MissingExtraError: Ray is not installed.
    """
    knock(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    with naming_extras():
        ray = import_module("ray")
    before = os.environ.get(RECONNECT)
    os.environ[RECONNECT] = "86400"  # how long a head may be away is decided here; see `Watch`
    try:
        ray.init(
            address=address or "auto",
            namespace=f"pytest-llmops-{os.getpid()}",
            log_to_driver=False,
            logging_level="error",
        )
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


def knock(address: str) -> None:
    """See that something listens at an address; Ray itself takes minutes to notice that none does.

    Raises:
        PlaceError: Nothing does.
    """
    if not address:
        return
    if said := _fault(address):
        raise PlaceError(
            f"{named(address)}: no cluster there: {said}; `ray start --head` tells its address"
        )


def _fault(address: str) -> str:
    """Why nothing can be asked at an address; "" where something listens."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=KNOCK).close()
    except (OSError, ValueError, OverflowError) as error:
        return getattr(error, "strerror", None) or str(error) or "no answer"
    return ""


def named(address: str) -> str:
    """A cluster as messages name it."""
    return f"--run-on=ray{address and ':'}{address}"


class Watch:
    """Looks at a head until it is closed, or until nobody answers any more."""

    def __init__(self, address: str, lost: Callable[[str], None]) -> None:
        """Begin.

        Args:
            address: Of the head.
            lost: Told once, from another thread, what is wrong.
        """
        self._address = address
        self._lost = lost
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._look, name="llmops-head", daemon=True)
        self._thread.start()

    def _look(self) -> None:
        answered = time.monotonic()
        while not self._closed.wait(PAUSE):
            fault, now = _fault(self._address), time.monotonic()
            if not fault:
                answered = now
            elif now - answered > AWAY:
                away = f"has not answered for {now - answered:.0f} s ({fault})"
                self._lost(f"the head of the Ray cluster, {self._address}, {away}")
                return

    def close(self) -> None:
        """Look no more; safe to repeat."""
        self._closed.set()
