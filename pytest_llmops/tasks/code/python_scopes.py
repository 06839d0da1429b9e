"""Which names of a Python module mean its top level, what `bindings` is for TypeScript.

A name belongs to the function that binds it anywhere (a parameter, an assignment, a loop, an
import, a capture of `case`, ...), unless that says `global`; a class body hides its names from the
functions in it. All others mean the top level, or are no one's: builtins. Names in strings are not
seen. Nothing here recurses.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.tasks.code.names import Name, with_other_names
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

DEEPEST = 200
"""Scopes inside one another beyond which a name counts as bound: bounds the time of a search."""

_COMPREHENSIONS = (
    *("list_comprehension", "set_comprehension", "dictionary_comprehension"),
    "generator_expression",
)
_BINDING = (
    *("assignment", "augmented_assignment", "for_statement", "for_in_clause"),
    "type_alias_statement",
)
"""Nodes that bind what is on their left."""


class _Scope(NamedTuple):
    parent: int
    depth: int
    kind: str
    """`module`, `function`, `class` or `inner` (a comprehension)."""
    names: set[str]
    shared: set[str]
    """Names that it says are `global`."""


class _Visit(NamedTuple):
    node: Node
    scope: int
    into: int | None = None
    """The scope that names in it are bound in; None where they are used."""
    before: str = ""


_Scopes = list[_Scope]


@lru_cache(maxsize=64)
def top_names(source: bytes, path: str) -> tuple[Name, ...]:
    """List where names of the top level, or of no scope at all, stand in a module, in order.

    The last 64 results are kept.
    """
    scopes = [_Scope(-1, 0, "module", set(), set())]
    seen: list[_Visit] = []
    stack = [_Visit(parse(source, path), 0)]
    while stack:
        visit = stack.pop()
        if visit.node.type == "identifier":
            if visit.into is not None:
                scopes[visit.into].names.add(text_of(visit.node))
            seen.append(visit)
        else:
            stack += _READ.get(visit.node.type, _inherited)(visit, scopes)
    places = [_place(visit, scopes) for visit in seen if _is_top(visit, scopes)]
    return tuple(sorted(places, key=lambda place: place.start))


def with_names(source: bytes, path: str, names: Mapping[str, str]) -> bytes:
    """Give declarations of the top level other names, everywhere they are meant.

    Args:
        source: The module.
        path: Decides the grammar.
        names: New names by old ones; the new ones must be free in the whole module.
    """
    return with_other_names(source, top_names(source, path), names)


def _is_top(visit: _Visit, scopes: _Scopes) -> bool:
    text = text_of(visit.node)
    at = start = visit.scope if visit.into is None else visit.into
    if scopes[at].depth > DEEPEST:
        return False
    while at > 0:
        scope = scopes[at]
        if text in scope.shared:
            return True
        if text in scope.names and (scope.kind != "class" or at == start):
            return False
        at = scope.parent
    return True


def _place(visit: _Visit, scopes: _Scopes) -> Name:
    node, text = visit.node, text_of(visit.node)
    declares = visit.into == 0 or (visit.into is not None and text in scopes[visit.into].shared)
    return Name(text, node.start_byte, node.end_byte, declares, visit.before)


def _new(scopes: _Scopes, parent: int, kind: str) -> int:
    scopes.append(_Scope(parent, scopes[parent].depth + 1, kind, set(), set()))
    return len(scopes) - 1


def _inherited(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    yield from (visit._replace(node=node) for node in visit.node.named_children)


def _nothing(_: _Visit, __: _Scopes) -> Iterator[_Visit]:
    yield from ()


def _field(visit: _Visit, name: str, **changes: int | None) -> Iterator[_Visit]:
    node = visit.node.child_by_field_name(name)
    if node:
        yield _Visit(node, changes.get("scope") or visit.scope, changes.get("into"))


def _definition(visit: _Visit, scopes: _Scopes) -> Iterator[_Visit]:
    is_class = visit.node.type == "class_definition"
    inner = _new(scopes, visit.scope, "class" if is_class else "function")
    yield from _field(visit, "name", into=visit.scope)
    yield from _field(visit, "type_parameters", into=inner)
    yield from _field(visit, "parameters", into=inner)
    yield from _field(visit, "superclasses")
    yield from _field(visit, "return_type")
    yield from _field(visit, "body", scope=inner)


def _comprehension(visit: _Visit, scopes: _Scopes) -> Iterator[_Visit]:
    inner = _new(scopes, visit.scope, "inner")
    yield from (_Visit(node, inner) for node in visit.node.named_children)


def _binding(name: str) -> "_Reader":
    """Of a node that binds what is in a field; the rest of it is used."""

    def read(visit: _Visit, scopes: _Scopes) -> Iterator[_Visit]:
        target = visit.node.child_by_field_name(name)
        into = visit.scope if visit.into is None else visit.into
        while scopes[into].kind == "inner" and visit.node.type == "named_expression":
            into = scopes[into].parent
        for node in visit.node.named_children:
            yield _Visit(node, visit.scope, into if node == target else None)

    return read


def _used(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    yield from (_Visit(node, visit.scope) for node in visit.node.named_children)


def _bound(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    yield from (_Visit(node, visit.scope, visit.scope) for node in visit.node.named_children)


def _typed(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    for node in visit.node.named_children:
        yield _Visit(node, visit.scope, None if node.type == "type" else visit.into)


def _imported(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    """The names that an import binds; of `a.b` it is `a`, of `a as b` it is `b`."""
    for node in visit.node.children_by_field_name("name"):
        alias = node.child_by_field_name("alias")
        name = alias or (node.named_children[0] if node.named_child_count else node)
        before = f"{text_of(name)} as " if not alias and node.named_child_count == 1 else ""
        yield _Visit(name, visit.scope, visit.scope, before)


def _global(visit: _Visit, scopes: _Scopes) -> Iterator[_Visit]:
    scopes[visit.scope].shared.update(map(text_of, visit.node.named_children))
    yield from _used(visit, scopes)


def _holder(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    """Of `a.b` it is `a`, of `a=b` in a call `b`: the other is the name of something else."""
    yield from _field(visit, "object" if visit.node.type == "attribute" else "value")


def _alias(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    """`x as y`: of `case` the pattern before it may bind too."""
    first, *rest = visit.node.named_children
    yield visit._replace(node=first)
    yield from (_Visit(node, visit.scope, visit.scope) for node in rest)


def _dotted(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    """In `case`: one name captures, more are a value."""
    first, *rest = visit.node.named_children or [visit.node]
    yield _Visit(first, visit.scope, None if rest else visit.into)


def _of_class(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    first, *rest = visit.node.named_children
    yield _Visit(first, visit.scope)
    yield from (_Visit(node, visit.scope, visit.scope) for node in rest)


def _named_pattern(visit: _Visit, _: _Scopes) -> Iterator[_Visit]:
    yield from (visit._replace(node=node) for node in visit.node.named_children[1:])


_Reader = Callable[[_Visit, _Scopes], Iterator[_Visit]]
_READ: Mapping[str, _Reader] = {
    **dict.fromkeys(["function_definition", "lambda", "class_definition"], _definition),
    **dict.fromkeys(_COMPREHENSIONS, _comprehension),
    **dict.fromkeys(_BINDING, _binding("left")),
    "named_expression": _binding("name"),
    "as_pattern": _alias,
    "as_pattern_target": _bound,
    "import_statement": _imported,
    "import_from_statement": _imported,
    "future_import_statement": _nothing,
    "global_statement": _global,
    "nonlocal_statement": _nothing,
    "attribute": _holder,
    "subscript": _used,
    "call": _used,
    "keyword_argument": _holder,
    "typed_parameter": _typed,
    "typed_default_parameter": _binding("name"),
    "default_parameter": _binding("name"),
    "case_pattern": _bound,
    "dotted_name": _dotted,
    "class_pattern": _of_class,
    "keyword_pattern": _named_pattern,
}
