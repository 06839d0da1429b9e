"""An answered function, and what it uses, put into the file in the place of the one asked for.

The file decides the form (declaration, `const`, method; `export`; modifiers), so whatever relied on
it, hoisting and `this` included, still holds. The answer decides what the function does: where it
has the same parameters, defaults, `async` and `*` as the file, the file's signature with its types
stays; else the answer's own stands.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from pytest_llmops.grading.beside import holder, kept_beside
from pytest_llmops.grading.collisions import settled
from pytest_llmops.tasks.code.modules import Declaration, Module, around
from pytest_llmops.tasks.code.parameters import parameter_patterns

_MODIFIERS = re.compile(r"\b(?:public|private|protected|static|override|readonly)\b")
_ARGUMENTS = re.compile(r"\barguments\b")
_OWN = re.compile(r"\b(?:this|arguments)\b")


class Spliced(NamedTuple):
    """An answer in the file."""

    file_text: str
    code: str
    """The function in the answer's own form."""
    body: str
    """Its body."""
    beside: str
    """What is kept of what the answer declares beside it."""


def splice(module: Module, asked: Declaration, answer: Module, given: Declaration) -> Spliced:
    """Put an answered declaration, and what it uses of its surroundings, into the file.

    Args:
        module: The file.
        asked: The declaration in it that is replaced.
        answer: The answer's code.
        given: The declaration in that, of whatever form.
    """
    code, body = answer.text(given.start, given.end), answer.body(given)
    answer, given = settled(module, asked, answer, given)
    beside = kept_beside(module, asked, answer, given)
    home = holder(module.items, asked)
    edits = [(asked.start, asked.end, _declaration(module, asked, answer, given))]
    if beside.before:
        edits.append((home.start, home.start, f"{beside.before}\n\n"))
    if beside.members:
        place = around(module.items, asked)[-1].start
        edits.append((place, place, f"{beside.members}\n\n"))
    if beside.after:
        edits.append((home.end, home.end, f"\n\n{beside.after}"))
    return Spliced(edited(module, edits), code, body, beside.text)


def edited(module: Module, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return the file's text with ranges of bytes replaced; ranges must not overlap."""
    pieces, position = [], 0
    for start, end, text in sorted(edits):
        pieces += [module.source[position:start], text.encode("utf-8", "replace")]
        position = end
    return b"".join([*pieces, module.source[position:]]).decode("utf-8", "replace")


def _declaration(module: Module, asked: Declaration, answer: Module, given: Declaration) -> str:
    body = answer.body(given)
    tail = module.text(asked.body_end, asked.end)
    if _same_head(asked, given) and not _needs_function(asked, given, body):
        return asked.signature + _as_body(asked, given, body) + tail
    prefix = module.text(asked.start, asked.head_start)
    return prefix + _function(asked, given, body) + tail


def _same_head(asked: Declaration, given: Declaration) -> bool:
    return (asked.is_async, asked.is_generator, parameter_patterns(asked.parameters)) == (
        given.is_async,
        given.is_generator,
        parameter_patterns(given.parameters),
    )


def _needs_function(asked: Declaration, given: Declaration, body: str) -> bool:
    """Whether a member of an object relies on what an arrow has not: `this`, `arguments`."""
    own = asked.of_object and asked.is_arrow and not given.is_arrow
    return own and bool(_OWN.search(body))


def _as_body(asked: Declaration, given: Declaration, body: str) -> str:
    """Return the body in a form the asked declaration can have."""
    return f"{{\n  return {body};\n}}" if given.is_expression and not asked.is_arrow else body


def _function(asked: Declaration, given: Declaration, body: str) -> str:
    """Return a function of the asked form with the head of the given one."""
    star = "*" if given.is_generator else ""
    before = "async " if given.is_async else ""
    head = f"{given.generics}{given.parameters}{given.returns}"
    block = f"{{\n  return {body};\n}}" if given.is_expression else body
    if asked.kind == "method":
        words = _MODIFIERS.findall(asked.signature.partition(asked.name)[0])
        return f"{' '.join([*words, before])}{star}{asked.name}{head} {block}".lstrip()
    if asked.kind == "arrow" and not star and _can_be_arrow(asked, given, body):
        return f"{before}{head} => {body}"
    name = asked.name if asked.kind == "function" and asked.symbol != "default" else ""
    return f"{before}function{star} {name}{head} {block}"


def _can_be_arrow(asked: Declaration, given: Declaration, body: str) -> bool:
    # A class field's function is an arrow for its `this`; an arrow has no `arguments`.
    if asked.of_object:
        return given.is_arrow or (asked.is_arrow and not _OWN.search(body))
    return given.is_arrow or (bool(asked.class_name) and not _ARGUMENTS.search(body))
