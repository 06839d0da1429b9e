"""The scopes of TypeScript: which names a node binds, and where.

One visit of a node at a time: `children` gives what to visit next, each with its scope and whether
what stands there declares. `bindings` walks a module with it and resolves the names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.tasks.code.syntax import (
    CLASSES,
    EXPRESSIONS,
    FUNCTIONS,
    SIGNATURES,
    VARIABLES,
    text_of,
)

_CALL_TYPES = frozenset(
    {
        "abstract_method_signature",
        "call_signature",
        "construct_signature",
        "function_type",
        "constructor_type",
    }
)
_NAMED_INSIDE = frozenset({"function_expression", "generator_function", "class"})
"""Their own name is bound inside of them only."""


class Scope(NamedTuple):
    """What binds names; by its place in the list of scopes, the top level first."""

    parent: int
    names: set[str]
    is_function: bool
    depth: int = 0


class Visit(NamedTuple):
    """A node on the way through a module."""

    node: Node
    scope: int
    into: int | None = None
    """The scope into which identifiers, or those of a declarator's name, are declared; None where
    they are used."""


def _new(scopes: list[Scope], parent: int, *, is_function: bool = False) -> int:
    scopes.append(Scope(parent, set(), is_function, scopes[parent].depth + 1))
    return len(scopes) - 1


def children(visit: Visit, scopes: list[Scope]) -> Iterable[Visit]:
    """Return what to visit below a node; new scopes are added to the list."""
    handler = _HANDLERS.get(visit.node.type)
    return handler(visit, scopes) if handler else _used(visit.node.named_children, visit.scope)


def _used(nodes: Iterable[Node], scope: int) -> list[Visit]:
    return [Visit(one, scope) for one in nodes]


def _inherited(visit: Visit, _: list[Scope]) -> list[Visit]:
    return [visit._replace(node=one) for one in visit.node.named_children]


def _default(visit: Visit, _: list[Scope]) -> list[Visit]:
    return _fields(visit.node, visit.scope, {"left": visit.into})


def _pair(visit: Visit, _: list[Scope]) -> list[Visit]:
    return _fields(visit.node, visit.scope, {"value": visit.into})


def _variables(visit: Visit, scopes: list[Scope]) -> list[Visit]:
    node, scope, _ = visit
    target = _function_scope(scope, scopes) if node.type == "variable_declaration" else scope
    return [Visit(one, scope, target) for one in node.named_children]


def _declarator(visit: Visit, _: list[Scope]) -> list[Visit]:
    return _fields(visit.node, visit.scope, {"name": visit.into})


def _parameter(visit: Visit, _: list[Scope]) -> list[Visit]:
    label = visit.node.child_by_field_name("name")  # of a part of a tuple type: no name at all
    found = _fields(visit.node, visit.scope, {"pattern": visit.scope})
    return [one for one in found if one.node != label]


def _type_parameter(visit: Visit, _: list[Scope]) -> list[Visit]:
    return _fields(visit.node, visit.scope, {"name": visit.scope})


def _imported(visit: Visit, _: list[Scope]) -> list[Visit]:
    inner = [one for one in visit.node.named_children if one.type != "string"]
    return [Visit(one, visit.scope, 0) for one in inner]


def _import_specifier(visit: Visit, _: list[Scope]) -> list[Visit]:
    return [Visit(visit.node.named_children[-1], visit.scope, 0)]


def _first(visit: Visit, _: list[Scope]) -> list[Visit]:
    return _used(visit.node.named_children[:1], visit.scope)


def _export(visit: Visit, _: list[Scope]) -> list[Visit]:
    from_elsewhere = visit.node.child_by_field_name("source")
    return [] if from_elsewhere else _used(visit.node.named_children, visit.scope)


def _jsx(visit: Visit, _: list[Scope]) -> list[Visit]:
    """An element whose name begins with a small letter is no variable."""
    name = visit.node.child_by_field_name("name")
    tag = name if name and text_of(name)[:1].islower() and name.type == "identifier" else None
    return _used([one for one in visit.node.named_children if one != tag], visit.scope)


def _function_scope(scope: int, scopes: list[Scope]) -> int:
    while not scopes[scope].is_function:
        scope = scopes[scope].parent
    return scope


def _fields(node: Node, scope: int, into: Mapping[str, int | None]) -> list[Visit]:
    """Visit the children, those of the given fields as what declares."""
    found = {field: node.child_by_field_name(field) for field in into}
    return [
        Visit(one, scope, next((into[field] for field, held in found.items() if held == one), None))
        for one in node.named_children
    ]


def _function(visit: Visit, scopes: list[Scope]) -> Iterator[Visit]:
    node, scope, _ = visit
    inner = _new(scopes, scope, is_function=True)
    name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
    single = node.child_by_field_name("parameter")
    for one in node.named_children:
        if one == name:
            yield Visit(one, scope, inner if node.type in _NAMED_INSIDE else scope)
        elif one == single:
            yield Visit(one, inner, inner)
        elif one == body and one.type == "statement_block":
            yield from (Visit(statement, inner) for statement in one.named_children)
        else:
            yield Visit(one, inner)


def _class(visit: Visit, scopes: list[Scope]) -> Iterator[Visit]:
    node, scope, _ = visit
    inner = _new(scopes, scope)
    name = node.child_by_field_name("name")
    for one in node.named_children:
        if one == name:
            yield Visit(one, scope, inner if node.type in _NAMED_INSIDE else scope)
        else:
            yield Visit(one, inner)


def _block(visit: Visit, scopes: list[Scope]) -> Iterable[Visit]:
    node, scope, _ = visit
    inner = _new(scopes, scope)
    if node.type == "for_in_statement":
        kind = text_of(node.child_by_field_name("kind"))
        target = _function_scope(scope, scopes) if kind == "var" else inner
        return _fields(node, inner, {"left": target if kind else None})
    if node.type == "catch_clause":
        return _fields(node, inner, {"parameter": inner})
    if node.type == "enum_body":
        members = [one.child_by_field_name("name") or one for one in node.named_children]
        scopes[inner].names.update(map(text_of, members))
    return [Visit(one, inner) for one in node.named_children]


def _namespace(visit: Visit, scopes: list[Scope]) -> Iterator[Visit]:
    node, scope, _ = visit
    name = node.child_by_field_name("name")
    inner = _new(scopes, scope, is_function=True)
    for one in node.named_children:
        if one != name:
            yield Visit(one, inner)
        elif one.type == "identifier":
            yield Visit(one, scope, scope)
        elif one.type == "nested_identifier":
            yield Visit(one.named_children[0], scope, scope)


_HANDLERS: Mapping[str, Callable[[Visit, list[Scope]], Iterable[Visit]]] = {
    **dict.fromkeys([*FUNCTIONS, *EXPRESSIONS, *SIGNATURES, *_CALL_TYPES], _function),
    **dict.fromkeys([*CLASSES, "interface_declaration", "type_alias_declaration"], _class),
    **dict.fromkeys(["statement_block", "switch_body", "class_static_block", "enum_body"], _block),
    **dict.fromkeys(["for_statement", "for_in_statement", "catch_clause"], _block),
    **dict.fromkeys(["internal_module", "module", "enum_declaration"], _namespace),
    **dict.fromkeys(["object_pattern", "array_pattern", "rest_pattern"], _inherited),
    **dict.fromkeys(["assignment_pattern", "object_assignment_pattern"], _default),
    "pair_pattern": _pair,
    **dict.fromkeys(VARIABLES, _variables),
    "variable_declarator": _declarator,
    **dict.fromkeys(["required_parameter", "optional_parameter"], _parameter),
    **dict.fromkeys(["type_parameter", "index_signature", "mapped_type_clause"], _type_parameter),
    **dict.fromkeys(["import_clause", "namespace_import", "import_require_clause"], _imported),
    "named_imports": _inherited,
    "import_specifier": _import_specifier,
    **dict.fromkeys(["export_specifier", "nested_type_identifier"], _first),
    "export_statement": _export,
    **dict.fromkeys(
        ["jsx_opening_element", "jsx_closing_element", "jsx_self_closing_element"], _jsx
    ),
}
"""What binds names or has a scope of its own; all else just holds its children."""
