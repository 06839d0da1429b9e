"""Chat completions over HTTP: one client for every model, local or hosted.

All requests of a session go through one `ChatClient`: one set of connections, one limit that adapts
to what the server bears, one opinion on whether the server is still there. Transport faults are
retried; an answer never is, however wrong. What a cut stream had brought is thrown away, never
continued. Time that runs out before any text came means that too much was asked at once: as few are
asked then as were answered in that time, and the request is sent again. Time that runs out in the
middle of an answer, or of one that was asked alone, is an error.

Limits: HTTP/1.1, one answer a request. Requests to this machine ignore proxy settings.
"""

import asyncio
import time
from itertools import count
from typing import NoReturn, Self

from pytest_llmops.addresses import CHAT
from pytest_llmops.client.broken import LostError
from pytest_llmops.client.connections import Connections
from pytest_llmops.client.endings import cut_by_context
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.faults import TransientError
from pytest_llmops.client.pacing import Breaker, Limiter, Patience, back_off
from pytest_llmops.client.stream import Stream
from pytest_llmops.client.tokenizer import counter_of
from pytest_llmops.client.usage import Counted
from pytest_llmops.client.wire import Answer
from pytest_llmops.completions import Completion, FinishReason, Request, Timing
from pytest_llmops.errors import EndpointError

START = 20
"""Requests at once to begin with where none are configured."""
MOST = 100
"""Requests at once that such an endpoint may grow to."""


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
        self._counter = counter_of(endpoint.tokenizer) if endpoint.tokenizer else None
        self._connections = Connections(endpoint, self._patience.connect, self._starts)

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
            advice = self._endpoint.advice(error.status)
            raise EndpointError(
                self._endpoint.redact(f"{case}: {self._endpoint.where}: {error}{advice}")
            ) from None

    async def _persist(self, request: Request) -> Completion:
        started, handed = time.time(), time.monotonic()
        for attempt in count():
            self._breaker.check()
            async with self.limiter:
                await self._breaker.sleep(self.limiter.pause())
                sent, answers = time.monotonic(), self.limiter.answers
                alone = self.limiter.active == 1
                try:
                    stream = await self._try(request, alone=alone)
                except TransientError as fault:
                    if fault.slow:
                        self._slow(fault, sent, self.limiter.answers - answers, alone=alone)
                    wait = self._wait(fault, attempt, handed, sent)
                else:
                    timing = Timing(
                        started=started,
                        queue=sent - handed,
                        first_token=stream.first_token,
                        total=stream.end,
                    )
                    return self._completion(request, stream.answer, timing, attempt)
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

    def _slow(self, fault: TransientError, sent: float, answered: int, *, alone: bool) -> None:
        """Time ran out without text: ask less at once, unless this was asked alone already."""
        self.limiter.timed_out(sent, answered)
        if not alone:
            self._breaker.crowd()
        elif self._breaker.answered_since(
            float("-inf")
        ):  # what was given up may still be worked on
            self._breaker.stalled(1, str(fault))
        else:
            self._breaker.trip(f"{fault}, even for one request alone")

    async def _try(self, request: Request, *, alone: bool) -> Stream:
        """Ask once."""
        endpoint = self._endpoint
        stream = Stream()
        try:
            async with (
                asyncio.timeout(None) as limit,
                self._connections.ask(CHAT, endpoint.body(request), token=limit) as reply,
            ):
                await stream.read(reply, limit)
        except TimeoutError as error:
            if not stream.answer.done:
                self._out_of_time(stream.answer, error, alone=alone)
        except LostError:
            if not stream.answer.done:
                raise
        if not stream.answer.complete:
            raise TransientError("the stream broke off before its end")
        return stream

    def _starts(self, limit: object) -> None:
        """Let time run from the moment of sending; connecting has a limit of its own."""
        assert isinstance(limit, asyncio.Timeout)
        limit.reschedule(asyncio.get_running_loop().time() + self._endpoint.timeout)

    def _out_of_time(self, answer: Answer, error: TimeoutError, *, alone: bool) -> NoReturn:
        reason = f"no end of the answer within {self._endpoint.timeout:g} s"
        if not answer.started and not (alone and not self._breaker.crowded):
            raise TransientError(reason, slow=True) from error
        self._breaker.stalled(int(self.limiter.limit), reason)
        raise EndpointError(
            f"{reason} ({len(answer.text)} characters came); raise 'timeout' of the model"
        ) from error

    def _completion(
        self, request: Request, answer: Answer, timing: Timing, retries: int
    ) -> Completion:
        counted = self._counted(request, answer)
        self._breaker.answered()
        self.limiter.answered()
        return Completion(
            text=self._endpoint.withhold(answer.text),
            finish_reason=self._ending(request, answer, counted),
            usage=counted.usage,
            counted_by=counted.by,
            timing=timing,
            served_model=self._endpoint.redact(answer.model),
            refusal=self._endpoint.redact(answer.refusal),
            retries=retries,
        )

    def _counted(self, request: Request, answer: Answer) -> Counted:
        counted = answer.counted()
        if counted is None and self._counter is not None:
            counted = Counted(self._counter.count(request, answer.text, answer.thinking), "local")
        if counted is None:
            reason = (
                "the server reports no token counts ('usage'); "
                "name the model's 'tokenizer' to have them counted here"
            )
            if not self._breaker.answered_since(
                float("-inf")
            ):  # it never will, and every further answer costs
                self._breaker.trip(reason)
            raise EndpointError(reason)
        return counted

    def _ending(self, request: Request, answer: Answer, counted: Counted) -> FinishReason:
        """What is counted here says nothing of the server's limits: it lacks hidden tokens."""
        asked = None if counted.by == "local" else self._endpoint.asked(request)
        if cut_by_context(answer.said, counted.usage.output, asked):
            return "context"
        return answer.finish_reason
