"""TypeScript modules: one pass over the top level, the class bodies and the objects bound there.

Not found: functions inside other functions and namespaces, and in objects that are arguments;
getters, setters, constructors, computed names, and declarators that share one `const` statement
with others.
"""

import re

import msgspec
from tree_sitter import Node

from pytest_llmops.tasks.code import objects, syntax
from pytest_llmops.tasks.code.modules import Declaration, Item, ItemKind, Kind, Module
from pytest_llmops.tasks.code.parsing import count_errors, parse
from pytest_llmops.tasks.code.syntax import Statement, text_of

_ITEM_KINDS: dict[str, ItemKind] = {
    "import_statement": "import",
    "interface_declaration": "type",
    "type_alias_declaration": "type",
    "enum_declaration": "type",
    "ambient_declaration": "type",
    "method_definition": "method",
    "public_field_definition": "field",
    **dict.fromkeys(syntax.CLASSES, "class"),
}


def read(source: bytes, path: str) -> Module:
    """Parse a file; `path` decides the grammar (`.tsx`, else TypeScript)."""
    root = parse(source, path)
    exports = syntax.exported_names(root)
    items: list[Item] = []
    found: list[Declaration | None] = []
    for statement in syntax.statements(root):
        item = _item(statement)
        exported = statement.node is not statement.inner or not exports.isdisjoint(item.names)
        if item.kind == "class":
            prefix = f"{item.names[0] if item.names else 'default'}."
            members = [*syntax.statements(statement.inner.child_by_field_name("body"))]
            item = msgspec.structs.replace(item, members=tuple(map(_item, members)))
            found += [_declaration(source, member, prefix, exported) for member in members]
        elif statement.function:
            found.append(_declaration(source, statement, "", exported))
        elif literal := objects.literal_of(statement.inner):
            name = item.names[0] if item.names else "default"
            item, inside = _with_entries(source, item, literal, f"{name}.")
            found += [msgspec.structs.replace(one, exported=exported) for one in inside]
        items.append(item)
    declarations = tuple(one for one in found if one)
    gave_up = root.end_byte < len(source.rstrip())
    return Module(source, path, declarations, tuple(items), count_errors(root), gave_up)


def _with_entries(
    source: bytes, item: Item, literal: Node, prefix: str
) -> tuple[Item, list[Declaration]]:
    """An item with the members of its object, where functions are among them, and these."""
    entries: list[Item] = []
    found: list[Declaration] = []
    for statement in syntax.statements(literal):
        key = objects.key_of(statement.inner)
        kind: ItemKind = "method" if statement.function else "field"
        entry = msgspec.structs.replace(_item(statement), kind=kind, names=(key,) if key else ())
        inner = objects.literal_of(statement.inner)
        if one := _declaration(source, statement, prefix, exported=False):
            found.append(msgspec.structs.replace(one, of_object=True))
        elif inner and prefix.count(".") < objects.DEEPEST:
            entry, below = _with_entries(source, entry, inner, f"{prefix}{key}.")
            found += below
        entries.append(entry)
    if not found:
        return item, []
    span = (literal.start_byte, literal.end_byte)
    return msgspec.structs.replace(item, entries=tuple(entries), literal=span), found


def _item(statement: Statement) -> Item:
    node, inner, function, leading = statement
    holder = inner if inner.type in syntax.CLASSES else function
    body = holder.child_by_field_name("body") if holder else None
    specifier = inner.child_by_field_name("source") if inner.type == "import_statement" else None
    plain: ItemKind = "value" if inner.type in syntax.VARIABLES else "other"
    return Item(
        kind=_ITEM_KINDS.get(inner.type, "function" if function else plain),
        names=syntax.names_of(inner),
        start=leading[0].start_byte if leading else node.start_byte,
        code_start=node.start_byte,
        end=node.end_byte,
        body=(body.start_byte, body.end_byte) if body else None,
        module=text_of(specifier)[1:-1],
    )


def _declaration(
    source: bytes, statement: Statement, prefix: str, exported: bool
) -> Declaration | None:
    node, inner, function, leading = statement
    body = function.child_by_field_name("body") if function else None
    name = objects.key_of(inner) if inner.type == "pair" else syntax.symbol_of(inner)
    if not function or not body or not name:
        return None
    words = {child.type for child in function.children if child.end_byte <= body.start_byte}
    single = text_of(function.child_by_field_name("parameter"))
    return Declaration(
        symbol=prefix + name,
        kind=_kind(inner),
        exported=exported,
        start=node.start_byte,
        end=node.end_byte,
        head_start=function.start_byte,
        body_start=body.start_byte,
        body_end=body.end_byte,
        is_expression=body.type != "statement_block",
        is_arrow=function.type == "arrow_function",
        is_async="async" in words,
        is_generator="*" in words,
        is_broken=node.has_error,
        doc=syntax.doc_of(leading),
        overloads=tuple(text_of(one) for one in leading if one.type not in syntax.REMARKS),
        signature=source[node.start_byte : body.start_byte].decode("utf-8", "replace"),
        generics=text_of(function.child_by_field_name("type_parameters")),
        parameters=f"({single})" if single else text_of(function.child_by_field_name("parameters")),
        returns=text_of(function.child_by_field_name("return_type")),
    )


def _kind(inner: Node) -> Kind:
    if inner.type == "method_definition":
        return "method"
    bound = inner.type in syntax.VARIABLES or inner.type in {"public_field_definition", "pair"}
    return "arrow" if bound or inner.type == "arrow_function" else "function"


def first_argument(declaration: Declaration) -> str:
    """Give an expression for the first argument, or "" where there is none to give back.

    A destructured one has no name: functions and methods have `arguments`, an arrow does not.
    """
    inner = declaration.parameters[1:-1].strip()
    if not inner:
        return ""
    named = re.match(r"(?:\.\.\.)?([A-Za-z_$][\w$]*)", inner)
    if named:
        return named[1]
    return "" if declaration.is_arrow else "arguments[0]"


def marked(declaration: Declaration, marker: str) -> list[tuple[int, bytes]]:
    """What to insert where, so that the function evaluates an expression when it is called."""
    if declaration.is_expression:
        return [(declaration.body_start, f"({marker}, ".encode()), (declaration.body_end, b")")]
    return [(declaration.body_start + 1, f"{marker};".encode())]
