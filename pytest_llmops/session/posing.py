"""What models.toml says of a session's model that decides which cases are fair to it."""

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_llmops.agents.programs import DIRECT
from pytest_llmops.errors import AgentError, ModelError, RecordError
from pytest_llmops.models import EndpointModel, ReplayedModel, resolve
from pytest_llmops.session.choosing import AgentChoice

if TYPE_CHECKING:
    from pytest_llmops.runs.run import Run


def budget_of_questions(
    model: str, models_file: Path, agent: AgentChoice, runs: Path
) -> int | None:
    """Tokens of the program in a question; None where an agent reads all of it.

    None too where the model, agent or run cannot be used: who opens it says why.
    """
    try:
        reads_all = agent.name != DIRECT and _is_program(agent)
        found, base = resolve(model, models_file)
        if reads_all:
            return None
        if isinstance(found, ReplayedModel):
            return _replayed(found, runs).identity.context_tokens
    except (AgentError, ModelError, RecordError):
        return None
    if isinstance(found, EndpointModel):
        return found.context_tokens
    return base.context_tokens if base else None


def cutoff_of(model: str, models_file: Path, runs: Path) -> str:
    """Up to when a model was trained, as models.toml says it; "" where nobody does.

    Raises:
        ModelError: The model is unknown.
        RecordError: The run whose answers are replayed cannot be read.
    """
    found, base = resolve(model, models_file)
    if isinstance(found, ReplayedModel):
        return _replayed(found, runs).cutoff
    if isinstance(found, EndpointModel):
        return found.cutoff
    return base.cutoff if base else ""


def _is_program(agent: AgentChoice) -> bool:
    """Whether an agent is a program, which finds in its workspace what it wants to know."""
    from pytest_llmops.agents.settings import ProgramAgent, resolve

    return isinstance(resolve(agent.name, agent.file, tests=agent.tests), ProgramAgent)


def _replayed(model: ReplayedModel, runs: Path) -> "Run":
    from pytest_llmops.runs.reading import find_run, run_lines

    return run_lines(find_run(model.replay, runs))[0]
