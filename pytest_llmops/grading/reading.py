"""The asked function in pieces of an answer.

Of all places where it is declared the last one counts that is complete: a model that corrects
itself does so further down. One that is cut off or broken counts only where there is none, and a
placeholder (no body, or one that says it is not implemented) only where there is nothing else.
What other pieces declare may be used by it, unless they are examples or tests of it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from pytest_llmops.grading.collisions import is_placeholder
from pytest_llmops.grading.fences import CODE_LANGUAGES
from pytest_llmops.grading.forms import restated
from pytest_llmops.grading.modules import without_require
from pytest_llmops.grading.pieces import Piece, Worth
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.code.objects import within
from pytest_llmops.tasks.code.syntax import EXPRESSIONS, shape
from pytest_llmops.tasks.materialize import Task

_NAME = r"#?[\w$]+[ \t]*[<(]"
_FUNCTION = re.compile(r"\s*(?:async\b\s*)?(?:function\b|\(|<|[\w$]+\s*=>)")
_OWN = re.compile(r"\b(?:this|super)\b|#\w")
_DOTS = re.compile(r"^[ \t]*(?:\.\.\.|…)[ \t]*$", re.MULTILINE)
_NUMBER = re.compile(r"^[ \t]*\d+[ \t]*[|:│][ \t]?", re.MULTILINE)
_NUMBERS = tuple(
    re.compile(rf"^[ \t]*\d{{1,6}}{behind}[ \t]?", re.MULTILINE)
    for behind in (r" ?\|", " ?│", ":", "→", r"[.)](?=\s|$)", r"(?=\s|$)")
)
"""Numbers of lines, by what stands behind them."""
_PROMPT = re.compile(r"^(?:>|\.\.\.|\|)(?: |$)", re.MULTILINE)
_ADDED = re.compile(r"^\+ ?", re.MULTILINE)
_MARKS = (_NUMBER, _ADDED, _PROMPT)
_TRIED = re.compile(r"\b(?:describe|it|test|expect|console)\s*[.(]")


class _GivenUpError(Exception):
    """The parser gave up on a text: it is not tried in other ways."""


class Reading(NamedTuple):
    """The asked declaration as an answer has it."""

    answer: Module
    given: Declaration

    @property
    def worth(self) -> Worth:
        """Whether it is complete."""
        return _worth(self.answer, self.given)


def read(pieces: Iterable[Piece], task: Task) -> Reading | None:
    """Find the asked declaration: the last of the best, of bare code the first without prose."""
    seen: list[Piece] = []
    best: Reading | None = None
    chosen = ""
    for piece in pieces:
        seen.append(piece)
        one = _reading(piece, task)
        if one and best and not piece.closed and _is_begun_again(one, best):
            continue
        if one and (best is None or one.worth >= best.worth):
            best, chosen = one, piece.text
            if not piece.fenced and one.worth == Worth.COMPLETE and not one.answer.errors:
                return best
    return _joined(best, [one for one in seen if one.text != chosen], task) if best else None


def _is_begun_again(one: Reading, before: Reading) -> bool:
    """Whether a function is the cut off repetition of one before, which no brace tells."""
    text, whole = (of.answer.text(of.given.start, of.given.end).strip() for of in (one, before))
    return before.worth == Worth.COMPLETE and len(text) < len(whole) and whole.startswith(text)


def _reading(piece: Piece, task: Task) -> Reading | None:
    """The declaration in one piece, as it stands or in the first other text that is better."""
    best: Reading | None = None
    for text in (*_numbered(piece.text), piece.text, *piece.others, *_cleaned(piece.text)):
        try:
            one = _declared(text, task)
        except _GivenUpError:
            break
        if one and (best is None or one.worth > best.worth):
            best = one
        if best and best.worth != Worth.BROKEN:
            break
    return best


def _numbered(code: str) -> Iterator[str]:
    """The code without the numbers of its lines, where they count up from the first to the last."""
    lines = [line for line in code.splitlines() if line.strip()]
    numbers = [int(found[0]) for line in lines if (found := re.match(r"\s*\d{1,6}", line))]
    if len(numbers) == len(lines) > 2 and all(b - a == 1 for a, b in pairwise(numbers)):
        fitting = (mark for mark in _NUMBERS if all(map(mark.match, lines)))
        yield from (mark.sub("", code) for mark in [*fitting][:1])


def _cleaned(code: str) -> Iterator[str]:
    """The code without dots for what is left out, and without marks before or behind its lines."""
    if _DOTS.search(code):
        yield _DOTS.sub("", code)
    lines = [line for line in code.splitlines() if line.strip()]
    for mark in _MARKS:
        if lines and all(map(mark.match, lines)):
            yield mark.sub("", code)
    if code.rstrip().endswith("},"):
        yield code.rstrip()[:-1]


def _declared(code: str, task: Task) -> Reading | None:
    """The asked declaration in code, as it stands or as text of a class, a `const`, an export."""
    asked, path = task.declaration, task.module.path
    direct = None
    for form in _forms(code, asked, path):
        one = _given(form, task)
        if one:
            direct = one
            break
    if direct and not _needs_its_class(direct, asked):
        return direct
    said = restated(code, asked, path)
    return (_given(said, task) if said else None) or direct


def _forms(code: str, asked: Declaration, path: str) -> Iterator[str]:
    if asked.symbol == "default" or asked.name in code:
        yield code
        yield from _as_members(code, asked)
    if _FUNCTION.match(code) and set(shape(code, path)) <= EXPRESSIONS:
        yield f"const {asked.name} = {code.strip()}"


def _as_members(code: str, asked: Declaration) -> Iterator[str]:
    """The code in the class or object that the asked function is a member of."""
    if asked.of_object:
        yield within(asked.class_name, code)
    if asked.class_name:
        name = asked.class_name if not asked.of_object else "_"
        own = rf"^(async[ \t]+)?(?:function[ \t]+)?{re.escape(name)}\.(?:prototype\.)?(?={_NAME})"
        yield f"class {name} {{\n{re.sub(own, _kept, code, flags=re.MULTILINE)}\n}}"


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""


def _needs_its_class(reading: Reading, asked: Declaration) -> bool:
    """Whether it is the method of a class of the answer's own that uses this class."""
    answer, given = reading
    if asked.class_name or not given.class_name:
        return False
    text = answer.text(given.start, given.end)
    return bool(_OWN.search(text)) or given.class_name in text


