"""What a model is asked in a session."""

from collections.abc import Sequence

from pytest_llmops.agents.attach import worded
from pytest_llmops.completions import Request
from pytest_llmops.errors import ModelError
from pytest_llmops.generation.keys import Key
from pytest_llmops.models import load_models
from pytest_llmops.runs.record import Identity
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.selection import Selection


def requests_of(selection: Selection, keys: Sequence[Key], who: Identity) -> list[Request]:
    """The requests of attempts; corrupt cases have none, and their own tests say why.

    Args:
        selection: Where cases are looked up.
        keys: The attempts.
        who: The model that is asked, and the agent that asks it.
    """
    made = selection.requests(keys, who.context_tokens, who.instruction)
    how, task = (who.agent_sha256, who.asked_as), selection.asked
    return [worded(one, task(one.case_id), *how) for one in made]


def require_model(options: Options) -> None:
    """See that a model is named.

    Raises:
        ModelError: None is; says which there are.
    """
    if not options.model:
        known = ", ".join(load_models(options.models_file)) or "none"
        raise ModelError(f"--model is needed; {options.models_file} names: {known}")
