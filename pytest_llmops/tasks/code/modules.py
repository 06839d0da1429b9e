"""A module as values, whatever its language: what can be asked for, and what stands around it.

All positions are byte offsets, so cutting and pasting is exact. There is no syntax tree in them: a
`Module` may be kept and shared between threads. `languages.parse_module` makes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import msgspec

from pytest_llmops.errors import CaseError

Kind = Literal["function", "arrow", "method"]
ItemKind = Literal["import", "type", "value", "function", "class", "field", "method", "other"]


class Declaration(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A function, a `const`, class field or property bound to one, or a method, with a body."""

    symbol: str
    """`name`, `Class.name`, `object.name`, or `default` for an anonymous default export."""
    kind: Kind
    """`arrow` is any function bound to a `const`, a class field or a property of an object, also a
    function expression."""
    exported: bool
    """For a member: whether its class or object is."""
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
    """Overload signatures directly above, without the implementation's; in Python, decorators."""
    signature: str
    """The text from `start` to the body; in Python with the docstring."""
    generics: str
    """Type parameters with their angle brackets, or ""."""
    parameters: str
    """Parameters with their parentheses."""
    returns: str
    """Return type with its colon or arrow, or ""."""
    indent: str = ""
    """White space before each line of the body, where the language gives that a meaning."""
    of_object: bool = False
    """It is a member of an object, not of a class."""

    @property
    def class_name(self) -> str:
        """The class or object of a member, "" at the top level; `a.b` for an object in another."""
        return self.symbol.rpartition(".")[0]

    @property
    def itself(self) -> frozenset[str]:
        """Names by which its body finds it; the bare one of an object's member is another thing."""
        if self.of_object:
            return frozenset({self.symbol.partition(".")[0]})
        return frozenset({self.name, self.class_name})

    @property
    def name(self) -> str:
        """The symbol without its class or object."""
        return self.symbol.rpartition(".")[2]


class Item(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One statement of the top level, or one member of a class or an object."""

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
    literal: tuple[int, int] | None = None
    """Range of the object it is bound to, braces included, where functions are members of that."""
    entries: tuple["Item", ...] = ()
    """The members of this object: `method`s and `field`s."""


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


def parts(item: Item) -> tuple[Item, ...]:
    """The members of a class or an object."""
    return item.members or item.entries


def around(items: Iterable[Item], declaration: Declaration) -> tuple[Item, ...]:
    """The items that a declaration is in, from the top level on; the last is its own."""
    found = [one for one in items if one.start <= declaration.start < one.end]
    return (found[0], *around(parts(found[0]), declaration)) if found else ()


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


def replace_body(module: Module, declaration: Declaration, body: str) -> str:
    """Return the file with another body, a block with its braces if any (`Language.body`)."""
    head, tail = module.source[: declaration.body_start], module.source[declaration.body_end :]
    return (head + body.encode() + tail).decode("utf-8", "replace")
