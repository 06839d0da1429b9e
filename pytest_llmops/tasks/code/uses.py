"""What a function's body uses that is not its own: what must be known to write it.

Names of the file's top level, imports included; members of its class or object; names behind a dot,
or keys of objects, which some type may declare; and texts of strings. Its parameters, its own
variables and what every program has (`Math`) are none of these.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.tasks.code.bindings import outer_names
from pytest_llmops.tasks.code.modules import Declaration, Module
from pytest_llmops.tasks.code.parsing import PYTHON, parse
from pytest_llmops.tasks.code.syntax import text_of

_OWN = frozenset({"this", "super"})
_PROPERTIES = frozenset(
    {
        "property_identifier",
        "private_property_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
    }
)
_SPEAKS = re.compile(r"[^\W\d_]{2}")
"""What a string has that says something: two letters."""
_KINDS = frozenset(
    ["string", "number", "boolean", "object", "function", "undefined", "symbol", "bigint"]
)
"""What `typeof` gives."""


class Uses(NamedTuple):
    """What a body uses."""

    names: frozenset[str]
    """Declared or imported at the top level of the file."""
    members: frozenset[str]
    """Behind `this`, `super` or the name of its class or object."""
    properties: frozenset[str]
    """Behind any other dot, and keys that it reads or writes."""
    literals: frozenset[str]
    """Texts of strings, and of the fixed parts of templates, that have a word."""

    @property
    def wanted(self) -> frozenset[str]:
        """All names."""
        return self.names | self.members | self.properties


class _Use(NamedTuple):
    start: int
    kind: str
    text: str
    owner: str
    """What stands before the dot, where it is a plain name."""


@lru_cache(maxsize=4096)
def uses_of(module: Module, asked: Declaration) -> Uses:
    """Say what the body of a declaration uses."""
    if module.path.endswith(PYTHON):
        return _uses_of_python(module, asked)
    declared = {name for item in module.items for name in item.names}
    inside = range(asked.body_start, asked.body_end)
    names = {one for start, one in _outer(module) if start in inside} & declared
    own = {*_OWN, asked.class_name} - {""}
    found = [one for one in _uses(module) if one.start in inside]
    members = {one.text for one in found if one.owner in own and asked.class_name}
    properties = {one.text for one in found if one.kind == "property"}
    literals = {one.text for one in found if one.kind == "literal"}
    return Uses(
        frozenset(names - asked.itself),
        frozenset(members - {asked.name}),
        frozenset(properties - members - {asked.name}),
        frozenset(literals - _KINDS),
    )


@lru_cache(maxsize=256)
def _outer(module: Module) -> tuple[tuple[int, str], ...]:
    found = outer_names(module.source, module.path)
    return tuple((one.start, one.text) for one in found if not one.declares)


@lru_cache(maxsize=256)
def _uses(module: Module) -> tuple[_Use, ...]:
    found: list[_Use] = []
    stack = [parse(module.source, module.path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        if node.type in _PROPERTIES:
            found.append(_Use(node.start_byte, "property", text_of(node), _owner(node)))
        elif node.type == "string_fragment" and _SPEAKS.search(text := text_of(node)):
            found.append(_Use(node.start_byte, "literal", text, ""))
    return tuple(found)


def _owner(node: Node) -> str:
    parent = node.parent
    if parent is None or parent.type != "member_expression":
        return ""
    return text_of(parent.child_by_field_name("object"))


_BOUND = {"assignment": "left", "for_statement": "left", "named_expression": "name"}
_SELF = frozenset({"self", "cls", "super()"})


def _uses_of_python(module: Module, asked: Declaration) -> Uses:
    """The same for Python; a name that the function binds anywhere is its own."""
    names, members, attributes, literals = set[str](), set[str](), set[str](), set[str]()
    own = set(re.findall(r"\w+(?=\s*[:=,)])", asked.parameters))
    stack = [parse(module.source, module.path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        if not asked.body_start <= node.start_byte < asked.body_end:
            continue
        if node.type == "attribute":
            holder = text_of(node.child_by_field_name("object"))
            into = members if holder in {*_SELF, asked.class_name} else attributes
            into.add(text_of(node.child_by_field_name("attribute")))
        elif node.type == "identifier" and not _is_label(node):
            names.add(text_of(node))
        elif node.type == "string_content" and _SPEAKS.search(text_of(node)):
            literals.add(text_of(node))
        target = (
            node.child_by_field_name(_BOUND.get(node.type, "")) if node.type in _BOUND else None
        )
        own |= {text_of(target)} if target and target.type == "identifier" else set()
    declared = {name for item in module.items for name in item.names}
    return Uses(
        frozenset((names & declared) - own - {asked.name, asked.class_name}),
        frozenset(members - {asked.name}),
        frozenset(attributes - members - {asked.name}),
        frozenset(literals),
    )


def _is_label(node: Node) -> bool:
    """Whether an identifier stands behind a dot, or names an argument."""
    parent = node.parent
    if parent is None:
        return False
    field = {"attribute": "attribute", "keyword_argument": "name"}.get(parent.type)
    return bool(field) and parent.child_by_field_name(field or "") == node
