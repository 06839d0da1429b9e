"""The smallest loop: the model answers, sees what the tests said, and answers again.

It ends when the tests pass, when its turns are spent, when the model gives an answer that it gave
before (which the same tests refuse again), or when the model refuses. The verdict is not taken from
here: the last answer is graded like any other.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from pytest_llmops.agents.feedback import Heard, feedback
from pytest_llmops.agents.requests import key_of
from pytest_llmops.agents.settings import RepairAgent
from pytest_llmops.agents.tape import as_json
from pytest_llmops.client.usage import counted_together
from pytest_llmops.completions import (
    Completion,
    Ending,
    Loop,
    Message,
    Request,
    Timing,
    Turn,
    Usage,
)
from pytest_llmops.errors import EndpointError, LlmopsError
from pytest_llmops.generation.keys import Answerer, Key, named
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.graded import Grade
from pytest_llmops.places.where import Hosts
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.asked import AnyTask


class Bench(NamedTuple):
    """What agents work at."""

    judging: Callable[[str], tuple[AnyTask, Judge | None]]
    """A case's task, and what runs its tests, None where nothing is judged; for any thread."""
    hosts: Hosts | None = None
    """Machines on which programs run; None for this one."""


class Repair:
    """Answers requests with loops; an `Answerer`."""

    def __init__(self, agent: RepairAgent, model: Answerer, bench: Bench) -> None:
        self._agent = agent
        self._model = model
        self._bench = bench
        self.concurrency = model.concurrency
        """Loops worth having in hand at once."""
        self.broken: dict[Key, Loop] = {}
        """What loops that failed had done by then, where the model had answered."""

    async def aclose(self) -> None:
        """Let go of the model."""
        await self._model.aclose()

    async def complete(self, request: Request) -> Completion:
        """Run the loop of one attempt.

        Raises:
            EndpointError: A turn has no answer, or its tests could not be run.
        """
        answers: list[Completion] = []
        turns: list[Turn] = []
        try:
            ending = await self._loop(request, answers, turns)
        except EndpointError as error:
            if answers:
                turns += [_turn((), answer, None, 0.0) for answer in answers[len(turns) :]]
                done = whole(answers, turns, "failed").loop
                assert done
                self.broken[request.key] = replace(done, detail=str(error))
            raise
        return whole(answers, turns, ending)

    async def _loop(self, request: Request, answers: list[Completion], turns: list[Turn]) -> Ending:
        """Ask until there is nothing more to ask; what came is put into `answers` and `turns`."""
        messages, ending = request.messages, None
        while ending is None:
            answer = await self._model.complete(_asking(request, messages))
            before, began = {one.text for one in answers}, time.monotonic()
            answers.append(answer)
            judged, said = await self._judged(request, answer)
            ending = self._ending(judged, answer, before, len(answers))
            turns.append(_turn(messages, answer, judged, time.monotonic() - began))
            messages = (*messages, Message("assistant", answer.text), Message("user", said))
        return ending

    async def _judged(self, request: Request, answer: Completion) -> tuple[Grade, str]:
        try:
            return await asyncio.to_thread(self._judge, request.case_id, answer)
        except LlmopsError as error:
            raise EndpointError(f"{named(request.key)}: between two turns: {error}") from error

    def _judge(self, case_id: str, answer: Completion) -> tuple[Grade, str]:
        task, judge = self._bench.judging(case_id)
        assert judge, "a session without grades has no such agent"
        heard = Heard(judge)
        found = grade(task, answer, heard)
        return found, feedback(task, found, heard.reports, answer.finish_reason)

    def _ending(
        self, judged: Grade, answer: Completion, before: set[str], made: int
    ) -> Ending | None:
        if judged.solved:
            return "done"
        if judged.outcome == "refused":
            return "gave_up"
        if answer.text in before:
            return "repeated"
        return "turns" if made >= self._agent.turns else None


def _asking(request: Request, messages: tuple[Message, ...]) -> Request:
    return Request(
        case_id=request.case_id,
        sample=request.sample,
        messages=messages,
        sampling=request.sampling,
    )


def _turn(
    messages: tuple[Message, ...], answer: Completion, judged: Grade | None, seconds: float
) -> Turn:
    return Turn(
        usage=answer.usage,
        timing=answer.timing,
        finish_reason=answer.finish_reason,
        counted_by=answer.counted_by,
        retries=answer.retries,
        text=answer.text,
        tool_seconds=seconds,
        passing=judged.solved if judged else None,
        key=key_of({"messages": as_json(messages)}),
    )


def whole(answers: list[Completion], turns: list[Turn], ending: Ending) -> Completion:
    """One completion made of all: counts of every turn, text and end of the last.

    Args:
        answers: The answers, in order; at least one.
        turns: What is kept of each.
        ending: How the loop ended.
    """
    first, last = answers[0], answers[-1]
    begin = first.timing.started + first.timing.queue
    last_began = last.timing.started + last.timing.queue + last.timing.total
    seconds = max(0.0, last_began + turns[-1].tool_seconds - begin)
    return Completion(
        text=last.text,
        finish_reason=last.finish_reason,
        usage=sum((answer.usage for answer in answers), Usage(input=0, output=0)),
        timing=Timing(
            started=first.timing.started,
            queue=first.timing.queue,
            first_token=first.timing.first_token,
            total=seconds,
        ),
        counted_by=counted_together(answer.counted_by for answer in answers),
        served_model=", ".join(filter(None, dict.fromkeys(one.served_model for one in answers))),
        refusal=last.refusal,
        retries=sum(answer.retries for answer in answers),
        loop=Loop(ending=ending, turns=tuple(turns), seconds=seconds),
    )
