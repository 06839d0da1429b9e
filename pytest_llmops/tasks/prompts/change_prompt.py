"""The question of a commit case or an edit case, for one direct answer.

It has what is to be done, the files that the change is in, and how an answer is read. Of a commit
as many files are shown whole as the budget of the model holds, the shortest first, and the others
are named; of an edit all are. An agent, which can look for itself, is shown none
(`agents.workspace`).
"""

from pytest_llmops.completions import Message
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.edit_words import fenced

_ASKED = """\
{files}Make this change:

{statement}

Answer with the change alone{where}, in one of these forms: a unified diff, SEARCH/REPLACE blocks \
below the path of their file, or the whole new text of a file in a code block below its path. \
Write paths as they are given here. Change no tests; hidden tests judge the change.{instruction}"""
_FILE = """\
{path}:

{text}

"""
_NAMED = "Not shown, but changed as well: {paths}\n\n"
_MADE = "New, and to be written: {paths}\n\n"


def ask_for_change(
    task: ChangeTask, *, characters: int, instruction: str = ""
) -> tuple[Message, ...]:
    """Ask for the change of a task.

    Args:
        task: The task.
        characters: Budget for the texts of files; those of edits are shown whatever it is.
        instruction: A sentence of the user's own, put behind what is asked; "" for none.
    """
    shown = sorted(task.before) if task.change.edits else _shown(task, characters)
    made = [file.path for file in task.change.sources if not file.sha256]
    hidden = [path for path in sorted(task.before) if path not in shown]
    parts = [_file(path, task.before[path]) for path in shown]
    parts += [_NAMED.format(paths=", ".join(hidden))] if hidden else []
    parts += [_MADE.format(paths=", ".join(made))] if made else []
    only = [*task.before, *made]
    question = _ASKED.format(
        files="".join(parts),
        statement=task.statement,
        where=f" of `{only[0]}`" if len(only) == 1 else "",
        instruction=f" {instruction}" if instruction else "",
    )
    return (Message("user", question),)


def _shown(task: ChangeTask, characters: int) -> list[str]:
    """Paths of the files whose text the question has, in order."""
    found: list[str] = []
    for path in sorted(task.before, key=lambda path: (len(task.before[path]), path)):
        characters -= len(task.before[path])
        if characters >= 0:
            found.append(path)
    return sorted(found)


def _file(path: str, text: str) -> str:
    return _FILE.format(path=path, text=fenced(text.rstrip("\n")))
