"""The Python code in an answer, in its place in the file; what `extract` is for TypeScript.

Read are fenced blocks, then the text as it is. The last place where the function is declared and
complete counts; one without a body, or that only says it is not written, counts where there is no
other. Else the last block that can be its body is one, and a torn function is a syntax error.

The file decides signature, docstring and decorators where the answer's parameters are the same;
else the answer's own signature stands. Of what the answer declares beside it, what the function
uses and the file lacks is kept: imports, functions, classes, constants, and members of its class.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pytest_llmops.grading.candidate import Candidate, candidate
from pytest_llmops.grading.fences import READ_LIMIT, blocks, without_thinking
from pytest_llmops.grading.splice import edited
from pytest_llmops.tasks.code.languages import parse_module, syntax_errors
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of
from pytest_llmops.tasks.materialize import Task

LABELS = frozenset({"python", "py", "python3", "pycon", "ipython", ""})
"""Of fences that may hold the function."""
_WORD = re.compile(r"[^\W\d]\w*")
_PLACEHOLDER = re.compile(r"(?:#.*|pass|\.\.\.|raise NotImplementedError\b.*|\s)*\Z")
_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_STATEMENT = re.compile(
    r"^\s*(?:return|raise|yield|if|for|while|with|try|[\w.\[\], ]+ [-+*/|&]?= )", re.MULTILINE
)


class _Given(NamedTuple):
    """The asked function as an answer has it."""

    answer: Module
    one: Declaration

    @property
    def worth(self) -> int:
        """2 where it is complete, 1 where it is broken, 0 where it is not written."""
        if _PLACEHOLDER.match(self.answer.body(self.one)):
            return 0
        return 1 if self.one.is_broken else 2


def extract_python(text: str, task: Task) -> Candidate | None:
    """Find the answer to a task in a completion's text and put it into the file."""
    pieces = [*_pieces(without_thinking(text)[-READ_LIMIT:])]
    found = [one for piece in pieces for one in _declared(piece, task)]
    if found:
        best = max(enumerate(found), key=lambda one: (one[1].worth, one[0]))[1]
        if best.worth:
            return _spliced(best, task)
    return _as_body(pieces, task) or (_spliced(found[-1], task) if found else _torn(pieces, task))


def _pieces(text: str) -> Iterator[str]:
    """What may be code, the likeliest last."""
    fenced = [one for one in blocks(text) if one.language in LABELS]
    if not fenced:
        yield _plain(text)
    for block in fenced:
        yield _plain(text[block.start : block.end])


def _plain(code: str) -> str:
    prompted = all(map(_PROMPT.match, filter(None, code.strip().splitlines()))) and code.strip()
    return textwrap.dedent(_PROMPT.sub("", code) if prompted else code).strip("\n")


def _declared(code: str, task: Task) -> Iterator[_Given]:
    asked = task.declaration
    if asked.name not in code:
        return
    module = parse_module(code.encode("utf-8", "replace"), task.module.path)
    found = [one for one in module.declarations if one.name == asked.name]
    exact = [one for one in found if one.symbol == asked.symbol]
    yield from (_Given(module, one) for one in exact or found)


def _spliced(given: _Given, task: Task) -> Candidate:
    module, asked = task.module, task.declaration
    answer, one = given
    body = _indented(answer.body(one), one.indent, asked.indent, task)
    if _head(asked) == _head(one):
        text = asked.signature + body
    else:
        outer = asked.indent[: _margin(module, asked.start)]
        own = answer.text(one.start, one.body_start)
        inner = " " * _margin(answer, one.start)
        text = _indented(own, inner, outer, task).rstrip(" \t") + asked.indent + body
    home = next(item for item in module.items if item.start <= asked.start < item.end)
    beside = _beside(answer, one, module, text)
    members = _members(answer, one, home, text) if asked.class_name else ""
    edits = [(asked.start, asked.end, text)]
    if beside:
        edits.append((home.start, home.start, f"{beside}\n\n\n"))
    if members:
        first = next(item for item in home.members if item.start <= asked.start < item.end)
        edits.append(
            (
                first.start,
                first.start,
                f"{members}\n\n{asked.indent[: _margin(module, first.start)]}",
            )
        )
    code = answer.text(one.start, one.end)
    kept = "\n\n".join(filter(None, (beside, textwrap.dedent(members))))
    whole = "\n\n".join(filter(None, (kept, textwrap.dedent(one.indent + answer.body(one)))))
    used = "\n\n".join(filter(None, (kept, code)))
    return candidate(task, edited(module, edits), used, whole)


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


