"""How fast and how long to keep asking: a limit that adapts, back-off, and when to give up.

The limit grows by one request a round and falls by a third at a 429, the rule that lets TCP senders
share a line (Chiu and Jain 1989). Where time ran out it falls to less than was answered in that
time, and never grows beyond that again: each try would cost a whole time-out. Requests that were on
their way when it fell do not lower it again. Nothing here knows HTTP or the answers.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from random import random

import msgspec

from pytest_llmops.errors import EndpointError

DECREASE = 2 / 3
"""Factor on the limit at a 429, and on what was answered while another request timed out."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long transport faults are put up with."""

    retries: int = 8
    """Further tries of one request; together they wait 45 to 90 seconds."""
    first_delay: float = 0.5
    """Seconds before the first retry; doubles with each."""
    longest_delay: float = 30.0
    """Cap of the doubling, seconds."""
    longest_wait: float = 120.0
    """A server that asks for a longer pause (a daily quota) is not waited for, seconds."""
    connect: float = 10.0
    """Seconds to open a connection."""
    outage: float = 10.0
    """Seconds of nothing but failed connections after which the endpoint counts as gone."""
    outage_faults: int = 4
    """Failed connections that an outage takes at least."""
    stalls: int = 4
    """Time-outs in a row, at least, after which the endpoint counts as stuck."""


def back_off(attempt: int, patience: Patience) -> float:
    """Seconds to wait after failed try `attempt` (0-based), spread over a factor of two.

    The spread keeps requests that failed together from coming back together.
    """
    delay = min(patience.first_delay * 2.0 ** min(attempt, 60), patience.longest_delay)
    return delay * (0.5 + random() / 2)  # noqa: S311 - spread, not secrecy


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a server asks to wait, from `retry-after-ms` or `retry-after`.

    Args:
        headers: Names in lower case or a case-insensitive mapping.
        now: Unix time, for the date form.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        with suppress(KeyError, ValueError):
            seconds = float(headers[name]) / unit
            # "inf" and "nan" are floats too
            return min(max(seconds, 0.0), 1e9) if seconds == seconds else None  # noqa: PLR0124
    with suppress(KeyError, ValueError):
        return max(parsedate_to_datetime(headers["retry-after"]).timestamp() - now, 0.0)
    return None


class Limiter:
    """How many requests may be on their way at once; `async with` takes a place, first come first.

    Used from one event loop.
    """

    def __init__(self, start: int, most: int) -> None:
        self.limit = float(start)
        """Places, as a whole number when it is compared."""
        self.active = 0
        """Requests on their way."""
        self.answers = 0
        """Requests answered so far."""
        self._most = float(most)
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lowered = float("-inf")
        self._resume = float("-inf")

    async def __aenter__(self) -> None:
        if self.active < int(self.limit) and not self._waiting:
            self.active += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # the place was handed over in the same round of the loop
                self._release()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._release()

    def _release(self) -> None:
        self.active -= 1
        self._hand_over()

    def _hand_over(self) -> None:
        while self._waiting and self.active < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self.active += 1
                turn.set_result(None)

    def pause(self) -> float:
        """Seconds until the server wants to be asked again; 0 where it has not said."""
        return max(self._resume - time.monotonic(), 0.0)

    def answered(self) -> None:
        """A request was answered: one more place a round."""
        self.answers += 1
        self.limit = min(self.limit + 1 / self.limit, self._most)
        self._hand_over()

    def throttled(self, sent: float, wait: float) -> None:
        """A request sent at `sent` (monotonic seconds) was asked to come again in `wait` seconds.

        The pause is for all: rate limits are counted by key, not by request.
        """
        now = time.monotonic()
        if sent >= self._lowered:
            self.limit = max(self.limit * DECREASE, 1.0)
            self._lowered = now
        self._resume = max(self._resume, now + wait)

    def timed_out(self, sent: float, answered: int) -> None:
        """A request sent at `sent` had no text in its time, in which `answered` others ended."""
        if sent >= self._lowered:
            self._most = max(min(self._most, answered or self.limit / 2), 1.0)
            self.limit = max(min(self.limit, answered) * DECREASE, 1.0)
            self._lowered = time.monotonic()


class Breaker:
    """Gives up on an endpoint as a whole, so that thousands of requests do not each wait in vain.

    It does so after an outage, when one request used up its tries and no other was answered in that
    time, and when as many requests as are sent at once ran out of time in a row. Used from one
    event loop.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._faults = 0
        self._first_fault = 0.0
        self._stalls = 0
        self.crowded = 0
        """Requests that ran out of time beside others, since something was answered."""
        self._answered = float("-inf")
        self._tripped = asyncio.Event()
        self.reason = ""
        """Why the endpoint was given up; "" while it was not."""

    def check(self) -> None:
        """Raise EndpointError where the endpoint was given up."""
        if self.reason:
            raise EndpointError(self.reason)

    async def sleep(self, seconds: float) -> None:
        """Wait, but no longer than the endpoint is believed in; then `check`."""
        if seconds > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tripped.wait(), seconds)
        self.check()

    def answered_since(self, moment: float) -> bool:
        """Whether any request was answered after `moment` (monotonic seconds)."""
        return self._answered > moment

    def answered(self) -> None:
        """A request was answered."""
        self._answered = time.monotonic()
        self._stalls = self.crowded = 0
        self.reached()

    def reached(self) -> None:
        """The server said something, if only that it cannot answer."""
        self._faults = 0

    def unreached(self, reason: str) -> None:
        """A connection could not be made."""
        now = time.monotonic()
        if not self._faults:
            self._first_fault = now
        self._faults += 1
        outage = now - self._first_fault
        if self._faults >= self._patience.outage_faults and outage >= self._patience.outage:
            self.trip(f"not reachable for {outage:.0f} s, {self._faults} tries; the last: {reason}")

    def stalled(self, places: int, reason: str) -> None:
        """A request ran out of time, while up to `places` were under way."""
        self._stalls += 1
        if self._stalls >= max(places, self._patience.stalls):
            self.trip(f"{reason}; {self._stalls} requests in a row did not")

    def crowd(self) -> None:
        """A request ran out of time beside others; fewer at once may all be answered."""
        self.crowded += 1

    def trip(self, reason: str) -> None:
        """Give up: every request of now and later fails with the first reason given."""
        self.reason = self.reason or reason
        self._tripped.set()
