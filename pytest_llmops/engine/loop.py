"""Continuous batching: one thread that keeps the slots full and turns steps into text.

Every step runs the next token of all sequences that decode, together with up to `PROMPT_TOKENS` of
the prompts that came in: a slot that becomes free is refilled in the next step, and single tokens
ride along with the large products of a prompt. A prompt begins with what a sequence in memory
already holds of it (the system message, an earlier turn): that part is copied. On a CPU, sequences
that repeat what stands in them get several tokens in a step (`drafts`).
"""

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice, takewhile
from typing import Any, NamedTuple

import torch

from pytest_llmops.engine.job import Asked, Event, Job
from pytest_llmops.engine.kvcache import BlockPool, blocks_for
from pytest_llmops.engine.prefixes import Prefixes
from pytest_llmops.engine.proof import Runner
from pytest_llmops.engine.rules import Rules, ruled
from pytest_llmops.engine.sampling import sample
from pytest_llmops.engine.step import Row, Step

PROMPT_TOKENS = 1024
"""Prompt tokens per step. More make the products no faster, and let those who decode wait."""
LEAST_SHARED = 32
"""Tokens from which on sharing a prefix is worth the copy, or waiting one step for it."""


class Planned(NamedTuple):
    """The part of a job in one step."""

    job: Job
    own: int
    """Tokens of the job that are computed."""
    guesses: list[int]
    """Tokens behind them that may come next."""


class Vocabulary(NamedTuple):
    """What the batcher needs of the language side of a model."""

    tokenizer: Any
    eos_ids: frozenset[int]
    """Tokens that end an answer."""
    rules: Rules | None = None
    """What else is done to the logits."""


