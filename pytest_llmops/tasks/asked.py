"""Cases of every kind, as what can be put to a model and graded."""

from pytest_llmops.cases import Case
from pytest_llmops.completions import Message
from pytest_llmops.tasks.changes import ChangeTask, materialize_change
from pytest_llmops.tasks.materialize import Task, materialize
from pytest_llmops.tasks.prompts.change_prompt import ask_for_change
from pytest_llmops.tasks.prompts.prompt import CHARACTERS_PER_TOKEN, build_messages
from pytest_llmops.tasks.sources import SourceTree

AnyTask = Task | ChangeTask
"""A function to write, or a change to make."""


def materialize_any(case: Case, tree: SourceTree) -> AnyTask:
    """Read and verify everything a case needs.

    Raises:
        CaseError: A file is missing or is not what was mined.
        SourceError: The tree of a commit cannot be fetched.
    """
    return materialize_change(case, tree) if case.change else materialize(case, tree)


def question(task: AnyTask, *, context_tokens: int, instruction: str = "") -> tuple[Message, ...]:
    """Ask for what a task wants; see `prompt.build_messages` and `change_prompt`."""
    if isinstance(task, Task):
        return build_messages(task, context_tokens=context_tokens, instruction=instruction)
    characters = int(context_tokens * CHARACTERS_PER_TOKEN)
    return ask_for_change(task, characters=characters, instruction=instruction)
