"""An asked function that is no declaration, said again as one.

`export const f = memo(g)`, `const f = g`, `export { g as f }`, `exports.f = ...`,
`module.exports = { f: ... }`, `Class.prototype.f = ...`, a function inside an object, a namespace
or a class of the answer's own, and `const a = 1, f = ...`: each is rewritten so that `f` is
declared on its own and does the same.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.tasks.code.bindings import renamed
from pytest_llmops.tasks.code.modules import Declaration
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import (
    CLASSES,
    EXPRESSIONS,
    VARIABLES,
    inner_of,
    statements,
    text_of,
    unwrapped,
)

_EXPORTS = frozenset({"exports", "module.exports"})
_NAMESPACES = frozenset({"internal_module", "module"})
_MOCK = re.compile(r"(?:vi|jest|sinon|td|mock)\s*\.")
"""What stands in for the function in a test of something else."""
_SIMPLE = re.compile(r"[\w$.]+")


class _Said(NamedTuple):
    """What an answer says the asked function is."""

    value: str
    """An expression."""
    statement: Node
    instead: str = ""
    """What the statement that says so is replaced by."""


def restated(code: str, asked: Declaration, path: str) -> str | None:
    """Return the code with the asked function as a declaration, None where it says nothing of it.

    Args:
        code: Statements of an answer.
        asked: The function of the file.
        path: Decides the grammar.
    """
    if not any(word in code for word in (asked.name, "module.exports", "export default")):
        return None
    source = code.encode("utf-8", "replace")
    root = parse(source, path)
    if commas := _commas(root):
        for start, end, text in reversed(commas):
            source = source[:start] + text + source[end:]
        root = parse(source, path)
    said = [one for node in root.named_children for one in _said(node, asked)]
    said = [one for one in said if one.value != asked.name and not _MOCK.match(one.value)]
    if not said:
        return None
    value, node, instead = said[-1]
    pieces = (source[: node.start_byte], instead.encode(), source[node.end_byte :])
    rest = _without(b"".join(pieces), asked.name, path)
    if value in _functions(root) and asked.symbol != "default":
        return renamed(rest, path, {value: asked.name}).decode("utf-8", "replace")
    return f"{rest.decode('utf-8', 'replace')}\n{_declared(value, asked, code, path)}"


def fresh(name: str, *texts: str) -> str:
    """Return a name like the given one that stands in none of the texts."""
    number = 2
    while any(f"{name}_{number}" in text for text in texts):
        number += 1
    return f"{name}_{number}"


def _commas(root: Node) -> list[tuple[int, int, bytes]]:
    """The commas between declarators of the top level, and what parts them into statements."""
    inner = [inner_of(node) for node in root.named_children]
    return [
        (one.start_byte, one.end_byte, b";\n" + (node.children[0].text or b"") + b" ")
        for node in inner
        if node.type in VARIABLES
        for one in node.children
        if one.type == ","
    ]


def _functions(root: Node) -> set[str]:
    """The names under which the top level has functions."""
    found = [one for one in statements(root) if one.function]
    inner = [one.inner for one in found]
    holders = [one.named_children[0] if one.type in VARIABLES else one for one in inner]
    return {text_of(one.child_by_field_name("name")) for one in holders} - {""}


def _without(source: bytes, name: str, path: str) -> bytes:
    """Drop statements that declare a name without a value: `let f;`, `declare function f()`."""
    if name.encode() in source:
        for node in reversed(parse(source, path).named_children):
            if _declares_only(inner_of(node), name):
                source = source[: node.start_byte] + source[node.end_byte :]
    return source


def _declares_only(inner: Node, name: str) -> bool:
    if inner.type in {"ambient_declaration", "function_signature"}:
        holder = inner.named_children[0] if inner.type == "ambient_declaration" else inner
        return text_of(holder.child_by_field_name("name")) == name
    return inner.type in VARIABLES and all(
        text_of(one.child_by_field_name("name")) == name and not one.child_by_field_name("value")
        for one in inner.named_children
    )


def _declared(value: str, asked: Declaration, code: str, path: str) -> str:
    """Declare the asked function as what an expression gives.

    A function stands as it is, and a name is called; whatever else is evaluated once.
    """
    default = asked.symbol == "default"
    root = parse(f"({value})".encode("utf-8", "replace"), path)
    expression = root.named_children[0].named_children if root.named_child_count else []
    if expression and unwrapped(expression[0]).type in EXPRESSIONS:
        return f"export default {value};" if default else f"const {asked.name} = {value};"
    name, before = value, ""
    if not _SIMPLE.fullmatch(value):
        name = fresh("given" if default else asked.name, code)
        before = f"const {name} = {value};\n"
    head = "export default function " if default else f"function {asked.name}"
    body = f"{{\n  return {name}.apply(this, args);\n}}"
    return f"{before}{head}(this: any, ...args: any[]): any {body}"


def _said(node: Node, asked: Declaration) -> Iterator[_Said]:
    """What one statement says of the asked function."""
    inner = inner_of(node)
    if inner.type == "expression_statement" and inner.named_child_count:
        yield from _assigned(node, inner.named_children[0], asked)
    elif inner.type in VARIABLES:
        yield from _bound(node, inner.named_children[0], asked)
    elif inner.type == "export_statement":
        yield from _exported(node, asked)
    elif inner.type in _NAMESPACES or inner.type in CLASSES:
        yield from _inside(node, inner, asked)
    elif node.type == "export_statement" and node.child_by_field_name("value"):
        yield from _whole(node, inner, asked)


def _assigned(node: Node, expression: Node, asked: Declaration) -> Iterator[_Said]:
    """`f = ...`, `exports.f = ...`, `module.exports = ...`, `Class.prototype.f = ...`."""
    lefts = []
    while expression.type == "assignment_expression":
        left, right = (expression.child_by_field_name(side) for side in ("left", "right"))
        lefts.append("".join(text_of(left).split()))
        expression = right or expression.named_children[-1]
    owners = (asked.class_name, f"{asked.class_name}.prototype") if asked.class_name else _EXPORTS
    targets = {f"{owner}.{asked.name}" for owner in owners} | {asked.name}
    if not targets.isdisjoint(lefts):
        yield _Said(text_of(expression), node)
    elif not _EXPORTS.isdisjoint(lefts):
        yield from _whole(node, unwrapped(expression), asked)


def _whole(node: Node, value: Node, asked: Declaration) -> Iterator[_Said]:
    """What a module exports as a whole: an object that has the function, or the function."""
    if value.type == "object":
        name = "exported_2"
        yield from (
            one._replace(instead=f"const {name} = {text_of(value)};") if name in one.value else one
            for one in _in_object(node, value, name, asked)
        )
    elif asked.symbol == "default" or value.type in EXPRESSIONS:
        yield _Said(text_of(value), node)


def _bound(node: Node, declarator: Node, asked: Declaration) -> Iterator[_Said]:
    """`const f = ...`, or an object that has the function."""
    name = text_of(declarator.child_by_field_name("name"))
    value = declarator.child_by_field_name("value")
    if value and name == asked.name:
        yield _Said(text_of(value), node)
    elif value and unwrapped(value).type == "object":
        for one in _in_object(node, unwrapped(value), name, asked):
            yield one._replace(instead=text_of(node))


def _in_object(node: Node, value: Node, name: str, asked: Declaration) -> Iterator[_Said]:
    for entry in value.named_children:
        key = entry.child_by_field_name("key") or entry.child_by_field_name("name")
        if key and text_of(key) == asked.name:
            given = entry.child_by_field_name("value")
            yield _Said(text_of(given) if given else _call(f"{name}.{asked.name}"), node)


def _call(function: str) -> str:
    return f"(...args: any[]) => {function}(...args)"


def _exported(node: Node, asked: Declaration) -> Iterator[_Said]:
    """`export { g as f }`, `export default g`."""
    for clause in node.named_children:
        if clause.type == "identifier" and asked.symbol == "default":
            yield _Said(text_of(clause), node)
        for part in clause.named_children if clause.type == "export_clause" else ():
            if text_of(part.child_by_field_name("alias")) == asked.name:
                yield _Said(text_of(part.child_by_field_name("name")), node, text_of(node))


def _inside(node: Node, holder: Node, asked: Declaration) -> Iterator[_Said]:
    """A function in a namespace, or in a class where none of a class is asked."""
    name = text_of(holder.child_by_field_name("name"))
    members = [one for one in statements(holder.child_by_field_name("body")) if one.function]
    for one in members if not asked.class_name else ():
        inner = one.inner.named_children[0] if one.inner.type in VARIABLES else one.inner
        if text_of(inner.child_by_field_name("name")) != asked.name:
            continue
        static = holder.type in _NAMESPACES or any(sub.type == "static" for sub in inner.children)
        owner = name if static else f"new {name}()"
        yield _Said(_call(f"{owner}.{asked.name}"), node, text_of(node))
