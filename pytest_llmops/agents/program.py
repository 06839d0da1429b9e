"""Attempts made by a program of others, in a sandbox, with the proxy between it and the model.

What it did is taken from the proxy (calls, tokens, tools) and from its workspace (the files); of
its own words only whether it thinks that it is done. The clock, the budgets and the grade are ours.
"""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from pytest_llmops.agents.adapter import adapter_of
from pytest_llmops.agents.calls import Call, turns_of
from pytest_llmops.agents.installed import require
from pytest_llmops.agents.jail import Jail
from pytest_llmops.agents.proxy import Proxy, Upstream
from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.agents.workspace import (
    Changes,
    answer_in,
    changes,
    files_of,
    instruction,
    lay_out,
)
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Completion, Ending, Loop, Request, Timing, Turn, Usage
from pytest_llmops.errors import EndpointError, LlmopsError
from pytest_llmops.generation.keys import named
from pytest_llmops.models import Prices
from pytest_llmops.tasks.materialize import Task

PULSE = 0.1
"""Seconds between two looks at an agent that runs."""
STARTUP = 120.0
"""Seconds a program has to its first call, if its budget of silence is less: some take long."""
GRACE = 3.0
"""Seconds an agent has to end by itself once a budget is spent."""
SAME = 5
"""Answers at the end that ask for the same, after which an agent that gave up was in a loop."""


class _Ran(NamedTuple):
    calls: list[Call]
    turns: tuple[Turn, ...]
    found: Changes
    handed: float
    ended: float
    ending: tuple[Ending, str]


class Program:
    """Answers requests with what a program makes of them; an `Answerer`."""

    def __init__(
        self,
        agent: ProgramAgent,
        endpoint: Endpoint,
        tasks: Callable[[str], Task],
        prices: Prices | None = None,
    ) -> None:
        """Find the program.

        Raises:
            AgentError: It is not installed.
        """
        self._agent = agent
        self._adapter = adapter_of(agent)
        self._folder = require(agent)
        self._tasks = tasks
        self.concurrency = agent.concurrency or os.cpu_count() or 1
        """Attempts at once."""
        headers = {"content-type": "application/json"}
        if endpoint.api_key:
            headers["authorization"] = f"Bearer {endpoint.api_key}"
        client = httpx.AsyncClient(
            headers=headers,
            timeout=httpx.Timeout(None, connect=30.0),
            trust_env=not endpoint.is_local,
        )
        self._model = Upstream(endpoint, client, prices)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._model.client.aclose()

    async def complete(self, request: Request) -> Completion:
        """Make one attempt.

        Raises:
            EndpointError: The model did not answer, or the sandbox cannot be used.
        """
        try:
            return await self._attempt(request)
        except (LlmopsError, OSError) as error:
            said = self._model.endpoint.redact(str(error))
            where = f"{named(request.key)}: agent {self._agent.label}"
            raise EndpointError(f"{where}: {said}") from None

    async def _attempt(self, request: Request) -> Completion:
        task = self._tasks(request.case_id)
        handed = time.time()
        with Jail() as jail:
            before = files_of(task, tests=self._agent.tests)
            lay_out(before, jail.workspace)
            text = instruction(task, tests=self._agent.tests)
            start = self._adapter.prepare(self._agent, jail, self._folder, text)
            async with self._proxy(request, jail) as proxy:
                try:
                    await jail.start(start)
                    ending = await self._watch(jail, proxy)
                finally:
                    await jail.ended()
            ended, ending = time.time(), self._settled(proxy.calls, ending)
            ran = _Ran(
                calls=proxy.calls,
                turns=turns_of(proxy.calls, ended, self._adapter.failed),
                found=changes(task, jail.workspace, before),
                handed=handed,
                ended=ended,
                ending=ending,
            )
        return self._completion(task, ran)

    def _proxy(self, request: Request, jail: Jail) -> Proxy:
        sampling = request.sampling
        fields = {
            "max_tokens": self._agent.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "seed": request.seed,
        }
        return Proxy(self._model, self._agent.budget, fields, jail.socket)

    async def _watch(self, jail: Jail, proxy: Proxy) -> tuple[Ending, str]:
        """Wait for the end of the program, or put one to it."""
        budget = self._agent.budget
        began, last = time.monotonic(), -1
        while (status := await jail.wait(PULSE)) is None:
            now = time.monotonic()
            size = jail.stdout.stat().st_size
            if size != last:
                last, proxy.heard = size, max(proxy.heard, now)
            if proxy.spent:
                await jail.wait(GRACE)
                return proxy.spent, f"the budget of {proxy.spent} was spent"
            if proxy.gone:
                return "failed", "the model is gone"
            if now - began > budget.seconds:
                return "time", f"{budget.seconds:g} s were over"
            patience = budget.silence if proxy.calls else max(budget.silence, STARTUP)
            if now - proxy.heard > patience:
                return "silence", f"nothing was heard for {patience:g} s"
        if proxy.spent:
            return proxy.spent, f"the budget of {proxy.spent} was spent"
        return self._adapter.ending(jail, status)

    def _settled(self, calls: list[Call], ended: tuple[Ending, str]) -> tuple[Ending, str]:
        """What an ending was: a program that failed because its model did has none.

        Raises:
            EndpointError: The model was asked, and the last thing that it said was a fault; or the
                program never asked it.
        """
        ending, detail = ended
        if ending != "failed":
            return ended
        if not calls:
            raise EndpointError(f"never asked its model: {detail}")
        if calls[-1].fault:
            raise EndpointError(f"{self._model.endpoint.where}: {calls[-1].fault}")
        last = [call.asks_for for call in calls if call.usage][-SAME:]
        if len(last) == SAME and last[0] and len(set(last)) == 1:
            return "repeated", detail
        return ended

    def _completion(self, task: Task, ran: _Ran) -> Completion:
        turns, begin = ran.turns, ran.calls[0].started if ran.calls else ran.ended
        local = any(turn.counted_by == "local" for turn in turns)
        models = [call.answer.model for call in ran.calls if call.answer.model]
        seconds = max(0.0, ran.ended - begin)
        return Completion(
            text=answer_in(task, ran.found.files),
            finish_reason=turns[-1].finish_reason if turns else "other",
            usage=sum((turn.usage for turn in turns), Usage(input=0, output=0)),
            timing=Timing(
                started=ran.handed,
                queue=max(0.0, begin - ran.handed),
                first_token=turns[0].timing.first_token if turns else None,
                total=seconds,
            ),
            counted_by="local" if local else "server",
            served_model=self._model.endpoint.redact(models[-1]) if models else "",
            retries=sum(turn.retries for turn in turns),
            loop=Loop(
                ending=ran.ending[0],
                turns=turns,
                seconds=seconds,
                files=ran.found.files,
                diffs=ran.found.diffs,
                edited_tests=ran.found.edited_tests,
                detail=ran.ending[1],
            ),
        )
