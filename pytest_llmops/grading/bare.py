"""Code in a text that nothing marks as code: where in prose it may stand.

Tried are all of the text, the lines between the first and the last that look like code, the
statements that begin at its margin, and what stands from the function on.
"""

import re
from collections.abc import Iterator

from pytest_llmops.grading.fences import READ_LIMIT
from pytest_llmops.grading.heads import heads, method_heads
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.materialize import Task

BEFORE = READ_LIMIT // 4
"""Of what is read of a longer text, characters before the function."""
FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)
_CODE_LINE = re.compile(
    r"^(?:import|export|const|let|var|async|function|class|abstract|interface|type|enum|public"
    r"|private|protected|static|return|if|for|while|switch|try|throw|/\*|//|@|\{|\})"
)
_PYTHON_LINE = re.compile(
    r"(?:import [\w.]+|from [\w.]+ import |(?:async )?def \w+|class \w+|@[\w.]+"
    r"|[A-Za-z_]\w*(?: *:[^=]+)? *=(?!=)"
    r"|(?:if|for|while|with|try|else|elif|except|finally)\b.*:\s*(?:#.*)?$)"
)
_WHOLE_LINE = re.compile(r"[;}]\s*\Z|^//|^@")


def places(text: str, task: Task) -> list[re.Match[str]]:
    """Where the function may begin."""
    return [*heads(task).finditer(text)] or [*method_heads(task).finditer(text)]


def before_fences(text: str) -> str:
    """What stands before the first fence of a text."""
    fence = FENCE_LINE.search(text)
    return text[: fence.start()][-READ_LIMIT:].strip() if fence else ""


def window(text: str, task: Task) -> str:
    """As much of a text without fences as is read: its beginning, or where the function stands."""
    found = places(text, task) if len(text) > READ_LIMIT else []
    start = max(0, found[-1].start() - BEFORE) if found else 0
    bare = FENCE_LINE.sub("", text[start : start + READ_LIMIT])
    return bare.strip() if language_of(task.module.path).braces else bare.strip("\r\n\ufeff")


def stretches(text: str, task: Task) -> Iterator[str]:
    """Where code may stand in prose: all of it, its lines of code, or from the function on."""
    yield text
    of_language = _in_braces if language_of(task.module.path).braces else _indented
    yield from of_language(text, places(text, task)[-1:])


def _in_braces(text: str, begun: list[re.Match[str]]) -> Iterator[str]:
    lines = text.splitlines()
    code = [number for number, line in enumerate(lines) if _CODE_LINE.match(line)]
    ends = [number for number, line in enumerate(lines) if line.rstrip().endswith(("}", ";", "`"))]
    if code and ends:
        yield "\n".join(lines[code[0] : ends[-1] + 1])
        yield "\n".join(_statements(lines))
    yield from (text[place.start("code") :] for place in begun)


def _statements(lines: list[str]) -> Iterator[str]:
    """The lines of what begins at the margin with a line of code, each up to its end."""
    end = 0
    for number, line in enumerate(lines):
        if number >= end and _CODE_LINE.match(line) and not line.startswith("}"):
            end = _end_of_statement(lines, number)
            yield from lines[number:end]


def _end_of_statement(lines: list[str], start: int) -> int:
    """The line behind a statement: what follows stands at the margin and closes nothing."""
    if _WHOLE_LINE.search(lines[start]):
        return start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number]
        if line.startswith((" ", "\t")) or not line.strip():
            continue
        if line[0] not in "})]`" or not line.rstrip().endswith(("{", "(", "=>", ",", "[")):
            return number + (line[0] in "})]`")
    return len(lines)


def _indented(text: str, begun: list[re.Match[str]]) -> Iterator[str]:
    """The blocks that begin with a line of code, and the function's own."""
    lines = text.split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _PYTHON_LINE.match(line):
            kept += lines[number : _end_of_block(lines, number)]
    if kept:
        yield "\n".join(kept)
    for place in begun:
        row = text.count("\n", 0, place.start("code"))
        yield "\n".join([lines[row].lstrip(), *lines[row + 1 : _end_of_block(lines, row)]])


def _end_of_block(lines: list[str], start: int) -> int:
    """The line behind those that are indented more than the first, or close a bracket."""
    margin = len(lines[start]) - len(lines[start].lstrip())
    for number in range(start + 1, len(lines)):
        line = lines[number]
        bare = line.lstrip()
        if bare and len(line) - len(bare) <= margin and bare[0] not in ")]}":
            return number
    return len(lines)
