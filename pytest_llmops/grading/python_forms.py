"""A function of Python that is said in another way, said again as a declaration of its own.

The declaration of a function in a module or a class has a body on lines of its own. One on the line
of its head, a `lambda`, another function under its name (`f = partial(g, 1)`), the method of a
class of the answer's own (`class Solution`) and one that a branch declares are rewritten so that
there is such a declaration that does the same. Also the marks that people put before lines of code
are taken away here.
"""

import re
import textwrap
from collections.abc import Iterator

from tree_sitter import Node

from pytest_llmops.grading.forms import fresh
from pytest_llmops.grading.python_margins import indented
from pytest_llmops.grading.python_names import gives_nothing, says_nothing
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

_PROMPT = re.compile(r"^(?:>>>|\.\.\.)(?: |$)", re.MULTILINE)
_CELL = re.compile(r"^(?:In \[\d*\]:|[ \t]+\.\.\.:)(?: |$)", re.MULTILINE)
_NUMBER = re.compile(r"^[ \t]*\d+[ \t]*[|:│](?: |$)", re.MULTILINE)
_ADDED = re.compile(r"^\+", re.MULTILINE)
_MARKS = (_PROMPT, _CELL, _NUMBER, _ADDED)
_DOTS = re.compile(r"^[ \t]*(?:…)[ \t]*$", re.MULTILINE)
_LEADING = re.compile(r"^[ \t\u00a0]*\u00a0[ \t\u00a0]*", re.MULTILINE)
_HOLDERS = frozenset(["decorated_definition", "expression_statement"])
_BLOCKS = frozenset(["if_statement", "try_statement", "with_statement", "match_statement"])
_STATIC = re.compile(r"@(?:staticmethod|classmethod)\b")
_ASSIGNED = re.compile(r"=\s*(?:staticmethod|classmethod)\s*\(")


def plain(code: str) -> str:
    """Code without what stands before each of its lines: prompts, numbers, the same white space."""
    code = code.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    lines = [line for line in code.split("\n") if line.strip()]
    for mark in _MARKS:
        if lines and all(map(mark.match, lines)):
            code = mark.sub("", code)
            break
    code = _LEADING.sub(lambda found: found[0].replace("\u00a0", " "), _DOTS.sub("", code))
    return textwrap.dedent(code).strip("\n")


def settled_body(code: str) -> str:
    """A body whose first line has lost its indentation, as where a text is stripped."""
    first, _, rest = code.partition("\n")
    if (
        not rest.strip()
        or first[:1].isspace()
        or first.rstrip().endswith((":", "(", "[", "{", ","))
    ):
        return code
    least = min(len(line) - len(line.lstrip()) for line in rest.split("\n") if line.strip())
    return f"{first}\n{textwrap.dedent(rest)}" if least else code


def declared(code: str, asked: Declaration, path: str) -> Iterator[str]:
    """Yield the code, and with the asked function as a declaration of its own where it has none."""
    if asked.name not in code:
        return
    code = _on_lines(code, asked, path)
    yield code
    if asked.class_name:
        return
    module = parse_module(code.encode("utf-8", "replace"), path)
    named = [one for one in module.declarations if one.name == asked.name]
    inside = [one for one in named if one.class_name and not says_nothing(module.body(one))]
    if inside and all(one.class_name for one in named):
        owner = inside[-1].class_name
        static = any(map(_STATIC.match, inside[-1].overloads))
        maker = owner if static else f"{owner}()"
        yield f"{code}\n\n\n{_calls(asked.name, f'{maker}.{asked.name}')}"
    elif not named and (owner := _holder(module, asked.name)):
        yield f"{code}\n\n\n{_calls(asked.name, f'{owner}.{asked.name}')}"
    elif all(gives_nothing(module.body(one)) for one in named):
        yield from _branched(code, asked.name, path)


def _holder(module: Module, name: str) -> str:
    """The class that has a static method under a name by assignment; "" for none."""
    return next(
        (
            item.names[0]
            for item in reversed(module.items)
            for member in item.members
            if name in member.names and _ASSIGNED.search(module.text(member.code_start, member.end))
        ),
        "",
    )


