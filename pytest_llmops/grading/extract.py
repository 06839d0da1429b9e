"""The code in an answer, in its place in the file.

Tolerant of form: fenced, wrapped into something else or bare; the function in any form (also inside
its class or the whole file, or as a change of the file), or only its body. Exact in choice: the
grammar finds the declaration that was asked for, and nothing else of the answer gets into the file
but what that declaration uses.

1. `<think>` parts are dropped.
2. Looked at are, in this order, until the function is found complete: fenced blocks; what is
   wrapped into JSON, tags, quotes or single backticks, and changes of the file (`wrappers`,
   `patches`); the text as it is.
3. Of several places where the function stands one is chosen (`reading`), with what the other pieces
   declare for it. It is put into the file (`splice`) with what it uses of that (`beside`).
4. Without a complete one a broken one counts, as a syntax error or as truncated; else the first
   block that can be a body (`bodies`).

Python takes the same way with a reader of its own (`python_answers`).

Limits: at most the last 64,000 characters of code are read, and where they don't have the function
as many around the last place that declares it; that bounds the time hostile text can take. A
function that reaches beyond is not read, and `is_unread` tells. Unfenced code with prose between
its lines is not joined.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeVar

from pytest_llmops.grading.bare import before_fences, window
from pytest_llmops.grading.bodies import bare_body, bodies
from pytest_llmops.grading.candidate import Candidate, candidate, worked_on
from pytest_llmops.grading.pieces import (
    Piece,
    Worth,
    fenced,
    is_declared,
    is_unread,
    limited,
    unmarked,
    wrapped,
)
from pytest_llmops.grading.python_answers import python_candidate, read_python
from pytest_llmops.grading.reading import Reading, read
from pytest_llmops.grading.splice import splice
from pytest_llmops.grading.thinking import said
from pytest_llmops.tasks.code.languages import PYTHON_3, language_of
from pytest_llmops.tasks.materialize import Task


class _Found(Protocol):
    @property
    def worth(self) -> Worth: ...


_F = TypeVar("_F", bound=_Found)


def answered(text: str, files: Mapping[str, str], task: Task) -> Candidate | None:
    """Find the answer in a text, or take the file as an agent left it.

    Args:
        text: Of the completion.
        files: What an agent changed or made, by path; empty for a single answer.
        task: The task.
    """
    return worked_on(task, files) if files else extract(text, task)


def extract(text: str, task: Task) -> Candidate | None:
    """Find the answer to a task in a completion's text and put it into the file.

    Returns:
        None when there is no code in the text that could be the function or its body.
    """
    text = said(text)
    if language_of(task.module.path) is PYTHON_3:
        in_python, pieces = _search(text, task, read_python)
        if not _is_complete(in_python) and is_unread(text, task):
            return None
        return python_candidate(in_python, pieces, task)
    found, pieces = _search(text, task, read)
    if not _is_complete(found) and is_unread(text, task):
        return None
    if found is None:
        lead = [Piece(before_fences(text), "", False)]
        return bodies(pieces, task) or bare_body(lead, task)
    if found.worth == Worth.PLACEHOLDER:
        rest = [one for one in pieces if not is_declared(one.text, task)]
        return bare_body(rest, task) or _spliced(found, task)
    return _spliced(found, task)


def _search(
    text: str, task: Task, read: Callable[[Iterable[Piece], Task], _F | None]
) -> tuple[_F | None, list[Piece]]:
    """What is found by a reader of pieces, and the pieces that may be a bare body."""
    in_fences = limited(fenced(text, task))
    others: list[Piece] = []
    found = first = read(in_fences, task)
    if not _is_complete(found) and len(in_fences) > 1:
        parts = Piece("\n".join(one.text for one in in_fences), "", True)
        whole = read([parts], task)
        found = whole if _is_complete(whole) else found
    if not _is_complete(found):
        others = limited(wrapped(text, task))
        found = _better(found, read(others, task))
    if not _is_complete(found) and first is None:
        found = _better(found, read(unmarked(text, task), task))
    return found, in_fences or [*others, Piece(window(text, task), "", False)]


def _is_complete(found: _Found | None) -> bool:
    return found is not None and found.worth == Worth.COMPLETE


def _better(one: _F | None, other: _F | None) -> _F | None:
    return other if one is None or (other and other.worth > one.worth) else one


def _spliced(found: Reading, task: Task) -> Candidate:
    made = splice(task.module, task.declaration, *found)
    code, body = ("\n\n".join(filter(None, [made.beside, one])) for one in made[1:3])
    return candidate(task, made.file_text, code, body)
