"""One at a time at the first opening of an MLflow database file.

Who opens a new file makes its tables, statement by statement; of two that do so at once both fail,
and what they leave can be opened by nobody. So whoever opens one holds a lock on a file beside it.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_llmops.sinks.delivery.destination import DeliveryError
from pytest_llmops.sinks.settings import Mlflow

WAIT = 120.0
"""Seconds to wait for another opening; a busy machine takes half a minute for its tables."""

STEP = 0.05


@contextmanager
def opening(settings: Mlflow) -> Iterator[None]:
    """Hold other sessions off while a database file is opened; nothing for a server.

    Raises:
        DeliveryError: The lock cannot be had; says where it is.
    """
    if not settings.local:
        yield
        return
    path = Path(settings.uri.removeprefix("sqlite:///") + ".lock")
    try:
        with path.open("ab") as file:
            _lock(file.fileno(), path)
            yield
    except PermissionError as error:
        raise DeliveryError(f"{path}: cannot be written: {error.strerror}") from None


def _lock(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise DeliveryError(
                    f"{path}: another session has been opening the database for {WAIT:.0f} s"
                ) from None
            time.sleep(STEP)
        else:
            return
