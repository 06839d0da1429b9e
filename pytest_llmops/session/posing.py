"""What models.toml says of a session's model that decides which cases are fair to it."""

from pathlib import Path

from pytest_llmops.agents.settings import ProgramAgent
from pytest_llmops.agents.settings import resolve as resolve_agent
from pytest_llmops.errors import AgentError, ModelError, RecordError
from pytest_llmops.models import EndpointModel, ReplayedModel, resolve
from pytest_llmops.runs.reading import find_run, run_lines
from pytest_llmops.session.choosing import AgentChoice


def budget_of_questions(
    model: str, models_file: Path, agent: AgentChoice, runs: Path
) -> int | None:
    """Tokens of the program in a question; None where an agent reads all of it.

    None too where the model, agent or run cannot be used: who opens it says why.
    """
    try:
        asked = resolve_agent(agent.name, agent.file, tests=agent.tests)
        found, base = resolve(model, models_file)
        if isinstance(asked, ProgramAgent):
            return None
        if isinstance(found, ReplayedModel):
            return run_lines(find_run(found.replay, runs))[0].identity.context_tokens
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
        return run_lines(find_run(found.replay, runs))[0].cutoff
    if isinstance(found, EndpointModel):
        return found.cutoff
    return base.cutoff if base else ""
