"""All completions of a session, asked for at once, each awaited by the test that needs it.

The tests of a session run one after another, but their prompts are known before the first. So all
requests go out together, in the order of the tests, on an event loop of their own in a background
thread; a test blocks until its answer is there. The model is always fed, and grading overlaps with
generation.

A failed request fails the test that awaits it and no other. When the server is gone, which `health`
or the client can tell, every request that is still out fails at once with that reason.

Limits: a name look-up that hangs in the operating system cannot be stopped; `close` then leaves its
thread to end by itself.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress

from msgspec.structs import replace

from pytest_llmops.completions import Completion, Request
from pytest_llmops.errors import EndpointError, LlmopsError
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.generation.keys import Answerer, Key, late, named, unannounced, unheard
from pytest_llmops.generation.progress import Progress, Tally

PULSE = 0.25
"""Seconds between two looks at the health of the server."""
ENDED = "the session ended before its answer came"
FAREWELL = 1.0
"""Seconds that closing the connections may take."""


class Generation:
    """Sends the requests of a session and hands out what comes back; safe for any thread."""

    def __init__(
        self,
        answerer: Answerer,
        *,
        cache: CompletionCache | None = None,
        identity: str = "",
        served: str = "",
        health: Callable[[], str | None] | None = None,
    ) -> None:
        """Prepare; nothing is sent before `start`.

        Args:
            answerer: Answers in the background thread; closed at the end.
            cache: Asked before the answerer; None for no cache.
            identity: Identity of the run, part of each key of the cache.
            served: Name that the server answers to, where one model may have several: a cached
                answer is that of this name, whatever name it was asked under; "" leaves it so.
            health: Says why the server is gone, or None while it lives. Called four times a
                second in the background thread, so it must return at once.
        """
        self._answerer = answerer
        self._cache = cache
        self.identity = identity
        self._served, self._health = served, health
        self.arrived = unheard  # called with each answer, in the loop's thread, before its waiter
        self.reads = True  # what the cache holds; it and `identity` may change before the start
        self.unused = 0
        """Answers that the cache held and that were asked for again."""
        self._tally = Tally()
        self._ready = threading.Event()
        self._queue: deque[tuple[Key, Mapping[Key, Request]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._futures: dict[Key, Future[Completion]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._thread: threading.Thread | None = None
        self._ends = threading.Lock()
        self._over = self._stopping = False
        self._ending = ENDED

    def start(self, requests: Mapping[Key, Request]) -> None:
        """Send all requests, in this order, as many at once as the answerer bears.

        Each is looked up when its turn comes.

        Raises:
            RuntimeError: Started before or closed.
        """
        if self._ready.is_set():
            raise RuntimeError("a generation is started once")
        self._announce(requests)
        self._queue.extend((key, requests) for key in requests)
        self._tally.start()
        self._loop = asyncio.new_event_loop()
        self._main = self._loop.create_task(self._generate())
        self._thread = threading.Thread(target=self._run, name="llmops-generation", daemon=True)
        self._thread.start()
        self._ready.set()

    def extend(self, requests: Mapping[Key, Request]) -> None:
        """Send more requests, after those announced before; what was started goes on.

        Raises:
            RuntimeError: Not started.
            ValueError: A request has the case and sample of another one.
        """
        if self._loop is None:
            raise RuntimeError("a generation is started before it is extended")
        with self._ends:
            self._announce(requests)
            if self._over:
                self._settle_rest()
            else:
                self._loop.call_soon_threadsafe(self._feed, requests)

    def _announce(self, requests: Mapping[Key, Request]) -> None:
        if not self._futures.keys().isdisjoint(requests):
            raise ValueError("two requests have the same case and sample")
        self._futures |= {key: Future() for key in requests}
        self._tally.expect(len(requests))

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Block until the completion of one request is there; before `start`, until that too.

        Args:
            key: Case id and sample index.
            timeout: Seconds; None waits for ever.

        Raises:
            EndpointError: The request failed, was never announced, or the time is over.
        """
        if not self._ready.wait(timeout):
            raise EndpointError(f"{named(key)}: nothing was sent within {timeout:g} s of waiting")
        future = self._futures.get(key)
        if future is None:
            raise unannounced(key)
        try:
            return future.result(timeout)
        except TimeoutError:
            raise late(key, timeout) from None
        except EndpointError as error:  # one exception object cannot be raised in several threads
            raise EndpointError(str(error)) from error.__cause__

    def progress(self) -> Progress:
        """Counts of this moment."""
        return self._tally.progress()

    def close(self) -> None:
        """Drop what is outstanding, close the connections and end the thread; safe to repeat."""
        self._ready.set()
        if self._loop is None or self._main is None or self._thread is None:
            return
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._stop, ENDED)
        self._thread.join(2 * FAREWELL)

    def _run(self) -> None:
        assert self._loop is not None
        assert self._main is not None
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._main)
        finally:
            with self._ends:
                self._over = True
                self._settle_rest()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    def _settle_rest(self) -> None:
        for key, future in list(self._futures.items()):
            if not future.done():
                self._settle(key, EndpointError(f"{named(key)}: {self._ending}"))

    def _stop(self, reason: str) -> None:
        """End in the loop's thread; the first reason counts."""
        if self._main is not None and not self._stopping:
            self._stopping = True
            self._ending = reason
            self._main.cancel()

    async def _generate(self) -> None:
        guard = asyncio.create_task(self._guard())
        self._feed({})
        try:
            await asyncio.Event().wait()  # until `_stop` cancels this
        finally:
            ending = (guard, *self._tasks)
            for task in ending:
                task.cancel()
            await asyncio.gather(*ending, return_exceptions=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._answerer.aclose()

    def _feed(self, requests: Mapping[Key, Request]) -> None:
        """Queue requests, and see to it that enough tasks work on them; in the loop's thread."""
        self._queue.extend((key, requests) for key in requests)
        if self._stopping:
            return
        wanted = min(self._answerer.concurrency, len(self._tasks) + len(self._queue))
        while len(self._tasks) < wanted:
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._end_task)

    def _end_task(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()):
            self._stop(f"{type(fault).__name__}: {fault}")

    async def _guard(self) -> None:
        while self._health is not None:
            if reason := self._health():
                self._stop(reason)
            await asyncio.sleep(PULSE)

    async def _work(self) -> None:
        while self._queue:
            key, requests = self._queue.popleft()
            try:
                self._settle(key, await self._answer(requests[key]))
            except LlmopsError as error:  # the source of its case has changed meanwhile
                self._settle(key, EndpointError(f"{named(key)}: {error}"))

    async def _answer(self, request: Request) -> Completion | EndpointError:
        stored = self._cache.get(self.identity, request) if self._cache is not None else None
        self.unused += bool(stored) and not self.reads
        if stored and self.reads:
            await asyncio.sleep(0)  # thousands of hits in a row must not starve what is under way
            return replace(stored, served_model=self._served) if self._served else stored
        try:
            completion = await self._answerer.complete(request)
        except EndpointError as error:
            return error
        except Exception as error:  # noqa: BLE001 - a fault of ours; a test waits, and must hear it
            fault = EndpointError(f"{named(request.key)}: {type(error).__name__}: {error}")
            fault.__cause__ = error
            return fault
        if self._cache is not None:
            self._cache.put(self.identity, request, completion)
        return completion

    def _settle(self, key: Key, result: Completion | EndpointError) -> None:
        self._tally.add(result)
        if isinstance(result, EndpointError):
            self._futures[key].set_exception(result)
        else:
            self.arrived(key, result)
            self._futures[key].set_result(result)
