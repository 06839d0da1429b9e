"""The pieces of an answer that may be code, whatever the language of the task.

Looked at are fenced blocks; what is wrapped into JSON, tags, quotes or single backticks, and
changes of the file; and the text as it is, of which lines are tried that look like code. At most
the last 64,000 characters of code are read, and where they don't have the function as many around
the last place that declares it; that bounds the time hostile text can take.
"""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple

from pytest_llmops.grading.fences import READ_LIMIT, Block, blocks, without_thinking
from pytest_llmops.grading.heads import heads, method_heads
from pytest_llmops.grading.patches import is_patch, patched
from pytest_llmops.grading.wrappers import spans, strings, unwrapped
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.materialize import Task

_BEFORE = READ_LIMIT // 4
"""Of these, characters before the function in a longer text."""
PIECES = 16
"""Blocks, or texts out of wrappers, that are read."""

_INLINE = "inline"
"""Label of what may be the function, but not its bare body."""
_STATEMENT = re.compile(r"\s*return\b|.*[;}]\s*\Z")
_CODE_LINE = re.compile(
    r"^(?:import|export|const|let|var|async|function|class|abstract|interface|type|enum|public"
    r"|private|protected|static|return|if|for|while|switch|try|throw|/\*|//|@|\{|\})"
)
_PYTHON_LINE = re.compile(
    r"(?:import [\w.]+|from [\w.]+ import |(?:async )?def \w+|class \w+|@[\w.]+"
    r"|[A-Za-z_]\w*(?: *:[^=]+)? *=(?!=)"
    r"|(?:if|for|while|with|try|else|elif|except|finally)\b.*:\s*(?:#.*)?$)"
)
_FENCE_LINE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n]*$", re.MULTILINE)


class Piece(NamedTuple):
    """A stretch of an answer that may be code."""

    text: str
    language: str
    fenced: bool
    """It is known to be code, by a fence or whatever else it was wrapped into."""
    others: tuple[str, ...] = ()
    """Other texts that it may be, tried in order where it is broken as it stands."""


class Worth(IntEnum):
    """What a declaration is worth against another one."""

    PLACEHOLDER = 0
    BROKEN = 1
    COMPLETE = 2


def is_unread(text: str, task: Task) -> bool:
    """Whether the function reaches beyond what is read, so that what is read of it is torn."""
    if len(text) <= READ_LIMIT:
        return False
    text = without_thinking(text)
    places = _places(text, task)
    if not places or any(_places(one.text, task) for one in fenced(text, task) if _fits(one)):
        return False
    return len(text) - places[-1].start() > READ_LIMIT - _BEFORE


def _fits(piece: Piece) -> bool:
    return len(piece.text) <= READ_LIMIT


def _places(text: str, task: Task) -> list[re.Match[str]]:
    """Where the function may begin."""
    return [*heads(task).finditer(text)] or [*method_heads(task).finditer(text)]


def limited(pieces: Iterable[Piece]) -> list[Piece]:
    """As many pieces as may be read; the last one is cut where it is too long."""
    found: list[Piece] = []
    left = READ_LIMIT
    for piece in pieces:
        short = piece._replace(text=piece.text[:left])
        left -= len(short.text)
        if short.text.strip():
            found.append(short)
        if left <= 0 or len(found) == PIECES:
            break
    return found[::-1]


def fenced(text: str, task: Task) -> Iterator[Piece]:
    """What stands in fences, from the last block to the first."""
    ends = [one.start() for one in _FENCE_LINE.finditer(text)]
    for block in reversed(blocks(text)):
        code = text[block.start : block.end]
        if not code.strip():
            continue
        if block.language in {"markdown", "md"} and code.lstrip().startswith(("```", "~~~")):
            yield from fenced(code, task)
        elif len(code) <= READ_LIMIT and _is_wrapped(code, block.language):
            inner = [*_opened(code, block.language, task)]
            yield from reversed(inner or [Piece(code, block.language, True)])
        else:
            yield Piece(code, block.language, True, _longer(text, block, ends))


def _longer(text: str, block: Block, ends: list[int]) -> tuple[str, ...]:
    """The block with what follows up to later fences: one in a comment or a string ends none."""
    later = [end for end in ends if block.end < end <= block.start + READ_LIMIT]
    return tuple(text[block.start : end] for end in later[:3])


def _is_wrapped(code: str, language: str) -> bool:
    return language.startswith("json") or code.lstrip()[:1] in "{[" or is_patch(code, language)


def _opened(code: str, language: str, task: Task) -> Iterator[Piece]:
    """What is wrapped into a piece of JSON, or what a change makes of the file; in order."""
    label = language_of(task.module.path).name
    if is_patch(code, language):
        first, *others = patched(code, task)
        yield Piece(first, label, True, tuple(others))
        return
    for inner in strings(code):
        yield from _inside(inner, task, label)


def _inside(text: str, task: Task, language: str) -> Iterator[Piece]:
    """The pieces of a text that came out of a wrapper; in order."""
    found = [*fenced(text, task)][::-1]
    if found:
        yield from found
    elif is_patch(text, ""):
        yield from _opened(text, "", task)
    else:
        bare = Piece(text, language, True)
        others = tuple(one.text for one in stretches(text, task))[1:]
        yield bare._replace(others=others)


def wrapped(text: str, task: Task) -> Iterator[Piece]:
    """What stands in anything but fences, from the last to the first."""
    seen: list[str] = []
    size = 0
    for inner in unwrapped(text[-4 * READ_LIMIT :]):
        if inner not in seen and size < READ_LIMIT:
            size += len(inner)
            seen.append(inner)
    found = [*_opened(text, "", task)] if is_patch(text) else []
    found += [Piece(one, _INLINE, True) for one in spans(text)]
    for inner in seen:
        is_code = "\n" in inner or _STATEMENT.match(inner)
        found += _inside(inner, task, "" if is_code else _INLINE)
    return reversed(found)


def window(text: str, task: Task) -> str:
    """As much of a text without fences as is read: its beginning, or where the function stands."""
    places = _places(text, task) if len(text) > READ_LIMIT else []
    start = max(0, places[-1].start() - _BEFORE) if places else 0
    bare = _FENCE_LINE.sub("", text[start : start + READ_LIMIT])
    return bare.strip() if language_of(task.module.path).braces else bare.strip("\r\n\ufeff")


def stretches(text: str, task: Task) -> Iterator[Piece]:
    """Where code may stand in prose: all of it, its lines of code, or from the function on."""
    yield Piece(text, "", False)
    places = _places(text, task)[-1:]
    of_language = _in_braces if language_of(task.module.path).braces else _indented
    yield from (Piece(one, "", False) for one in of_language(text, places))


def _in_braces(text: str, places: list[re.Match[str]]) -> Iterator[str]:
    lines = text.splitlines()
    code = [number for number, line in enumerate(lines) if _CODE_LINE.match(line)]
    ends = [number for number, line in enumerate(lines) if line.rstrip().endswith(("}", ";", "`"))]
    if code and ends:
        yield "\n".join(lines[code[0] : ends[-1] + 1])
    yield from (text[place.start("code") :] for place in places)


def _indented(text: str, places: list[re.Match[str]]) -> Iterator[str]:
    """The blocks that begin with a line of code, and the function's own."""
    lines = text.split("\n")
    kept: list[str] = []
    for number, line in enumerate(lines):
        if _PYTHON_LINE.match(line):
            kept += lines[number : _end_of_block(lines, number)]
    if kept:
        yield "\n".join(kept)
    for place in places:
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