def _margin(module: Module, start: int) -> int:
    return start - module.source.rfind(b"\n", 0, start) - 1


def _indented(code: str, old: str, new: str, task: Task) -> str:
    """Code with other white space before all lines but the first, and but those inside strings."""
    if old == new:
        return code
    source = code.encode("utf-8", "replace")
    inside = set[int]()
    stack = [parse(source, task.module.path)]
    while stack:
        node = stack.pop()
        if node.type == "string":
            inside.update(range(node.start_point.row + 1, node.end_point.row + 1))
        else:
            stack += node.children
    lines = code.split("\n")
    for row, line in enumerate(lines):
        if row and row not in inside and line.strip():
            lines[row] = new + line.removeprefix(old)
    return "\n".join(lines)


def _beside(answer: Module, one: Declaration, module: Module, text: str) -> str:
    """What the function uses of what the answer declares at the top level, and the file lacks."""
    known = {name for item in module.items for name in item.names}
    known.update(_future_imports(answer.items, answer))
    items = [item for item in answer.items if not item.start <= one.start < item.end and item.names]
    wanted = [item for item in items if known.isdisjoint(item.names)]
    return "\n\n".join(_used(wanted, answer, text)).strip()


def _future_imports(items: Iterable[Item], answer: Module) -> Iterator[str]:
    for item in items:
        if item.kind == "import" and "__future__" in answer.text(item.start, item.end):
            yield from item.names


def _members(answer: Module, one: Declaration, home: Item, text: str) -> str:
    """Members of the class that the function uses and the file's class lacks."""
    known = {name for item in home.members for name in item.names}
    holders = [item for item in answer.items if item.start <= one.start < item.end]
    members = [item for holder in holders for item in holder.members]
    wanted = [item for item in members if item.names and known.isdisjoint(item.names)]
    found = [*_used([item for item in wanted if item.start != one.start], answer, text)]
    return "\n\n    ".join(found).strip()


def _used(items: list[Item], answer: Module, text: str) -> list[str]:
    """The texts of items that a text uses, or what is used uses; in order."""
    words, kept = set(_WORD.findall(text)), set[int]()
    while new := [
        one for one in items if one.start not in kept and not words.isdisjoint(one.names)
    ]:
        for one in new:
            kept.add(one.start)
            words.update(_WORD.findall(answer.text(one.start, one.end)))
    return [answer.text(one.start, one.end) for one in items if one.start in kept]


def _as_body(pieces: list[str], task: Task) -> Candidate | None:
    """The last piece that can be the body."""
    module, asked = task.module, task.declaration
    for piece in reversed(pieces):
        inner = textwrap.indent(piece, "    ")
        source = f"async def _():\n{inner}\n".encode("utf-8", "replace")
        if not _STATEMENT.search(piece) or syntax_errors(source, module.path):
            continue
        body = _indented(piece, "", asked.indent, task)
        text = edited(module, [(asked.body_start, asked.body_end, body)])
        return candidate(task, text, piece, piece)
    return None


def _torn(pieces: list[str], task: Task) -> Candidate | None:
    """The function from its head on, where the grammar finds none."""
    asked = task.declaration
    head = re.compile(rf"^[ \t]*(?:async[ \t]+)?def[ \t]+{re.escape(asked.name)}\b", re.MULTILINE)
    for piece in reversed(pieces):
        for place in [*head.finditer(piece)][-1:]:
            code = piece[place.start() :].lstrip()
            text = edited(task.module, [(asked.start, asked.end, code)])
            return candidate(task, text, code, code, broken=True)
    return None
