"""What the endpoints stand on: the models, the batcher, and who waits for which answer."""

import asyncio
import contextlib
import secrets
from collections.abc import Iterator, Mapping

from starlette.concurrency import run_in_threadpool

from pytest_llmops.engine.job import Asked, Event, Job
from pytest_llmops.engine.load import Loaded
from pytest_llmops.engine.loop import Batcher
from pytest_llmops.engine.protocol import ChatRequest, RequestError
from pytest_llmops.engine.spec import ServedModel


class Answers:
    """The answers to one request while they are generated."""

    def __init__(self, jobs: list[Job], queue: asyncio.Queue[Event]) -> None:
        self.jobs = jobs
        self._queue = queue
        self._open = len(jobs)

    async def next(self) -> tuple[int, Event] | None:
        """Return the next event and the index of its choice; None after the last of all."""
        if not self._open:
            return None
        event = await self._queue.get()
        if event.finish == "error":
            raise RequestError(f"generation failed: {event.text}", status=500)
        self._open -= bool(event.finish)
        return self.jobs.index(event.job), event


class Service:
    """What the endpoints share: the batcher, the models, and who waits for which answer."""

    def __init__(self, base: Loaded, models: Mapping[str, ServedModel], max_context: int) -> None:
        self.base = base
        self.models = models
        self.max_context = max_context
        self.batcher: Batcher | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queues: dict[Job, asyncio.Queue[Event]] = {}

    def deliver(self, events: list[Event]) -> None:
        """Hand events to those who wait for them; called by the batcher's thread."""
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._sort, events)

    def _sort(self, events: list[Event]) -> None:
        for event in events:
            if queue := self._queues.get(event.job):
                queue.put_nowait(event)

    async def prompt(self, request: ChatRequest) -> list[int]:
        """Return the tokens of a request's messages; raises RequestError when they are too many."""
        messages = [message.plain for message in request.messages]
        try:
            tokens = await run_in_threadpool(self._tokens, messages)
        except (ValueError, TypeError, RuntimeError) as error:
            raise RequestError(
                f"the chat template refuses it: {error}", param="messages"
            ) from error
        room = self.max_context - len(tokens)
        if room < (request.limit or 1):
            raise RequestError(
                f"{len(tokens)} prompt tokens and {request.limit or 1} for the answer are more than"
                f" the context of {self.max_context} tokens",
                param="messages",
                code="context_length_exceeded",
            )
        return tokens

    def _tokens(self, messages: list[dict[str, str]]) -> list[int]:
        tokenizer = self.base.tokenizer
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        tokens: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    @contextlib.contextmanager
    def answers(self, request: ChatRequest, prompt: list[int]) -> Iterator[Answers]:
        """Generate the answers of a request; what is unfinished at the end is cancelled."""
        assert self.batcher
        self._loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Event] = asyncio.Queue()
        seed = secrets.randbits(62) if request.seed is None else request.seed
        jobs: list[Job] = []
        try:
            for index in range(request.n or 1):
                job = self.batcher.submit(self._asked(request, prompt, (seed, index)))
                self._queues[job] = queue
                jobs.append(job)
            yield Answers(jobs, queue)
        finally:
            for job in jobs:
                del self._queues[job]
                self.batcher.cancel(job)

    def _asked(self, request: ChatRequest, prompt: list[int], drawn: tuple[int, int]) -> Asked:
        return Asked(
            prompt=prompt,
            max_tokens=request.limit or self.max_context - len(prompt),
            temperature=1.0 if request.temperature is None else request.temperature,
            top_p=1.0 if request.top_p is None else request.top_p,
            seed=drawn[0],
            which=drawn[1],
            stop=request.stops,
            adapter=request.model if self.models[request.model].adapter_sha256 else "",
            streams=request.stream,
        )
