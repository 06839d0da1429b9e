"""Chat completions over HTTP: one client for every model, local or hosted.

All requests of a session go through one `ChatClient`: one set of connections, one limit that adapts
to what the server bears, one opinion on whether the server is still there. Transport faults are
retried; an answer never is, however wrong, and neither is a time-out: the server would go on with
the first try and be slower still. What a cut stream had brought is thrown away, never continued.

Limits: HTTP/1.1, one answer a request. Requests to this machine ignore proxy settings.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from typing import Self

import httpx

from pytest_llmops.client.connections import Connections
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.pacing import Breaker, Limiter, Patience, back_off, retry_after
from pytest_llmops.client.tokenizer import TokenCounter
from pytest_llmops.client.wire import Answer, EventReader, TransientError, error_of
from pytest_llmops.completions import Completion, Request, Timing
from pytest_llmops.errors import EndpointError

START = 20
"""Requests at once to begin with where none are configured."""
MOST = 100
"""Requests at once that such an endpoint may grow to."""
LONGEST_ANSWER = 32 * 2**20
"""Bytes of one HTTP body; no completion is that long."""
LINGER = 0.5
"""Seconds to wait for the end of the body behind `[DONE]`, which frees the connection for reuse."""


class ChatClient:
    """Asks one endpoint; an async context manager, used from one event loop.

    Raises (constructor):
        ModelError: `endpoint.tokenizer` cannot be loaded.
    """

    def __init__(self, endpoint: Endpoint, patience: Patience | None = None) -> None:
        self._endpoint = endpoint
        self._patience = patience or Patience()
        self.concurrency = endpoint.concurrency or MOST
        """Requests worth having in hand at once."""
        self.limiter = Limiter(endpoint.concurrency or START, self.concurrency)
        self._breaker = Breaker(self._patience)
        self._counter = TokenCounter(endpoint.tokenizer) if endpoint.tokenizer else None
        self._url = endpoint.base_url.rstrip("/") + "/chat/completions"
        headers = {"content-type": "application/json", "accept": "text/event-stream"}
        if endpoint.api_key:
            headers["authorization"] = f"Bearer {endpoint.api_key}"
        self._connections = Connections(endpoint, headers, self._patience.connect)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.aclose()

    async def complete(self, request: Request) -> Completion:
        """Get the completion of one request, retrying transport faults.

        Raises:
            EndpointError: There is none; names case, model and URL, and what the server said.
        """
        try:
            return await self._persist(request)
        except EndpointError as error:
            case = f"{request.case_id} (sample {request.sample})"
            raise EndpointError(self._redact(f"{case}: {self._endpoint.where}: {error}")) from None

    def _redact(self, text: str) -> str:
        """Servers quote the key that they refuse, and a quotation may end in the middle of it."""
        key = self._endpoint.api_key
        for size in range(len(key), 7, -1):
            text = text.replace(key[:size], "***")
        return text

    async def _persist(self, request: Request) -> Completion:
        started, handed = time.time(), time.monotonic()
        for attempt in count():
            self._breaker.check()
            async with self.limiter:
                await self._breaker.sleep(self.limiter.pause())
                sent = time.monotonic()
                try:
                    answer, first, total = await self._try(request)
                except TransientError as fault:
                    wait = self._wait(fault, attempt, handed, sent)
                else:
                    timing = Timing(
                        started=started, queue=sent - handed, first_token=first, total=total
                    )
                    return self._completion(request, answer, timing, attempt)
            await self._breaker.sleep(wait)
        raise AssertionError("unreachable")

    def _wait(self, fault: TransientError, attempt: int, handed: float, sent: float) -> float:
        """Seconds before the next try; raises where there is none."""
        wait = max(back_off(attempt, self._patience), fault.retry_after or 0.0)
        if wait > self._patience.longest_wait:
            raise EndpointError(f"{fault}; asks to wait {wait:.0f} s, too long for a session")
        if fault.throttled:
            self.limiter.throttled(sent, wait)
        if fault.reached:
            self._breaker.reached()
        else:
            self._breaker.unreached(str(fault))
        if attempt >= self._patience.retries:
            reason = f"{fault}; gave up after {attempt + 1} tries"
            if not self._breaker.answered_since(handed):
                self._breaker.trip(f"{reason}, and nothing else was answered meanwhile")
            raise EndpointError(reason)
        return wait

    async def _try(self, request: Request) -> tuple[Answer, float, float]:
        """Ask once; returns the answer, seconds to the first text and to the end."""
        endpoint = self._endpoint
        stream = _Stream()
        try:
            async with asyncio.timeout(None) as limit:
                with self._connections.one() as connection:
                    async with connection.stream(
                        "POST",
                        self._url,
                        content=endpoint.body(request),
                        extensions={"trace": _starts(limit, endpoint.timeout)},
                    ) as response:
                        await stream.read(response, limit)
        except TimeoutError as error:
            if not stream.answer.done:
                reason = f"no end of the answer within {endpoint.timeout:g} s"
                self._breaker.stalled(int(self.limiter.limit), reason)
                raise EndpointError(
                    f"{reason} ({len(stream.answer.text)} characters came); "
                    "raise 'timeout' of the model"
                ) from error
        except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.DecodingError) as error:
            raise EndpointError(f"{type(error).__name__}: {error}") from error
        except httpx.TransportError as error:
            reason = f"{type(error).__name__}: {error}"
            if "CERTIFICATE_VERIFY_FAILED" in reason:
                raise EndpointError(reason) from error
            if not stream.answer.done:
                raise TransientError(reason, reached=stream.opened) from error
        if not stream.answer.complete:
            raise TransientError("the stream broke off before its end")
        return stream.answer, stream.first_text or stream.end, stream.end

    def _completion(
        self, request: Request, answer: Answer, timing: Timing, retries: int
    ) -> Completion:
        usage = answer.usage
        if usage is None and self._counter is not None:
            usage = self._counter.count(request, answer.text)
        if usage is None:
            reason = (
                "the server reports no token counts ('usage'); "
                "name the model's 'tokenizer' to have them counted here"
            )
            if not self._breaker.answered_since(
                float("-inf")
            ):  # it never will, and every further answer costs
                self._breaker.trip(reason)
            raise EndpointError(reason)
        self._breaker.answered()
        self.limiter.answered()
        return Completion(
            text=answer.text,
            finish_reason=answer.finish_reason,
            usage=usage,
            timing=timing,
            served_model=answer.model,
            refusal=answer.refusal,
            retries=retries,
        )


def _starts(limit: asyncio.Timeout, seconds: float) -> Callable[..., Awaitable[None]]:
    """Let time run from the moment of sending; connecting has a limit of its own.

    A connection that is cancelled while it is made can lose its socket inside anyio.
    """

    async def trace(event: str, _: object) -> None:
        if event == "http11.send_request_headers.started":
            limit.reschedule(asyncio.get_running_loop().time() + seconds)

    return trace


class _Stream:
    """One HTTP response while it is read, with the seconds to its first text and to its end."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.first_text = 0.0
        self.end = 0.0
        self.opened = False
        self._sent = time.perf_counter()
        self._size = 0

    async def read(self, response: httpx.Response, limit: asyncio.Timeout) -> None:
        """Read to the end; `limit` is shortened once the answer is there."""
        self.opened = True
        if response.status_code != 200:
            wait = retry_after(response.headers, time.time())
            body = b"".join([chunk async for chunk in self._chunks(response)])
            raise error_of(response.status_code, body, retry_after=wait)
        if "json" in response.headers.get("content-type", ""):
            self._take([b"".join([chunk async for chunk in self._chunks(response)])])
        else:
            await self._read_events(response, limit)

    async def _read_events(self, response: httpx.Response, limit: asyncio.Timeout) -> None:
        events = EventReader()
        async for chunk in self._chunks(response):
            self._take(events.feed(chunk))
            if self.answer.done:
                limit.reschedule(asyncio.get_running_loop().time() + LINGER)
        self._take(events.close())

    async def _chunks(self, response: httpx.Response) -> AsyncIterator[bytes]:
        async for chunk in response.aiter_bytes():
            self._size += len(chunk)
            if self._size > LONGEST_ANSWER:
                raise EndpointError(f"the answer is over {LONGEST_ANSWER >> 20} MiB")
            yield chunk

    def _take(self, documents: list[bytes]) -> None:
        now = time.perf_counter() - self._sent
        for data in documents:
            self.answer.feed(data)
            self.end = now
        if self.answer.started and not self.first_text:
            self.first_text = now
