"""Items of a module in their shortest forms, and the names that they declare, in any language.

TypeScript is cut by its syntax (`trimming`). Of Python a function is its head, a class its head and
those members that are asked for.
"""

from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.modules import Item, Module
from pytest_llmops.tasks.code.trimming import declared_keys, trimmed


def keys_of(module: Module, item: Item) -> frozenset[str]:
    """The names of members that an item of the top level declares."""
    if item.kind == "function":
        return frozenset()
    if not language_of(module.path).braces:
        return frozenset(name for member in item.members for name in member.names)
    return declared_keys(module.text(item.start, item.end), module.path)


def keys_of_member(module: Module, member: Item, *, of_object: bool = False) -> frozenset[str]:
    """The names that a member of a class or an object declares, of a field's value too."""
    names = frozenset(member.names)
    if not language_of(module.path).braces:
        return names
    return declared_keys(_held(module, member, of_object), module.path) | names


def short_form(module: Module, item: Item, keep: frozenset[str]) -> str:
    """The shortest form of an item.

    Args:
        module: Where it is.
        item: At the top level.
        keep: Names of members that stay.
    """
    if language_of(module.path).braces:
        return trimmed(module.text(item.start, item.end), module.path, keep)
    if item.kind != "class" or not item.body:
        return _head(module, item)
    kept = [one for one in item.members if not keep.isdisjoint(one.names)]
    lines = [module.text(item.code_start, item.body[0]).rstrip()]
    lines += [f"    {_head(module, one)}" for one in kept]
    lines += ["    # ..."] if len(kept) < len(item.members) else []
    return "\n".join(lines)


def short_member(
    module: Module, member: Item, keep: frozenset[str], *, of_object: bool = False
) -> str:
    """The shortest form of a member of a class or an object.

    Args:
        module: Where it is.
        member: The member.
        keep: Names of members of its value that stay.
        of_object: It is one of an object.
    """
    if not language_of(module.path).braces:
        return _head(module, member)
    text = trimmed(_held(module, member, of_object), module.path, keep | {*member.names})
    return "\n".join(text.splitlines()[1:-1]).lstrip()


def _held(module: Module, member: Item, of_object: bool) -> str:
    """A member in a class or an object of its own."""
    head = "const _ =" if of_object else "class _"
    return f"{head} {{\n{module.text(member.start, member.end)}\n}}"


def _head(module: Module, item: Item) -> str:
    """An item of Python without its body and comments."""
    if not item.body:
        return module.text(item.code_start, item.end)
    return module.text(item.code_start, item.body[0]) + language_of(module.path).elided
