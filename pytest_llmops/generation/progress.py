"""How far a session is: counts kept by whoever answers, read by whoever shows them."""

import threading
import time

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.errors import EndpointError


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a session is, for the line a user watches."""

    total: int
    done: int
    """Answered or failed."""
    failed: int
    cached: int
    """Of those answered: read from the completion cache."""
    output_tokens: int
    """Of those answered, cached ones apart."""
    started: float
    """Unix time of the first request; 0 before."""
    seconds: float
    """From the first request until now, or until the last answer when all are there."""

    @property
    def tokens_per_second(self) -> float:
        """Rate of generated tokens over all requests together."""
        return self.output_tokens / self.seconds if self.seconds else 0.0


class Tally:
    """Counts completions as they come, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = self._done = self._failed = self._cached = self._tokens = 0
        self._started = self._first = self._last = 0.0

    def expect(self, count: int) -> None:
        """So many more requests are announced."""
        with self._lock:
            self._total += count

    def start(self) -> None:
        """The session begins."""
        self._started, self._first = time.time(), time.monotonic()

    def add(self, result: Completion | EndpointError) -> None:
        """One request was answered or failed."""
        with self._lock:
            self._done += 1
            self._last = time.monotonic()
            if isinstance(result, EndpointError):
                self._failed += 1
            elif result.from_cache:
                self._cached += 1
            else:
                self._tokens += result.usage.output

    def progress(self) -> Progress:
        """Counts of this moment."""
        with self._lock:
            end = self._last if self._done == self._total else time.monotonic()
            return Progress(
                total=self._total,
                done=self._done,
                failed=self._failed,
                cached=self._cached,
                output_tokens=self._tokens,
                started=self._started,
                seconds=max(end - self._first, 0.0) if self._started else 0.0,
            )
