"""Attempts released batch by batch, while a sequential gate is undecided."""

import threading
from collections.abc import Callable, Sequence

from pytest_llmops.errors import Decided
from pytest_llmops.generation.keys import Key, named


class Rounds:
    """Holds attempts back until those before them have ended; safe for any thread.

    An attempt may end without a record (skipped, say); its batch ends all the same.
    """

    def __init__(self, batches: Sequence[Sequence[Key]], judge: Callable[[], bool]) -> None:
        """Release the first batch.

        Args:
            batches: The attempts, in the order in which they are made.
            judge: Called when a batch has ended; returns whether the verdict is there.
        """
        self._batches = [list(batch) for batch in batches]
        self._judge = judge
        self._changed = threading.Condition()
        self.first = self._batches.pop(0)
        """The attempts that are made in any case."""
        self._released = set(self.first)
        self._running = set(self.first)
        self._closed = False
        self.decided = False
        """The verdict is there; what was not released is not made."""

    @property
    def made(self) -> int:
        """How many attempts were released."""
        return len(self._released)

    @property
    def decided_after(self) -> int | None:
        """How many attempts the verdict took; None where there is none."""
        return self.made if self.decided else None

    @property
    def released(self) -> frozenset[Key]:
        """The attempts that were."""
        return frozenset(self._released)

    def end(self, key: Key) -> Sequence[Key]:
        """An attempt has ended; returns those that follow now, none while its batch goes on."""
        self._running.discard(key)
        if self._running or self.decided or not self._batches:
            return ()
        decided = self._judge()
        with self._changed:
            self.decided = decided
            following = [] if decided else self._batches.pop(0)
            self._running = set(following)
            self._changed.notify_all()
        return following

    def release(self, keys: Sequence[Key]) -> None:
        """Let those go on who wait for these attempts; their requests are out."""
        with self._changed:
            self._released |= set(keys)
            self._changed.notify_all()

    def wait(self, key: Key, timeout: float | None = None) -> None:
        """Block until an attempt is released, or the session closes.

        Raises:
            Decided: It is not needed.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: key in self._released or self.decided or self._closed, timeout
            )
            if self.decided and key not in self._released:
                raise Decided(f"{named(key)}: not needed, the gate has its verdict")

    def close(self) -> None:
        """Let everybody go."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
