"""Where a session gets its completions."""

from typing import TYPE_CHECKING

from pytest_llmops.models import ReplayedModel, resolve
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.session.answering.replayed import open_replay
from pytest_llmops.session.options import Options

if TYPE_CHECKING:
    from pytest_llmops.agents.attach import Bench
    from pytest_llmops.agents.settings import Agent


def open_answers(options: Options, agent: "Agent | None", bench: "Bench | None") -> Answers:
    """Start what must run for a model, or an agent that asks it, to answer.

    Args:
        options: The command line; its sampling is part of the identity, and a replay never uses the
            completion cache.
        agent: What attempts the cases; None for one direct answer.
        bench: What the agent works at, and has its answers judged by.

    Raises:
        ModelError: The model cannot be used.
        AgentError: The agent cannot.
        EndpointError: The engine does not start.
        RecordError: There is no such run to replay.
    """
    model, base = resolve(options.model, options.models_file)
    if isinstance(model, ReplayedModel):
        return open_replay(model, options.runs, agent, bench)
    from pytest_llmops.session.answering.asked import open_model

    return open_model(model, base, options, agent, bench)
