"""An answer in the place of the body that was cut out of its file."""

import msgspec

from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.typescript import syntax_errors


class Candidate(msgspec.Struct, frozen=True):
    """An answer in the place of the body that was cut out."""

    file_text: str
    """The source file with the answer in it."""
    code: str
    """The part of the answer that was used, in its own form."""
    body: str
    """The function's body in that, helpers with it; what was put there if it is torn."""
    syntax_errors: int
    """Errors that the file without the answer did not have."""


def candidate(
    task: Task, file_text: str, code: str, body: str, *, broken: bool = False
) -> Candidate:
    """Make a candidate; one that is known to be broken has at least one error."""
    found = syntax_errors(file_text.encode("utf-8", "replace"), task.module.path)
    return Candidate(file_text, code, body, max(int(broken), found - task.module.errors))
