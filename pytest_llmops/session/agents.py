"""The agent of a session: found, and held against the model that it will ask."""

import msgspec

from pytest_llmops.agents.ability import require_tools
from pytest_llmops.agents.attach import asked_as
from pytest_llmops.agents.installed import require
from pytest_llmops.agents.settings import Agent, ProgramAgent, RepairAgent
from pytest_llmops.agents.settings import resolve as resolve_agent
from pytest_llmops.agents.tape import Tapes
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.compare.comparable import agent_of
from pytest_llmops.errors import AgentError
from pytest_llmops.models import Prices, resolve
from pytest_llmops.runs.identity import Identity
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.session.options import Options


def open_agent(options: Options) -> Agent | None:
    """The agent that the command line names; None for one direct answer.

    Raises:
        AgentError: It is unknown, cannot be used, or has no use without grades.
    """
    agent = resolve_agent(options.agent.name, options.agent.file, tests=options.agent.tests)
    if isinstance(agent, RepairAgent) and not options.grade:
        raise AgentError(
            f"--agent={options.agent.name} needs the results of the tests; leave --no-grade out"
        )
    if isinstance(agent, ProgramAgent):
        if options.sandbox == "process":
            raise AgentError(
                f"--agent={options.agent.name} runs a program, which --sandbox=process cannot "
                "confine"
            )
        require(agent)
        _, base = resolve(options.model, options.models_file) if options.model else (None, None)
        if base and base.engine == "llmops":
            raise AgentError(
                f"--agent={options.agent.name} calls tools, and model {options.model} cannot: this "
                "package's engine has no tool calls; take an endpoint, or engine = 'vllm'"
            )
    return agent


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
