"""The session's connection to a Ray cluster, which ends in an order that Ray bears.

Whoever asks Ray for something holds the link for as long; it is let go when nobody does. A process
that is in a call when Ray is shut down ends on the spot.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_llmops.errors import SandboxError
from pytest_llmops.places.head import Watch, connect, named

PULSE = 0.5
"""Seconds between two looks at whether there is anything left to wait for."""
FAREWELL = 120.0
"""Seconds that those who hold it have to let go at the end."""
CLOSED = "nothing is judged any more: the session has ended"


class Link:
    """A connection; safe for any thread."""

    def __init__(self, address: str) -> None:
        """Connect; see `head.connect`."""
        self.ray = connect(address)
        self.name = named(address)
        """The cluster, as messages name it."""
        self.lost = ""
        """Why it is of no use any more; "" while it is."""
        self._held = threading.Condition()
        self._holders = 0
        self._closed = False
        self._watch = Watch(self.ray, self.lose)

    def lose(self, why: str) -> None:
        """Let all who wait hear that it is of no use any more."""
        self.lost = self.lost or f"{self.name}: {why}"

    def check(self) -> None:
        """Raise SandboxError where it is of no use any more."""
        if self._closed or self.lost:
            raise SandboxError(self.lost or CLOSED)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep it for as long; raises SandboxError where it is of no use any more."""
        with self._held:
            self.check()
            self._holders += 1
        try:
            yield
        finally:
            with self._held:
                self._holders -= 1
                self._held.notify_all()

    def awaited(self, pending: Any, seconds: float = float("inf")) -> Any:
        """What a call returns; looks up now and then, as Ray does not see a head die.

        Raises:
            RayError: What Ray raises; GetTimeoutError after so many seconds.
            SandboxError: The link is of no use any more.
        """
        late = time.monotonic() + seconds
        while True:
            self.check()
            try:
                return self.ray.get(pending, timeout=PULSE)
            except self.ray.exceptions.GetTimeoutError:
                if time.monotonic() > late:
                    raise

    def close(self, end: Callable[[float | None], None]) -> None:
        """Let go of it; safe to repeat.

        Args:
            end: Ends what was started; gets the seconds that it may wait for each thing.
        """
        with self._held:
            if self._closed:
                return
            self._closed = True
        self._watch.close()
        end(PULSE if self.lost else None)
        with self._held:
            quiet = self._held.wait_for(lambda: not self._holders, timeout=FAREWELL)
        if quiet:  # else it goes with this process
            self.ray.shutdown()
