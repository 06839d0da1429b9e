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

from pytest_llmops.grading.bare import BEFORE, FENCE_LINE, places, stretches, window
from pytest_llmops.grading.calls import calls
from pytest_llmops.grading.fences import READ_LIMIT, Block, blocks
from pytest_llmops.grading.patches import is_patch, patched
from pytest_llmops.grading.thinking import said
from pytest_llmops.grading.wrappers import spans, strings, unwrapped
from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.materialize import Task

PIECES = 16
"""Blocks, or texts out of wrappers, that are read."""

_BLOCK = "<<<<<<< SEARCH\n{0.old}\n=======\n{0.new}\n>>>>>>> REPLACE"
_INLINE = "inline"
"""Label of what may be the function, but not its bare body."""
_STATEMENT = re.compile(r"\s*return\b|.*[;}]\s*\Z")


class Piece(NamedTuple):
    """A stretch of an answer that may be code."""

    text: str
    language: str
    fenced: bool
    """It is known to be code, by a fence or whatever else it was wrapped into."""
    others: tuple[str, ...] = ()
    """Other texts that it may be, tried in order where it is broken as it stands."""
    closed: bool = True
    """It has an end; a fence that is not closed has none."""


class Worth(IntEnum):
    """What a declaration is worth against another one."""

    PLACEHOLDER = 0
    BROKEN = 1
    COMPLETE = 2


def is_unread(text: str, task: Task) -> bool:
    """Whether the function reaches beyond what is read, so that what is read of it is torn."""
    if len(text) <= READ_LIMIT:
        return False
    text = said(text)
    found = places(text, task)
    if not found or any(places(one.text, task) for one in fenced(text, task) if _fits(one)):
        return False
    return len(text) - found[-1].start() > READ_LIMIT - BEFORE


def is_declared(code: str, task: Task) -> bool:
    """Whether code begins a declaration of the function."""
    return bool(places(code, task))


def _fits(piece: Piece) -> bool:
    return len(piece.text) <= READ_LIMIT


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
    ends = [one.start() for one in FENCE_LINE.finditer(text)]
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
            yield Piece(code, block.language, True, _longer(text, block, ends), block.closed)


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
    yield from _called(code, task)


def _called(text: str, task: Task) -> Iterator[Piece]:
    """What tool calls make of the file: of each one that replaces lines by others."""
    changes = [_BLOCK.format(one) for one in calls(text) if one.old and one.old.strip()]
    if changes:
        first, *others = patched("\n".join(changes), task)
        yield Piece(first, language_of(task.module.path).name, True, tuple(others))


def _inside(text: str, task: Task, language: str) -> Iterator[Piece]:
    """The pieces of a text that came out of a wrapper; in order."""
    found = [*fenced(text, task)][::-1]
    if found:
        yield from found
    elif is_patch(text, ""):
        yield from _opened(text, "", task)
    else:
        bare = Piece(text, language, True)
        others = tuple(stretches(text, task))[1:]
        yield bare._replace(others=others)


def wrapped(text: str, task: Task) -> Iterator[Piece]:
    """What stands in anything but fences, from the last to the first."""
    seen: list[str] = []
    size = 0
    for inner in unwrapped(text[-4 * READ_LIMIT :]):
        if inner not in seen and size < READ_LIMIT:
            size += len(inner)
            seen.append(inner)
    found = [Piece(one, _INLINE, True) for one in spans(text)]
    found += _opened(text, "", task) if is_patch(text) else []
    for inner in seen:
        is_code = "\n" in inner or _STATEMENT.match(inner)
        found += _inside(inner, task, "" if is_code else _INLINE)
    found += _called(text[-4 * READ_LIMIT :], task)
    return reversed(found)


def unmarked(text: str, task: Task) -> Iterator[Piece]:
    """A text without fences, as it stands and where code may stand in it."""
    return (Piece(one, "", False) for one in stretches(window(text, task), task))
