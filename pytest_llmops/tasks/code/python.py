"""Python modules: one pass over the top level and the class bodies.

The body of a function begins behind its docstring, which tells what to write and so belongs to the
signature. It is given as it stands in the file, from the first statement (or the comment above it)
on, without the indentation of that one line: a body of one line needs none to be put in its place.

Not found: functions inside other functions or blocks, constructors, those written on one line, and
those of which nothing but the docstring is written (overloads, protocols).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec
from tree_sitter import Node

from pytest_llmops.tasks.code.modules import Declaration, Item, ItemKind, Module
from pytest_llmops.tasks.code.parsing import count_errors, parse
from pytest_llmops.tasks.code.syntax import text_of

_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_OVERLOAD = re.compile(r"@(?:\w+\.)?overload\b")
_UNBOUND = re.compile(r"@staticmethod\b")
_FIRST = re.compile(r"(?P<stars>\*{0,2})\s*(?P<name>\w+)")
_NESTED = frozenset({"function_definition", "class_definition", "lambda"})


class _Statement(NamedTuple):
    node: Node
    """The whole statement."""
    inner: Node
    """What it declares: `node` without decorators."""
    leading: list[Node]
    """Comments on the lines directly above."""
    decorators: list[Node]


def read(source: bytes, path: str) -> Module:
    """Parse a file."""
    root = parse(source, path)
    items: list[Item] = []
    found: list[Declaration | None] = []
    for statement in _statements(root):
        item = _item(source, statement)
        if item.kind == "class":
            prefix = f"{item.names[0]}."
            members = [*_statements(statement.inner.child_by_field_name("body"))]
            inside = tuple(_item(source, one, inside=True) for one in members)
            item = msgspec.structs.replace(item, members=inside)
            found += [_declaration(source, member, prefix) for member in members]
        else:
            found.append(_declaration(source, statement, ""))
        items.append(item)
    declarations = tuple(one for one in found if one)
    gave_up = root.end_byte < len(source.rstrip())
    return Module(source, path, declarations, tuple(items), count_errors(root), gave_up)


def first_argument(declaration: Declaration) -> str:
    """Give the name of the first argument but `self` and `cls`, or "" where there is none."""
    inner = declaration.parameters[1:-1]
    names = [found["name"] for one in inner.split(",") if (found := _FIRST.match(one.strip()))]
    bound = declaration.class_name and not any(map(_UNBOUND.match, declaration.overloads))
    return next(iter(names[1:] if bound else names), "")


def marked(declaration: Declaration, marker: str) -> list[tuple[int, bytes]]:
    """What to insert where, so that the function evaluates an expression when it is called."""
    return [(declaration.body_start, f"{marker}\n{declaration.indent}".encode())]


def _statements(parent: Node | None) -> Iterator[_Statement]:
    leading: list[Node] = []
    last_row = -1
    for node in parent.named_children if parent else ():
        if leading and node.start_point.row > leading[-1].end_point.row + 1:
            leading = []
        if node.type == "comment":
            if node.start_point.row != last_row:
                leading.append(node)
            continue
        inner = node.child_by_field_name("definition") or node
        decorators = [one for one in node.named_children if one.type == "decorator"]
        yield _Statement(node, inner, leading, decorators)
        leading, last_row = [], node.end_point.row


def _item(source: bytes, statement: _Statement, *, inside: bool = False) -> Item:
    node, inner, leading, _ = statement
    return Item(
        kind=_kind(inner, inside),
        names=_names(inner),
        start=leading[0].start_byte if leading else node.start_byte,
        code_start=node.start_byte,
        end=node.end_byte,
        body=_body(source, inner),
        module=text_of(inner.child_by_field_name("module_name")),
    )


def _kind(inner: Node, inside: bool) -> ItemKind:
    if inner.type in _IMPORTS:
        return "import"
    if inner.type == "type_alias_statement":
        return "type"
    if inner.type == "class_definition":
        return "class"
    if inner.type == "function_definition":
        return "method" if inside else "function"
    return ("field" if inside else "value") if _assigned(inner) else "other"


def _assigned(inner: Node) -> Node | None:
    """The target of a statement that is an assignment."""
    first = inner.named_children[0] if inner.type == "expression_statement" else None
    return first.child_by_field_name("left") if first and first.type == "assignment" else None


def _names(inner: Node) -> tuple[str, ...]:
    """What a statement declares; for an import, the names it binds."""
    if inner.type in _IMPORTS:
        module = inner.child_by_field_name("module_name")
        bound = [one for one in inner.named_children if one != module]
        texts = [text_of(one.child_by_field_name("alias") or one) for one in bound]
        return tuple(text.partition(".")[0] for text in texts)
    if name := inner.child_by_field_name("name"):
        return (text_of(name),)
    if inner.type == "type_alias_statement":
        return (text_of(inner.child_by_field_name("left")).partition("[")[0],)
    target = _assigned(inner)
    if target is None:
        return ()
    parts = target.named_children if target.type == "pattern_list" else [target]
    return tuple(text_of(one) for one in parts if one.type == "identifier")


def _body(source: bytes, inner: Node) -> tuple[int, int] | None:
    """Where the body of a function or class is; None for none, and where it is on one line."""
    block = inner.child_by_field_name("body")
    if inner.type not in {"function_definition", "class_definition"} or block is None:
        return None
    first = block.named_children[0] if block.named_child_count else block
    colons = (one.end_byte for one in inner.children if one.type == ":")
    behind = max((end for end in colons if end <= block.start_byte), default=block.start_byte)
    if inner.type == "function_definition" and _is_docstring(first):
        behind = first.end_byte
    line = source.find(b"\n", behind, inner.end_byte)
    start = line + len(source[line:]) - len(source[line:].lstrip()) if line >= 0 else -1
    return (start, inner.end_byte) if 0 <= start < inner.end_byte else None


def _is_docstring(node: Node) -> bool:
    return node.type == "expression_statement" and [one.type for one in node.named_children] == [
        "string"
    ]


def _declaration(source: bytes, statement: _Statement, prefix: str) -> Declaration | None:
    node, inner, leading, decorators = statement
    body = _body(source, inner) if inner.type == "function_definition" else None
    above = tuple(map(text_of, decorators))
    if body is None or any(map(_OVERLOAD.match, above)):
        return None
    name = text_of(inner.child_by_field_name("name"))
    if name == "__init__":
        return None
    returns = text_of(inner.child_by_field_name("return_type"))
    return Declaration(
        symbol=prefix + name,
        kind="method" if prefix else "function",
        exported=not name.startswith("_"),
        start=inner.start_byte,
        end=inner.end_byte,
        head_start=inner.start_byte,
        body_start=body[0],
        body_end=body[1],
        is_expression=False,
        is_arrow=False,
        is_async=any(one.type == "async" for one in inner.children),
        is_generator=_yields(inner),
        is_broken=node.has_error,
        doc="\n".join(map(text_of, leading)),
        overloads=above,
        signature=source[inner.start_byte : body[0]].decode("utf-8", "replace"),
        generics=text_of(inner.child_by_field_name("type_parameters")),
        parameters=text_of(inner.child_by_field_name("parameters")),
        returns=f" -> {returns}" if returns else "",
        indent=source[source.rfind(b"\n", 0, body[0]) + 1 : body[0]].decode("utf-8", "replace"),
    )


def _yields(function: Node) -> bool:
    """Whether a function is a generator: it yields, and not only in a function of its own."""
    block = function.child_by_field_name("body")
    stack = [*block.named_children] if block else []
    while stack:
        node = stack.pop()
        if node.type == "yield":
            return True
        stack += [one for one in node.named_children if one.type not in _NESTED]
    return False
