"""A TypeScript module as values: what can be asked for, and what stands around it.

One pass over the top level and the class bodies gives `Declaration`s (what a case can name) and
`Item`s (what a prompt can show or leave out). All positions are byte offsets, so cutting and
pasting is exact. The syntax tree is dropped: a `Module` may be kept and shared between threads.

Not found: functions inside other functions, object literals and namespaces, getters, setters,
constructors, computed names, and declarators that share one `const` statement with others.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec
from tree_sitter import Node

from pytest_llmops.errors import CaseError
from pytest_llmops.tasks import syntax
from pytest_llmops.tasks.parsing import count_errors, parse
from pytest_llmops.tasks.syntax import Statement, text_of

Kind = Literal["function", "arrow", "method"]
ItemKind = Literal["import", "type", "value", "function", "class", "field", "method", "other"]

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


class Declaration(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A function, a `const` or class field bound to one, or a method, with a body."""

    symbol: str
    """`name`, `Class.name`, or `default` for an anonymous default export."""
    kind: Kind
    """`arrow` is any function bound to a `const` or a class field, also a function expression."""
    exported: bool
    """For a method: whether its class is."""
    start: int
    """First byte of the statement, `export` and `const` included, comment and overloads not."""
    end: int
    """Byte after the statement."""
    head_start: int
    """First byte of the function in it, behind `export` or `const f =`; `start` for a method."""
    body_start: int
    """First byte of the body: its brace, or the expression of an arrow."""
    body_end: int
    """Byte after the body, brace included."""
    is_expression: bool
    """The body is the expression of an arrow function, without braces."""
    is_arrow: bool
    is_async: bool
    is_generator: bool
    is_broken: bool
    """There are syntax errors in it."""
    doc: str
    """The comment directly above, its markers included; "" where there is none."""
    overloads: tuple[str, ...]
    """The overload signatures directly above, without the implementation's."""
    signature: str
    """The text from `start` to the body."""
    generics: str
    """Type parameters with their angle brackets, or ""."""
    parameters: str
    """Parameters with their parentheses."""
    returns: str
    """Return type with its colon, or ""."""

    @property
    def class_name(self) -> str:
        """The class of a member, "" at the top level."""
        return self.symbol.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The symbol without its class."""
        return self.symbol.rpartition(".")[2]


class Item(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One statement of the top level, or one member of a class."""

    kind: ItemKind
    names: tuple[str, ...]
    """What it declares; for an import, the names it binds."""
    start: int
    """First byte; comments, decorators and overloads directly above included."""
    code_start: int
    """First byte of the statement itself."""
    end: int
    body: tuple[int, int] | None = None
    """Range of a function's or class's body, braces included."""
    members: tuple["Item", ...] = ()
    """Of a class; its constructor and accessors are `method`s."""
    module: str = ""
    """Specifier of an import."""


@dataclass(frozen=True, eq=False)
class Module:
    """A parsed file; compared by identity, so that what is derived from it can be cached."""

    source: bytes
    path: str
    declarations: tuple[Declaration, ...]
    items: tuple[Item, ...]
    """All statements of the top level in order."""
    errors: int
    """Syntax errors; tree-sitter reports some in valid files, so compare, never expect 0."""
    given_up: bool = False
    """The parser gave up on it: nothing of it is known."""

    @property
    def imports(self) -> tuple[Item, ...]:
        """The import statements."""
        return tuple(item for item in self.items if item.kind == "import")

    @property
    def types(self) -> tuple[Item, ...]:
        """Interfaces, type aliases, enums and ambient declarations of the top level."""
        return tuple(item for item in self.items if item.kind == "type")

    def text(self, start: int, end: int) -> str:
        """Decode the text between two byte offsets."""
        return self.source[start:end].decode("utf-8", "replace")

    def body(self, declaration: Declaration) -> str:
        """Return the body of a declaration, braces included."""
        return self.text(declaration.body_start, declaration.body_end)


@lru_cache(maxsize=64)
def parse_module(source: bytes, path: str) -> Module:
    """Parse a file; `path` decides the grammar (`.tsx`, else TypeScript).

    Never fails: what cannot be parsed is counted in `errors`. The last 64 results are kept.
    """
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
        items.append(item)
    declarations = tuple(one for one in found if one)
    gave_up = root.end_byte < len(source.rstrip())
    return Module(source, path, declarations, tuple(items), count_errors(root), gave_up)


def find(module: Module, symbol: str) -> Declaration:
    """Return the declaration that a symbol names.

    Raises:
        CaseError: No declaration has that name, or several have.
    """
    found = [one for one in module.declarations if one.symbol == symbol]
    if len(found) == 1:
        return found[0]
    if found:
        raise CaseError(f"{module.path}: {symbol!r} is declared {len(found)} times; it must be one")
    known = ", ".join(one.symbol for one in module.declarations) or "none"
    raise CaseError(f"{module.path}: no function {symbol!r}; the file declares: {known}")


def syntax_errors(source: bytes, path: str) -> int:
    """Count erroneous and missing nodes in a file; `path` decides the grammar."""
    return count_errors(parse(source, path))


def replace_body(module: Module, declaration: Declaration, body: str) -> str:
    """Return the file with another body, a block with its braces (also for an expression)."""
    head, tail = module.source[: declaration.body_start], module.source[declaration.body_end :]
    return (head + body.encode() + tail).decode("utf-8", "replace")


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
    name = syntax.symbol_of(inner)
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
    bound = inner.type in syntax.VARIABLES or inner.type == "public_field_definition"
    return "arrow" if bound or inner.type == "arrow_function" else "function"
