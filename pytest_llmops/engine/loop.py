"""Continuous batching: one thread that keeps the slots full and turns steps into text.

Every step runs the next token of all sequences that decode, together with up to `PROMPT_TOKENS` of
the prompts that came in: a slot that becomes free is refilled in the next step, and single tokens
ride along with the large products of a prompt. A prompt begins with what a sequence in memory
already holds of it (the system message, an earlier turn): that part is copied.
"""

import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from pytest_llmops.engine.job import Asked, Event, Job
from pytest_llmops.engine.kvcache import BlockPool, blocks_for
from pytest_llmops.engine.prefixes import Prefixes
from pytest_llmops.engine.proof import Runner
from pytest_llmops.engine.rules import Rules
from pytest_llmops.engine.sampling import sample
from pytest_llmops.engine.step import Row, Step

PROMPT_TOKENS = 1024
"""Prompt tokens per step. More make the products no faster, and let those who decode wait."""
LEAST_SHARED = 32
"""Tokens from which on sharing a prefix is worth the copy, or waiting one step for it."""


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
        self._prefixes = Prefixes(pool)
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
        """End the thread after the step it is in."""
        with self._news:
            self._closed = True
            self._news.notify()
        self._thread.join()

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
        planned.sort(key=lambda plan: (plan[0].asked.adapter, plan[1] > 1))
        rows = [self._row(job, count) for job, count in planned]
        logits = self._runner.forward(Step(rows, self._pool))
        for job, count in planned:
            job.computed += count
        ready = [i for i, (job, _) in enumerate(planned) if job.computed == len(job.tokens)]
        if len(ready) < len(planned):
            logits = logits[ready]
        jobs = [planned[i][0] for i in ready]
        tokens = sample(_ruled(logits, jobs), [job.choice for job in jobs])
        now = time.monotonic()
        news = [self._advance(job, token, now) for job, token in zip(jobs, tokens, strict=True)]
        return [event for event in news if event]

    def _plan(self) -> list[tuple[Job, int]]:
        """Return the jobs of the next step with the count of their new tokens; admit what fits."""
        planned: list[tuple[Job, int]] = []
        left = sys.maxsize if self._runner.whole_prompts else PROMPT_TOKENS
        for job in self._running:
            count = len(job.tokens) - job.computed
            if job.generated == 0:
                count = min(count, left)
                left -= count
            if count:
                planned.append((job, count))
        while left > 0 and (new := self._admit([job for job, _ in planned])):
            count = min(len(new.tokens) - new.computed, left)
            left -= count
            planned.append((new, count))
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

    def _row(self, job: Job, count: int) -> Row:
        end = job.computed + count
        job.blocks += self._pool.allocate(blocks_for(end) - len(job.blocks))
        new = job.tokens[job.computed : end]
        return Row(new, job.computed, job.number, job.blocks, job.asked.adapter)

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


def _ruled(logits: torch.Tensor, jobs: Sequence[Job]) -> torch.Tensor:
    """Return the logits after what the model's generation config does to them."""
    if all(job.processors is None for job in jobs):
        return logits
    rows = [
        job.processors(torch.tensor([job.tokens], device=logits.device), row[None].float())
        for job, row in zip(jobs, logits, strict=True)
    ]
    return torch.cat(rows)
