"""Attempts made by a program of others, in a sandbox, with the proxy between it and the model.

The sandbox is on this machine or, where the place of a session has others, on one of those.

What it did is taken from the proxy (calls, tokens, tools) and from its workspace (the files); of
its own words only whether it thinks that it is done. The clock, the budgets and the grade are ours.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from pytest_llmops.agents.adapter import ToolRun, adapter_of, tool_runs
from pytest_llmops.agents.away import AwayJail
from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.installed import require
from pytest_llmops.agents.jail import Jail
from pytest_llmops.agents.jailer import Jailer
from pytest_llmops.agents.proxy import Proxy, Upstream
from pytest_llmops.agents.repair import Bench
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.agents.settled import finish_of, settled
from pytest_llmops.agents.states import passed_after
from pytest_llmops.agents.tape import PlayedTape, Tapes, counted_as_then
from pytest_llmops.agents.turns import turns_of
from pytest_llmops.agents.watch import watch
from pytest_llmops.agents.workspace import (
    Changes,
    answer_in,
    changes,
    files_of,
    instruction,
)
from pytest_llmops.client.connections import Connections
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.tokenizer import counter_of
from pytest_llmops.client.usage import counted_together
from pytest_llmops.completions import (
    Completion,
    Ending,
    Loop,
    Request,
    Timing,
    Turn,
    Usage,
)
from pytest_llmops.errors import EndpointError, LlmopsError, LostError
from pytest_llmops.generation.keys import Key, named
from pytest_llmops.models import Prices
from pytest_llmops.tasks.asked import AnyTask

CONNECT = 30.0
"""Seconds to open a connection to the model."""
TRIES = 3
"""Machines that one attempt may lose."""


class _Ran(NamedTuple):
    calls: list[Call]
    found: Changes
    tools: Sequence[ToolRun]
    handed: float
    ended: float
    ending: tuple[Ending, str]
    memory: int


class Program:
    """Answers requests with what a program makes of them; an `Answerer`."""

    def __init__(
        self,
        agent: ProgramAgent,
        endpoint: Endpoint,
        bench: Bench,
        prices: Prices | None = None,
        *,
        tapes: Tapes | None = None,
    ) -> None:
        """Find the program.

        Args:
            agent: Which, and its settings.
            endpoint: Of its model.
            bench: What it works at; without a judge nobody says when its files pass.
            prices: Of the model.
            tapes: Recorded loops whose answers stand for the model.

        Raises:
            AgentError: It is not installed.
            PlaceError: It can be run on none of the place's machines.
            ModelError: The model's tokenizer cannot be loaded.
        """
        self._agent = agent
        self._adapter = adapter_of(agent)
        self._folder = require(agent)
        self._bench = bench
        self._hosts = bench.hosts
        room = self._hosts.room if self._hosts else os.cpu_count() or 1
        self.concurrency = agent.concurrency or room
        """Attempts at once."""
        self._threads = ThreadPoolExecutor(2 * self.concurrency, "llmops-away")
        if self._hosts:
            place = self._folder / self._adapter.PLACE
            self._hosts.require(Jailer, "check", (str(place),) if self._adapter.PLACE else ())
        self.broken: dict[Key, Loop] = {}
        """What attempts that failed had done by then, where the model had answered."""
        length = counter_of(endpoint.tokenizer).length if endpoint.tokenizer else None
        self._model = Upstream(endpoint, Connections(endpoint, CONNECT), prices, length)
        self._tapes = tapes

    async def aclose(self) -> None:
        """Close the connections."""
        self._threads.shutdown(wait=False)
        await self._model.client.aclose()

    async def complete(self, request: Request) -> Completion:
        """Make one attempt.

        Raises:
            EndpointError: The model did not answer, or the sandbox cannot be used.
        """
        calls: list[Call] = []
        try:
            return await self._attempt(request, calls)
        except (LlmopsError, OSError) as error:
            said = self._model.endpoint.redact(str(error))
            why = f"{named(request.key)}: agent {self._agent.label}: {said}"
            ended = time.time()
            if turns := turns_of(calls, ended, self._adapter.failed):
                seconds = max(0.0, ended - calls[0].started)
                done = Loop(ending="failed", turns=turns, seconds=seconds, detail=said)
                self.broken[request.key] = done
            raise EndpointError(why) from None

    async def _attempt(self, request: Request, calls: list[Call]) -> Completion:
        """Make an attempt, and another one on another machine where the first is lost."""
        task, judge = await asyncio.to_thread(self._bench.judging, request.case_id)
        for left in reversed(range(TRIES)):
            try:
                ran = await self._ran(request, task, calls)
                break
            except LostError:
                if not left:
                    raise
                calls.clear()
        passed = await asyncio.to_thread(passed_after, task, judge, calls, ran.found.files)
        turns = turns_of(calls, ran.ended, self._adapter.failed, passed, ran.tools)
        if self._tapes is not None:
            turns = counted_as_then(turns, self._tapes.get(request.key, ()))
        return self._completion(task, ran, turns)

    async def _ran(self, request: Request, task: AnyTask, calls: list[Call]) -> _Ran:
        handed = time.time()
        with self._jail() as jail:
            before = files_of(task, tests=self._agent.tests)
            jail.lay_out(before)
            text = instruction(task, tests=self._agent.tests)
            start = self._adapter.prepare(self._agent, jail, self._folder, text)
            async with self._proxy(request, jail) as proxy:
                try:
                    await jail.start(start)
                    ending = await watch(jail, proxy, self._agent.budget, self._adapter.ending)
                    await jail.settled()
                finally:
                    await jail.ended()
                    calls += proxy.calls
                    ended = time.time()
            ending = settled(calls, ending, self._model.endpoint.where, proxy.strange)
            return _Ran(
                calls=calls,
                found=changes(task, jail.workspace, before),
                tools=tool_runs(self._adapter, jail),
                handed=handed,
                ended=ended,
                ending=ending,
                memory=jail.peak,
            )

    def _jail(self) -> Jail:
        return AwayJail(self._hosts, self._threads) if self._hosts else Jail()

    def _proxy(self, request: Request, jail: Jail) -> Proxy:
        sampling = request.sampling
        fields = {
            "max_tokens": self._agent.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed,
        }
        model = self._model
        if self._tapes is not None:
            model = model._replace(client=PlayedTape(self._tapes.get(request.key, ())))
        return Proxy(model, self._agent.budget, fields, jail.socket, files=jail.changed)

    def _completion(self, task: AnyTask, ran: _Ran, turns: tuple[Turn, ...]) -> Completion:
        begin = ran.calls[0].started if ran.calls else ran.ended
        models = dict.fromkeys(call.answer.model for call in ran.calls if call.answer.model)
        served = "" if self._tapes is not None else ", ".join(models)
        seconds = max(0.0, ran.ended - begin)
        return Completion(
            text=answer_in(task, ran.found.files),
            finish_reason=finish_of(ran.calls, turns),
            usage=sum((turn.usage for turn in turns), Usage(input=0, output=0)),
            timing=Timing(
                started=ran.handed,
                queue=max(0.0, begin - ran.handed),
                first_token=turns[0].timing.first_token if turns else None,
                total=seconds,
            ),
            counted_by=counted_together(turn.counted_by for turn in turns),
            served_model=self._model.endpoint.redact(served),
            retries=sum(bool(call.fault) and not call.spent for call in ran.calls),
            loop=Loop(
                ending=ran.ending[0],
                turns=turns,
                seconds=seconds,
                files=ran.found.files,
                diffs=ran.found.diffs,
                edited_tests=ran.found.edited_tests,
                detail=ran.ending[1],
                memory=ran.memory or None,
            ),
        )