def _branched(code: str, name: str, path: str) -> Iterator[str]:
    """The code with the last block of the top level that declares the function inside of it.

    One that imports something is left: which branch counts may be for the sandbox to say.
    """
    source = code.encode("utf-8", "replace")
    for node in reversed(parse(source, path).named_children):
        inside = [*_within(node)] if node.type in _BLOCKS else []
        if any(one.type.startswith("import_") for one in inside):
            continue
        if any(text_of(one.child_by_field_name("name")) == name for one in inside):
            block = indented(f"\n{text_of(node)}", "", "    ", path)
            text = f"def {name}(*args, **kwargs):{block}\n    return {name}(*args, **kwargs)"
            whole = source[: node.start_byte] + text.encode() + source[node.end_byte :]
            yield whole.decode("utf-8", "replace")
            return


def _within(node: Node) -> Iterator[Node]:
    """The nodes of a block, without those in its functions and classes."""
    stack = [*node.named_children]
    while stack:
        one = stack.pop()
        yield one
        if one.type not in {"function_definition", "class_definition"}:
            stack += one.named_children


def _calls(name: str, function: str) -> str:
    return f"def {name}(*args, **kwargs):\n    return {function}(*args, **kwargs)\n"


def _on_lines(code: str, asked: Declaration, path: str) -> str:
    """The code with the asked function's body on lines of its own, wherever it is on one."""
    source = code.encode("utf-8", "replace")
    edits: list[tuple[int, int, str]] = []
    for node in _statements(parse(source, path)):
        if node.type == "function_definition":
            edits += _split(source, node, asked.name)
        elif node.type == "assignment":
            edits += _bound(source, node, asked)
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text.encode("utf-8", "replace") + source[end:]
    return source.decode("utf-8", "replace")


def _statements(root: Node) -> Iterator[Node]:
    """Functions and assignments of the top level and of classes."""
    stack = [*root.named_children]
    while stack:
        node = stack.pop()
        body = node.child_by_field_name("body") if node.type == "class_definition" else node
        if body is not None and (body is not node or node.type in _HOLDERS):
            stack += body.named_children
        else:
            yield node


def _split(source: bytes, node: Node, name: str) -> Iterator[tuple[int, int, str]]:
    body = node.child_by_field_name("body")
    if body is None or text_of(node.child_by_field_name("name")) != name:
        return
    colon = max((one.end_byte for one in node.children if one.type == ":"), default=0)
    if body.named_child_count and not source[colon : body.start_byte].strip(b" \t"):
        yield colon, body.start_byte, f"\n{_margin(source, node)}    "


def _bound(source: bytes, node: Node, asked: Declaration) -> Iterator[tuple[int, int, str]]:
    """`f = lambda x: y`, `f = g` at the top level, and `f = property(g)` in a class."""
    name, value = asked.name, node.child_by_field_name("right")
    if value is None or text_of(node.child_by_field_name("left")) != name:
        return
    margin = _margin(source, node)
    if value.type == "lambda":
        yield node.start_byte, node.end_byte, _from_lambda(name, value, margin)
    elif not margin and value.type in {"identifier", "call", "attribute"}:
        own = fresh(name, source.decode("utf-8", "replace"))
        text = f"{own} = {text_of(value)}\n\n\n{_calls(name, own)}"
        yield node.start_byte, node.end_byte, text
    elif margin and asked.class_name and (text := _member(asked, value, margin)):
        yield node.start_byte, node.end_byte, text


def _from_lambda(name: str, value: Node, margin: str) -> str:
    parameters = text_of(value.child_by_field_name("parameters"))
    body = text_of(value.child_by_field_name("body"))
    return f"def {name}({parameters}):\n{margin}    return {body}"


def _member(asked: Declaration, value: Node, margin: str) -> str:
    """A method that is another one, or `property` and its kin of one; "" for anything else."""
    kind, given = "", value
    if value.type == "call":
        kind = text_of(value.child_by_field_name("function"))
        given = (value.child_by_field_name("arguments") or value).named_children[0]
    owners = {"": "self", "property": "self", "classmethod": "cls", "staticmethod": ""}
    if kind not in owners or text_of(given) == asked.name:
        return ""
    mark = f"@{kind}\n{margin}" if kind else ""
    if given.type == "lambda":
        return mark + _from_lambda(asked.name, given, margin)
    if given.type != "identifier":
        return ""
    owner = owners[kind]
    first = f"{owner}, " * bool(owner)
    passed = first * (kind == "classmethod") + "*args, **kwargs"
    called = f"{owner or asked.class_name}.{text_of(given)}({passed})"
    return f"{mark}def {asked.name}({first}*args, **kwargs):\n{margin}    return {called}"


def _margin(source: bytes, node: Node) -> str:
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    line = source[start : node.start_byte]
    return line[: len(line) - len(line.lstrip())].decode("utf-8", "replace")
