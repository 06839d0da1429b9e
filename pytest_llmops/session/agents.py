"""The agent of a session, found before anything is collected."""

from typing import TYPE_CHECKING

from pytest_llmops.agents.programs import DIRECT
from pytest_llmops.errors import AgentError
from pytest_llmops.models import resolve
from pytest_llmops.session.options import Options

if TYPE_CHECKING:
    from pytest_llmops.agents.settings import Agent


def open_agent(options: Options) -> "Agent | None":
    """The agent that the command line names; None for one direct answer.

    Raises:
        AgentError: It is unknown, cannot be used, or has no use without grades.
    """
    if options.agent.name == DIRECT and not options.agent.tests:
        return None
    from pytest_llmops.agents.settings import ProgramAgent, RepairAgent
    from pytest_llmops.agents.settings import resolve as resolve_agent

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
        from pytest_llmops.agents.installed import require

        require(agent)
        _, base = resolve(options.model, options.models_file) if options.model else (None, None)
        if base and base.engine == "llmops":
            raise AgentError(
                f"--agent={options.agent.name} calls tools, and model {options.model} cannot: this "
                "package's engine has no tool calls; take an endpoint, or engine = 'vllm'"
            )
    return agent
