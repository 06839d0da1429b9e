"""Which names of a module mean its top level: scopes of TypeScript, on tree-sitter's tree.

`outer_names` lists every place where a name stands that no scope inside the module binds: its
declaration at the top level, each use of that, and each use of what the module does not declare
(globals). That is what must be known to rename a declaration and nothing else, shadowing included.

Values and types share one space of names, so a type parameter `T` hides a constant `T`; harmless,
as types have no part in what a program does. Nothing here recurses.
"""

from collections.abc import Mapping

from pytest_llmops.tasks.code.names import Name, with_other_names
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.scopes import Scope, Visit, children
from pytest_llmops.tasks.code.syntax import text_of

DEEPEST = 200
"""Scopes inside one another beyond which a name counts as bound: bounds the time of a search."""

_LEAVES = frozenset(
    {
        "identifier",
        "type_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    }
)
_CHANGES = {
    "assignment_expression": "left",
    "augmented_assignment_expression": "left",
    "update_expression": "argument",
    "call_expression": "function",
}
"""Expressions that change what stands in a field of theirs."""


def outer_names(source: bytes, path: str) -> tuple[Name, ...]:
    """List where names of the top level, or of no scope at all, stand in a module, in order."""
    scopes = [Scope(-1, set(), True)]
    seen: list[Visit] = []
    stack = [Visit(parse(source, path), 0)]
    while stack:
        visit = stack.pop()
        if visit.node.type in _LEAVES:
            if visit.into is not None:
                scopes[visit.into].names.add(text_of(visit.node))
            seen.append(visit)
        else:
            stack += children(visit, scopes)
    names = [_name(visit) for visit in seen if _is_outer(visit, scopes)]
    return tuple(sorted(names, key=lambda name: name.start))


def renamed(source: bytes, path: str, names: Mapping[str, str]) -> bytes:
    """Give declarations of the top level other names, everywhere they are meant.

    Args:
        source: The module.
        path: Decides the grammar.
        names: New names by old ones; the new ones must be free in the whole module.
    """
    return with_other_names(source, outer_names(source, path), names)


def _is_outer(visit: Visit, scopes: list[Scope]) -> bool:
    text = text_of(visit.node)
    scope = visit.scope if visit.into is None else visit.into
    if scopes[scope].depth > DEEPEST:
        return False
    while scope > 0 and text not in scopes[scope].names:
        scope = scopes[scope].parent
    return scope == 0


def _name(visit: Visit) -> Name:
    node, text, before = visit.node, text_of(visit.node), ""
    if node.type.startswith("shorthand"):
        before = f"{text}: "
    elif visit.into == 0 and node.parent and node.parent.type == "import_specifier":
        before = f"{text} as " if node.parent.named_child_count == 1 else ""
    return Name(text, node.start_byte, node.end_byte, visit.into is not None, before)


def changed_names(source: bytes, path: str) -> set[str]:
    """Collect the names whose values statements change: `a` in `a[0] = 1`, `a.b++`, `a.add(1)`."""
    found, stack = set(), [parse(source, path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        field = _CHANGES.get(node.type)
        root = node.child_by_field_name(field) if field else None
        if node.type == "call_expression" and root and root.type != "member_expression":
            continue
        while root and root.type in {"member_expression", "subscript_expression"}:
            root = root.child_by_field_name("object")
        found.add(text_of(root))
    return found - {""}
