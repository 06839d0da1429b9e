"""One HTTP response while it is read, with the seconds to its first text and to its end."""

import asyncio
import time
from collections.abc import AsyncIterator

from pytest_llmops.client.connections import Reply, refused
from pytest_llmops.client.events import BodyReader
from pytest_llmops.client.faults import error_of
from pytest_llmops.client.pacing import retry_after
from pytest_llmops.client.wire import Answer
from pytest_llmops.errors import EndpointError

LONGEST_ANSWER = 32 * 2**20
"""Bytes of one HTTP body; no completion is that long."""
LINGER = 0.5
"""Seconds to wait for the end of the body behind `[DONE]`, which frees the connection for reuse."""


class Stream:
    """Reads one response; time runs from the moment it is made."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.first_token: float | None = None
        """Seconds to the first text; None before it, and where nothing was streamed."""
        self.end = 0.0
        """Seconds to the last document."""
        self.opened = False
        """Whether the server said anything."""
        self._sent = time.perf_counter()
        self._size = 0
        self._body = BodyReader()

    async def read(self, reply: Reply, limit: asyncio.Timeout) -> None:
        """Read to the end; `limit` is shortened once the answer is there.

        Raises:
            TransientError: The server reports a passing fault.
            EndpointError: It reports another one, or says what is no answer.
        """
        self.opened = True
        if reply.status != 200:
            wait = retry_after(reply.headers, time.time())
            body = await refused(reply)
            to = reply.headers.get("location", "") if 300 <= reply.status < 400 else ""
            raise error_of(reply.status, body, retry_after=wait, location=to)
        async for chunk in self._chunks(reply):
            self._take(self._body.feed(chunk))
            if self.answer.done:
                limit.reschedule(asyncio.get_running_loop().time() + LINGER)
        self._take(self._body.close(), last=True)

    async def _chunks(self, reply: Reply) -> AsyncIterator[bytes]:
        async for chunk in reply.pieces:
            self._size += len(chunk)
            if self._size > LONGEST_ANSWER:
                raise EndpointError(f"the answer is over {LONGEST_ANSWER >> 20} MiB")
            yield chunk

    def _take(self, documents: list[bytes], *, last: bool = False) -> None:
        now = time.perf_counter() - self._sent
        for data in documents:
            self.answer.feed(data, last=last)
            self.end = now
        if self.answer.started and self.first_token is None and self._body.streamed:
            self.first_token = now
