"""Answers as changes of the file: unified diff, SEARCH/REPLACE blocks, `apply_patch`.

A change is applied to the file as the question shows it, with `// ...` (in Python `# ...`) for the
body that is asked for. Lines are compared without their indentation, because a question shows a
method without its own; in Python new lines are moved as far as the old ones stand. A change that
finds no place leaves what it would have put there, which is read like any other code.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from pytest_llmops.grading.heads import heads
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.materialize import Task

HUNKS = 64
"""Changes that are read of one answer."""

SEARCH = re.compile(
    r"^[ \t]*(?:(?:<{5,}|-{5,}) ?(?:SEARCH|ORIGINAL)\b[^\n]*|(?:<{3,4}|-{3,4}) ?SEARCH>?[ \t]*"
    r"|<{7} \S[^\n]*)$",
    re.MULTILINE,
)
DIVIDER = re.compile(r"^[ \t]*={3,}[ \t]*$", re.MULTILINE)
REPLACE = re.compile(
    r"^[ \t]*(?:(?:>{5,}|\+{5,}) ?(?:REPLACE|UPDATED)\b[^\n]*|(?:>{3,4}|\+{3,4}) ?REPLACE>?[ \t]*"
    r"|>{7}(?: \S[^\n]*|[ \t]*))$",
    re.MULTILINE,
)
_PATCH = re.compile(r"^\*\*\* (?:Begin Patch|(?:Update|Add) File:)", re.MULTILINE)
_HUNK = re.compile(r"^@@(?: |$|@@)", re.MULTILINE)
_FILES = re.compile(r"^(?:--- |\+\+\+ )[^\n]*$", re.MULTILINE)
_CHANGED = re.compile(r"^[+-](?![+-]{2})", re.MULTILINE)
_SECTION = re.compile(r"^(?:\+\+\+ |\*\*\* (?:Update|Add) File: )([^\n\t]*)$")
_HEADER = re.compile(
    r"^(?:diff --git |index |--- |\+\+\+ |\*\*\* |@@|new file |old mode |new mode |similarity )"
)


class Change(NamedTuple):
    """Lines that take the place of others."""

    path: str
    """The file it says it is of; "" where it says none."""
    old: str
    new: str


def is_patch(code: str, language: str = "") -> bool:
    """Whether a text is a change of a file; the label of its fence may say so."""
    if SEARCH.search(code) or _PATCH.search(code):
        return True
    if language in {"diff", "patch", "udiff"}:
        return bool(_CHANGED.search(code))
    return bool(_HUNK.search(code) and _FILES.search(code) and _CHANGED.search(code))


def patched(code: str, task: Task) -> tuple[str, ...]:
    """Return the file after the changes, where they find their places, and what they would put.

    Only the latter where it declares the asked function and takes none away: it would stand in the
    place of the function's body.
    """
    changes = [*_blocks(code)] if SEARCH.search(code) else [*_hunks(code)]
    changes = [one for one in changes if one.old.strip() != one.new.strip()][:HUNKS]
    ours = [one for one in changes if _is_of(one.path, task)] or changes
    put = "\n".join(one.new for one in ours)
    head = heads(task)
    if head.search(put) and not any(head.search(one.old) for one in ours):
        return (put,)
    text = shown(task)
    near = text.count("\n", 0, task.declaration.start)
    moves = not language_of(task.module.path).braces
    for change in ours:
        text = _applied(text, change, near, moves=moves)
        if not text:
            return (put,)
    return (text, put)


def shown(task: Task) -> str:
    """The file with the question's placeholder for the body."""
    asked, module = task.declaration, task.module
    head, tail = module.text(0, asked.body_start), module.text(asked.body_end, len(module.source))
    language = language_of(module.path)
    if not language.braces:
        return f"{head}{language.remark} ...{tail}"
    return f"{head.rstrip()} {{\n// ...\n}}{tail}"


def _is_of(path: str, task: Task) -> bool:
    name = task.module.path.rpartition("/")[2]
    return not path or path.replace("\\", "/").rpartition("/")[2].strip() == name


def _blocks(code: str) -> Iterator[Change]:
    """SEARCH/REPLACE blocks; one that is not closed ends with the text."""
    position = 0
    while opening := SEARCH.search(code, position):
        divider = DIVIDER.search(code, opening.end())
        if not divider:
            return
        closing = REPLACE.search(code, divider.end())
        end = closing.start() if closing else len(code)
        old, new = code[opening.end() : divider.start()], code[divider.end() : end]
        yield Change("", old.strip("\n"), new.strip("\n"))
        position = closing.end() if closing else len(code)


def _hunks(code: str) -> Iterator[Change]:
    """The hunks of unified diffs and of `apply_patch`."""
    path, place = "", 0
    marked: list[tuple[str, int, str]] = []
    for line in code.splitlines():
        if section := _SECTION.match(line):
            path = section.group(1).strip().removeprefix("b/")
        if _HEADER.match(line) or line.startswith("```"):
            place += 1
        elif not line.startswith("\\"):
            marked.append((path, place, line))
    for (path, _), lines in groupby(marked, key=lambda one: one[:2]):
        yield _hunk(path, [line for _, _, line in lines])


def _hunk(path: str, lines: list[str]) -> Change:
    old = [line[1:] if line[:1] in {"-", " "} else line for line in lines if line[:1] != "+"]
    new = [line[1:] if line[:1] in {"+", " "} else line for line in lines if line[:1] != "-"]
    return Change(path, "\n".join(old), "\n".join(new))


def _applied(text: str, change: Change, near: int, *, moves: bool) -> str:
    """Return the text with the old lines replaced, at the place nearest to a line; "" for none."""
    wanted = _plain(change.old.split("\n"))
    if not wanted:
        return text if not change.new.strip() else ""
    lines = text.split("\n")
    kept = [number for number, line in enumerate(lines) if line.strip()]
    joined = "\n" + _joined(lines[number] for number in kept)
    places: list[int] = []
    at = joined.find("\n" + wanted)
    while at >= 0 and len(places) < HUNKS:
        places.append(joined.count("\n", 0, at))
        at = joined.find("\n" + wanted, at + 1)
    if not places:
        return ""
    first = min(places, key=lambda place: abs(kept[place] - near))
    last = first + wanted.count("\n") - 1
    new = _moved(change, lines[kept[first]]) if moves else change.new
    return "\n".join([*lines[: kept[first]], new, *lines[kept[last] + 1 :]])


def _moved(change: Change, found: str) -> str:
    """The new lines, moved as far as the first old one stands from where the answer has it."""
    first = next(line for line in change.old.split("\n") if line.strip())
    said, stands = (line[: len(line) - len(line.lstrip())] for line in (first, found))
    lines = change.new.split("\n")
    return "\n".join(stands + line.removeprefix(said) if line.strip() else "" for line in lines)


def _plain(lines: Iterable[str]) -> str:
    return _joined(line for line in lines if line.strip())


def _joined(lines: Iterable[str]) -> str:
    return "".join(f"{line.strip().rstrip(';,')}\n" for line in lines)
