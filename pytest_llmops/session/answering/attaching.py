"""The agent of a run, held against the model that it will ask or the run that it will repeat."""

from pathlib import Path

import msgspec

from pytest_llmops.agents.ability import require_tools
from pytest_llmops.agents.attach import Bench, asked_as, attach_to_tapes
from pytest_llmops.agents.settings import Agent, ProgramAgent
from pytest_llmops.agents.tape import Tapes
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.compare.comparable import agent_of
from pytest_llmops.errors import AgentError
from pytest_llmops.generation.generate import Generation
from pytest_llmops.models import Prices
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.reading import RecordedRun, read_run


def require_model_for(agent: ProgramAgent, endpoint: Endpoint, prices: Prices | None) -> None:
    """Refuse a model that an agent cannot work with, before it is asked about any case.

    Raises:
        AgentError: It takes no tools, or has no prices for a budget in dollars.
    """
    if agent.budget.cost and prices is None:
        raise AgentError(
            f"--agent={agent.name} has a budget of {agent.budget.cost:g} US dollars, and no prices "
            f"are known of {endpoint.model}; add 'prices' to it in models.toml"
        )
    require_tools(agent, endpoint)


def as_agent(identity: Identity, agent: Agent) -> Identity:
    """The identity of a run whose cases an agent attempts."""
    return msgspec.structs.replace(identity, agent_sha256=agent.sha256, asked_as=asked_as(agent))


def tapes_of(recorded: RecordedRun) -> Tapes:
    """The loops of a run, for an agent to run them again.

    Raises:
        AgentError: It holds none that can be.
    """
    tapes = {(r.case, r.sample): r.loop.turns for r in recorded.records if r.loop and r.usage}
    if not any(turn.key for turns in tapes.values() for turn in turns):
        raise AgentError(
            f"{recorded.path}: its answers are those of agent {agent_of(recorded.run)}, and it "
            "does not say what each answered; leave --agent out, and they are graded again"
        )
    if not recorded.run.content:
        raise AgentError(f"{recorded.path}: recorded with --no-content, so it holds no answers")
    return tapes


def repeated(path: Path, agent: Agent, bench: Bench) -> Generation:
    """The loops of a recorded run, run again by an agent with the answers of then.

    Raises:
        AgentError: It holds none that can be.
        RecordError: It cannot be read.
    """
    return Generation(attach_to_tapes(agent, tapes_of(read_run(path)), bench))