def _given(code: str, task: Task) -> Reading | None:
    """The best declaration under the asked symbol, else under its bare name; of equals the last."""
    asked = task.declaration
    code = without_require(code, task.module)
    module = parse_module(code.encode("utf-8", "replace"), task.module.path)
    if module.given_up:
        raise _GivenUpError
    declared = [one for one in module.declarations if asked.of_object or not one.of_object]
    found = [one for one in declared if one.name == asked.name]
    if asked.symbol == "default" and len(declared) == 1:
        found = declared
    if not found:
        return None
    best = max(
        enumerate(found),
        key=lambda one: (_worth(module, one[1]), one[1].symbol == asked.symbol, one[0]),
    )
    return Reading(module, best[1])


def _worth(module: Module, given: Declaration) -> Worth:
    if given.is_broken:
        return Worth.BROKEN
    empty = not given.is_expression and is_placeholder(module.body(given))
    return Worth.PLACEHOLDER if empty else Worth.COMPLETE


def _joined(reading: Reading, pieces: list[Piece], task: Task) -> Reading:
    """The reading with what the other pieces declare at its side."""
    answer, given = reading
    others = [text for one in pieces if (text := _declarations(one, task))]
    if not others or answer.errors:
        return reading
    before = "\n\n".join(others) + "\n\n"
    joined = parse_module(before.encode("utf-8", "replace") + answer.source, answer.path)
    start = given.start + len(before.encode("utf-8", "replace"))
    found = [one for one in joined.declarations if one.start == start]
    return Reading(joined, found[0]) if found and not joined.errors else reading


def _declarations(piece: Piece, task: Task) -> str:
    """The code of a piece that declares something and is no example, "" for any other."""
    asked, path = task.declaration, task.module.path
    if not piece.fenced or (piece.language and piece.language not in CODE_LANGUAGES):
        return ""
    for form in (piece.text, *_as_members(piece.text, asked)):
        code = without_require(form, task.module)
        module = parse_module(code.encode("utf-8", "replace"), path)
        if not module.errors:
            return "" if _is_example(module, asked) else code
    return ""


def _is_example(module: Module, asked: Declaration) -> bool:
    """Whether statements of the top level try the function."""
    called = re.compile(rf"\b{re.escape(asked.name)}\s*\(")
    texts = [module.text(one.code_start, one.end) for one in module.items if not one.body]
    loose = [
        text
        for one, text in zip([one for one in module.items if not one.body], texts, strict=True)
        if one.kind in {"other", "value"}
    ]
    return any(called.search(text) or _TRIED.search(text) for text in loose)
