"""The Python code in an answer, in its place in the file: `reading` and `splice` for Python.

The last place where the function is declared and complete counts; one without a body, or that only
says it is not written, counts where there is no other. Else the last block that can be its body is
one, and a torn function is a syntax error.

The file decides signature, docstring and decorators where the answer's parameters are the same and
it has no decorator of its own; else the answer's own stand. Of what the answer declares beside it,
what the function uses is kept (`python_beside`).
"""

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_llmops.grading.candidate import Candidate, candidate
from pytest_llmops.grading.heads import heads
from pytest_llmops.grading.pieces import Piece, Worth, is_declared
from pytest_llmops.grading.python_beside import beside, members, own_start
from pytest_llmops.grading.python_forms import declared, plain, settled_body
from pytest_llmops.grading.python_margins import indented, margin_at
from pytest_llmops.grading.python_names import gives_nothing, settled
from pytest_llmops.grading.splice import edited
from pytest_llmops.tasks.code.languages import parse_module, syntax_errors
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of
from pytest_llmops.tasks.materialize import Task

LABELS = frozenset({"python", "py", "python3", "pycon", "ipython", ""})
"""Of fences that may hold the function's bare body, or what it uses."""
_STATEMENT = re.compile(
    r"^[ \t]*(?:return|raise|yield|if|for|while|with|try|\w[\w.\[\], ]* [-+*/|&]?= )", re.MULTILINE
)
_ACCESSOR = re.compile(r"@\w+\.(?:setter|deleter)\b")
_COMMENT_ENDS = re.compile(r"#[^\n]*\Z")


class Given(NamedTuple):
    """The asked function as an answer has it."""

    answer: Module
    one: Declaration

    @property
    def worth(self) -> Worth:
        """Whether it is complete."""
        if gives_nothing(self.answer.body(self.one)):
            return Worth.PLACEHOLDER
        return Worth.BROKEN if self.one.is_broken else Worth.COMPLETE


def read_python(pieces: Iterable[Piece], task: Task) -> Given | None:
    """Find the asked function: the last of the best, of bare code the first without prose."""
    seen: list[Piece] = []
    best: Given | None = None
    chosen: Piece | None = None
    for piece in pieces:
        seen.append(piece)
        one = _reading(piece, task)
        if one and (best is None or one.worth >= best.worth) and not _is_begun_again(one, best):
            best, chosen = one, piece
            if not piece.fenced and one.worth == Worth.COMPLETE and not one.answer.errors:
                return best
    return _joined(best, [one for one in seen if one is not chosen], task) if best else None


def python_candidate(found: Given | None, pieces: list[Piece], task: Task) -> Candidate | None:
    """Put what was found into the file; else what can be the body."""
    if found and found.worth != Worth.PLACEHOLDER:
        return _spliced(found, task)
    if found:
        rest = [one for one in pieces if not is_declared(one.text, task)]
        return _as_body(rest, task) or _spliced(found, task)
    return _as_body(pieces, task) or _torn(pieces, task)


def _is_begun_again(one: Given, before: Given | None) -> bool:
    """Whether a function is the cut off repetition of one before, which no brace tells."""
    if before is None or before.worth != Worth.COMPLETE:
        return False
    text, whole = (of.answer.text(of.one.start, of.one.end).strip() for of in (one, before))
    return len(text) < len(whole) and whole.startswith(text)


def _reading(piece: Piece, task: Task) -> Given | None:
    """The function in one piece, as it stands or in the first other text that is better."""
    texts = [piece.text, *piece.others]
    if piece.others and _COMMENT_ENDS.search(piece.text.rstrip()):
        texts = [*piece.others, piece.text]  # a fence that ends a comment closes no block
    best: Given | None = None
    for text in texts:
        one = _given(plain(text), task)
        if one and (best is None or one.worth > best.worth):
            best = one
        if best and best.worth != Worth.BROKEN:
            break
    return best


def _given(code: str, task: Task) -> Given | None:
    """The best declaration in the last form that has one; of equals the last."""
    asked, path = task.declaration, task.module.path
    found: list[Given] = []
    for form in declared(code, asked, path):
        module = parse_module(form.encode("utf-8", "replace"), path)
        if module.given_up:
            return None
        named = [one for one in module.declarations if one.name == asked.name]
        named = [one for one in named if not any(map(_ACCESSOR.match, one.overloads))] or named
        exact = [one for one in named if one.symbol == asked.symbol]
        found = [Given(module, one) for one in exact or named] or found
    return max(enumerate(found), key=lambda one: (one[1].worth, one[0]))[1] if found else None


