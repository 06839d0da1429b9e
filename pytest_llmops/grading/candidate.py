"""An answer in the place of the body that was cut out of its file."""

from collections.abc import Mapping

import msgspec

from pytest_llmops.tasks.code.languages import parse_module, syntax_errors
from pytest_llmops.tasks.materialize import Task


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


def worked_on(task: Task, files: Mapping[str, str]) -> Candidate | None:
    """The file as an agent left it; None where it changed others alone."""
    text = files.get(task.case.source.path)
    if text is None:
        return None
    module = parse_module(text.encode("utf-8", "replace"), task.case.source.path)
    found = [one for one in module.declarations if one.symbol == task.case.symbol]
    code = module.text(found[0].start, found[0].end) if found else text
    return candidate(task, text, code, module.body(found[0]) if found else text)
