"""Object literals that hold functions: `const api = { get() {}, all: () => [] }`.

Of the top level, also behind `as const` and `satisfies`, or as the default export; objects inside
them too. Keys are plain names: no strings, no numbers, nothing computed.
"""

from tree_sitter import Node

from pytest_llmops.tasks.code.syntax import NAMES, VARIABLES, text_of, unwrapped

DEEPEST = 3
"""Objects inside one another in which functions are looked for."""


def literal_of(inner: Node) -> Node | None:
    """The object that a statement or a property is bound to; None where it is no such thing."""
    value: Node | None = inner
    if inner.type in VARIABLES:
        declarators = [one for one in inner.named_children if one.type == "variable_declarator"]
        name = declarators[0].child_by_field_name("name") if len(declarators) == 1 else None
        plain = name is not None and name.type == "identifier"
        value = declarators[0].child_by_field_name("value") if plain else None
    elif inner.type == "pair":
        value = inner.child_by_field_name("value") if key_of(inner) else None
    value = unwrapped(value) if value else None
    return value if value and value.type == "object" else None


def key_of(entry: Node) -> str:
    """The plain name of a property or method, "" for none; of an accessor too."""
    if entry.type == "shorthand_property_identifier":
        return text_of(entry)
    key = entry.child_by_field_name("key") or entry.child_by_field_name("name")
    return text_of(key) if key and key.type in NAMES else ""


def within(owner: str, code: str) -> str:
    """Code of members, put into the object that is their owner.

    Args:
        owner: The object, as in `Declaration.class_name`.
        code: Members, parted by commas.
    """
    name, *inner = owner.split(".")
    head = "export default {" if name == "default" else f"const {name} = {{"
    opened = "".join(f"{one}: {{\n" for one in inner)
    return f"{head}\n{opened}{code}\n{'}' * (len(inner) + 1)}"