def _joined(found: Given, pieces: list[Piece], task: Task) -> Given:
    """The function with what the other pieces declare at its side."""
    answer, given = found
    others = [text for one in pieces if (text := _declarations(one, task))]
    if not others or answer.errors:
        return found
    before = ("\n\n\n".join(others) + "\n\n\n").encode("utf-8", "replace")
    joined = parse_module(before + answer.source, answer.path)
    at = [one for one in joined.declarations if one.start == given.start + len(before)]
    return Given(joined, at[0]) if at and not joined.errors else found


def _declarations(piece: Piece, task: Task) -> str:
    """The code of a fenced piece that declares something, "" for any other."""
    if not piece.fenced or piece.language not in LABELS:
        return ""
    code = plain(piece.text)
    module = parse_module(code.encode("utf-8", "replace"), task.module.path)
    return "" if module.errors or not any(one.names for one in module.items) else code


def _spliced(found: Given, task: Task) -> Candidate:
    module, asked = task.module, task.declaration
    code, body = (
        found.answer.text(at, found.one.end) for at in (found.one.start, found.one.body_start)
    )
    answer, one = settled(module, asked, *found)
    home = next(item for item in module.items if item.start <= asked.start < item.end)
    outer = margin_at(module, asked.start)
    kept, behind = beside(module, asked, answer, one)
    inside, cases = (
        [
            indented(answer.text(at.start, at.end), margin_at(answer, at.start), outer, module.path)
            for at in items
        ]
        for items in members(module, asked, answer, one)
    )
    start = asked.start
    text = _function(task, answer, one)
    text += "".join(f"\n\n\n{one}" for one in behind) + "".join(f"\n\n{outer}{at}" for at in cases)
    if _decorates(asked, one):
        start = own_start(module, asked)
        text = "".join(f"{line}\n{outer}" for line in one.overloads) + text
    edits = [(start, asked.end, text)]
    if kept:
        edits.append((home.start, home.start, "\n\n\n".join(kept) + "\n\n\n"))
    if inside:
        first = next(item for item in home.members if item.start <= asked.start < item.end)
        edits.append((first.start, first.start, "".join(f"{one}\n\n{outer}" for one in inside)))
    near = [*kept, *map(textwrap.dedent, [*inside, *cases]), *behind]
    whole = textwrap.dedent(found.one.indent + body)
    return candidate(
        task, edited(module, edits), "\n\n".join([*near, code]), "\n\n".join([*near, whole])
    )


def _decorates(asked: Declaration, one: Declaration) -> bool:
    """Whether the answer says how the function is decorated, and not as the file does."""
    return bool(set(one.overloads) - set(asked.overloads))


def _function(task: Task, answer: Module, one: Declaration) -> str:
    """The function as it is put into the file, without decorators."""
    asked = task.declaration
    body = indented(answer.body(one), one.indent, asked.indent, task.module.path)
    if _head(asked) == _head(one):
        return asked.signature + body
    inner, outer = margin_at(answer, one.start), margin_at(task.module, asked.start)
    own = indented(answer.text(one.start, one.body_start), inner, outer, task.module.path)
    return own.rstrip(" \t") + asked.indent + body


def _head(one: Declaration) -> tuple[bool, tuple[str, ...]]:
    """What makes two signatures the same to whoever calls: names and defaults, without types."""
    root = parse(f"def _{one.parameters}: pass".encode("utf-8", "replace"), ".py")
    function = root.named_children[0] if root.named_child_count else root
    holder = function.child_by_field_name("parameters")
    names = []
    for parameter in holder.named_children if holder else ():
        if parameter.type == "comment":
            continue
        name = parameter.child_by_field_name("name") or parameter
        if name.type == "typed_parameter":
            name = name.named_children[0]
        default = text_of(parameter.child_by_field_name("value"))
        names.append("".join(f"{text_of(name)}={default}".rstrip("=").split()))
    return one.is_async, tuple(names)


def _as_body(pieces: Sequence[Piece], task: Task) -> Candidate | None:
    """The last piece that can be the body."""
    module, asked = task.module, task.declaration
    for piece in reversed(pieces):
        if piece.language not in LABELS:
            continue
        code = settled_body(plain(piece.text))
        inner = textwrap.indent(code, "    ")
        source = f"async def _():\n{inner}\n".encode("utf-8", "replace")
        if not _STATEMENT.search(code) or syntax_errors(source, module.path):
            continue
        body = indented(code, "", asked.indent, module.path)
        text = edited(module, [(asked.body_start, asked.body_end, body)])
        return candidate(task, text, code, code)
    return None


def _torn(pieces: list[Piece], task: Task) -> Candidate | None:
    """The function from its head on, where the grammar finds none."""
    asked = task.declaration
    for piece in reversed(pieces):
        for place in [*heads(task).finditer(piece.text)][-1:]:
            code = piece.text[place.start("code") :]
            text = edited(task.module, [(asked.start, asked.end, code)])
            return candidate(task, text, code, code, broken=True)
    return None
