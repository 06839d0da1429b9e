"""An agent between a session and its model."""

from hashlib import sha256

import msgspec

from pytest_llmops.agents.program import Program
from pytest_llmops.agents.repair import Bench, Repair
from pytest_llmops.agents.settings import Agent, RepairAgent
from pytest_llmops.agents.tape import TapeModel, Tapes
from pytest_llmops.agents.workspace import digest, instruction
from pytest_llmops.client.chat import ChatClient
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Message, Request
from pytest_llmops.models import Prices
from pytest_llmops.tasks.asked import AnyTask

__all__ = ["Bench", "asked_as", "attach", "worded"]

WORKSPACE = "workspace"
"""How an agent is asked that works in a folder."""
SHOWN = "workspace with tests"
"""The same, where the judging tests lie there."""


RECORDED = Endpoint(base_url="http://recorded.invalid/v1", model="recorded")
"""Stands for the endpoint of a replay; nothing is sent there."""


Attached = Repair | Program
"""An agent that answers requests; its `broken` are loops that failed."""


def attach_to_tapes(agent: Agent, tapes: Tapes, bench: Bench) -> Attached:
    """What runs recorded loops again, with the answers of then; see `attach`."""
    if isinstance(agent, RepairAgent):
        return Repair(agent, TapeModel(tapes), bench)
    return Program(agent, RECORDED, bench, tapes=tapes)


def attach(agent: Agent, endpoint: Endpoint, bench: Bench, prices: Prices | None) -> Attached:
    """What answers requests the agent's way.

    Args:
        agent: Which.
        endpoint: Of the model that it asks.
        bench: What it works at, and has its answers judged by.
        prices: Of the model.

    Raises:
        AgentError: The agent's program is not installed.
    """
    if isinstance(agent, RepairAgent):
        return Repair(agent, ChatClient(endpoint), bench)
    return Program(agent, endpoint, bench, prices)


def asked_as(agent: Agent) -> str:
    """In which form an agent is asked; "" for the prompt of a direct answer."""
    if isinstance(agent, RepairAgent):
        return ""
    return SHOWN if agent.tests else WORKSPACE


def worded(request: Request, task: AnyTask, agent_sha256: str, form: str) -> Request:
    """A request as an agent is asked it.

    Args:
        request: The question as a direct answer has it.
        task: The case.
        agent_sha256: Of the agent; "" for one direct answer.
        form: See `asked_as`.
    """
    if not agent_sha256:
        return request
    if not form:
        told = [(test.path, test.sha256) for test in task.case.tests]
        subject = sha256(msgspec.json.encode((task.case.source.sha256, told))).hexdigest()
        return msgspec.structs.replace(request, subject=subject)
    shown = form == SHOWN
    return msgspec.structs.replace(
        request,
        messages=(Message("user", instruction(task, tests=shown)),),
        subject=digest(task, tests=shown),
    )