class Batcher:
    """The thread that generates, and the queue in front of it."""

    def __init__(
        self,
        runner: Runner,
        pool: BlockPool,
        *,
        vocabulary: Vocabulary,
        max_batch: int,
        deliver: Callable[[list[Event]], None],
    ) -> None:
        """`deliver` gets the events of a step, in the thread of the loop."""
        self._runner, self._pool, self._vocabulary = runner, pool, vocabulary
        self._max_batch, self._deliver = max_batch, deliver
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []
        self._prefixes = Prefixes(pool, apart=pool.device.type != "cpu")
        # A GPU is idle enough while it decodes, and torch's attention takes such rows one by one.
        self._guesses = runner.shares_prefixes and pool.device.type == "cpu"
        self._number = 0
        self._news = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="batcher", daemon=True)
        self._thread.start()

    @property
    def counts(self) -> tuple[int, int]:
        """Answers being generated, and waiting for a slot."""
        return len(self._running), len(self._waiting)

    def submit(self, asked: Asked) -> Job:
        """Queue an answer; its events come through `deliver`."""
        with self._news:
            self._number += 1
            job = Job(asked, self._number, self._vocabulary.tokenizer)
            if self._vocabulary.rules:
                job.processors = self._vocabulary.rules.processors(len(asked.prompt))
            self._waiting.append(job)
            self._news.notify()
        return job

    def cancel(self, job: Job) -> None:
        """Stop generating `job`; its slot is free with the next step."""
        with self._news:
            job.cancelled = True
            self._news.notify()

    def close(self) -> None:
        """End the thread after the step it is in; keep nothing."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()
        self._prefixes.clear()

    def _run(self) -> None:
        with torch.inference_mode():
            while self._wait():
                try:
                    events = self._step()
                except Exception as error:  # noqa: BLE001 - boundary: no fault of one step ends the service
                    traceback.print_exc(file=sys.stderr)
                    events = self._give_up(f"{type(error).__name__}: {error}")
                if events:
                    self._deliver(events)

    def _wait(self) -> bool:
        """Wait for work; False when closed."""
        with self._news:
            self._news.wait_for(lambda: self._closed or self._running or self._waiting)
            return not self._closed

    def _step(self) -> list[Event]:
        self._drop_cancelled()
        planned = self._plan()
        if not planned:
            return []
        planned.sort(key=lambda one: (one.job.asked.adapter, one.own > 1))
        logits = self._runner.forward(Step([self._row(one) for one in planned], self._pool))
        wanted: list[int] = []
        ready, start = [], 0
        for one in planned:
            one.job.computed += one.own
            end = start + 1 + len(one.guesses)
            if one.job.computed == len(one.job.tokens):
                ready.append(one)
                wanted += range(start, end)
            start = end
        if len(wanted) < start:
            logits = logits[wanted]
        jobs = [one.job for one in ready for _ in range(1 + len(one.guesses))]
        chosen = iter(sample(ruled(logits, jobs), [job.choice for job in jobs]))
        now, news = time.monotonic(), []
        for one in ready:
            news += self._take(one, list(islice(chosen, 1 + len(one.guesses))), now)
        return news

    def _plan(self) -> list[Planned]:
        """Return what the next step computes of which jobs; admit what fits."""
        planned: list[Planned] = []
        left = sys.maxsize if self._runner.whole_prompts else PROMPT_TOKENS
        for job in self._running:
            count = len(job.tokens) - job.computed
            if job.generated == 0:
                count = min(count, left)
                left -= count
            if count:
                guesses = job.guess() if self._guesses and job.generated else []
                planned.append(Planned(job, count, guesses))
        while left > 0 and (new := self._admit([one.job for one in planned])):
            count = min(len(new.tokens) - new.computed, left)
            left -= count
            planned.append(Planned(new, count, []))
        return planned

    def _admit(self, planned: Sequence[Job]) -> Job | None:
        """Take the next waiting job, unless it shall wait for a prefix that this step computes."""
        with self._news:
            if not self._waiting or len(self._running) >= self._max_batch:
                return None
            job = self._waiting[0]
            if self._runner.shares_prefixes:
                coming = max((job.shared(other) for other in planned), default=0)
                known, owner = self._prefixes.longest(job, self._running)
                if coming >= known + LEAST_SHARED:
                    return None
                if owner and known >= LEAST_SHARED:
                    self._prefixes.copy(job, owner, known)
            self._running.append(self._waiting.popleft())
            return job

    def _row(self, one: Planned) -> Row:
        job, start = one.job, one.job.computed
        new = [*job.tokens[start : start + one.own], *one.guesses]
        job.blocks += self._pool.allocate(blocks_for(start + len(new)) - len(job.blocks))
        wanted = 1 + len(one.guesses)
        return Row(new, start, job.number, job.blocks, job.asked.adapter, wanted)

    def _take(self, one: Planned, chosen: list[int], now: float) -> list[Event]:
        """Take the token after a job's own ones, and those after guesses that came true."""
        job, length = one.job, len(one.job.tokens)
        pairs = zip(one.guesses, chosen, strict=False)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if one.guesses:
            job.drafts.learn(len(one.guesses), kept, length)
        news = []
        for token in chosen[: kept + 1]:
            job.computed = len(job.tokens)  # a guess that came true is in the pool as well
            news.append(self._advance(job, token, now))
            if news[-1] and news[-1].finish:
                break
        return [event for event in news if event]

    def _advance(self, job: Job, token: int, now: float) -> Event | None:
        """Take one generated token; return what there is to tell, if anything."""
        job.tokens.append(token)
        if token not in self._vocabulary.eos_ids:
            job.text.push(token)
        finish = ""
        if token in self._vocabulary.eos_ids or job.text.stopped:
            finish = "stop"
        elif job.generated >= job.asked.max_tokens:
            finish = "length"
        if finish:
            self._running.remove(job)
            self._retire(job)
            return Event(job, job.text.piece(last=True), finish, job.generated)
        if job.is_due(now) and (text := job.text.piece()):
            return Event(job, text, "", job.generated)
        return None

    def _retire(self, job: Job) -> None:
        """Keep a finished job for its prefix, where a prefix is of use."""
        self._runner.forget(job.number)
        if self._runner.shares_prefixes:
            self._prefixes.keep(job)
        else:
            self._pool.release(job.blocks)

    def _drop_cancelled(self) -> None:
        with self._news:
            self._waiting = deque(job for job in self._waiting if not job.cancelled)
        for job in [job for job in self._running if job.cancelled]:
            self._running.remove(job)
            self._retire(job)

    def _give_up(self, reason: str) -> list[Event]:
        """Fail what runs, after a fault, and start from an empty pool."""
        jobs, self._running = self._running, []
        for job in jobs:
            self._runner.forget(job.number)
            self._pool.release(job.blocks)
        self._prefixes.clear()
        return [Event(job, reason, "error", job.generated) for job in jobs]
