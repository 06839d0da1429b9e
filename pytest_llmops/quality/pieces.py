"""What of a file is the answer: the body that was asked for, and what was declared for it."""

import re
from collections.abc import Iterator

import msgspec
from tree_sitter import Node

from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Item, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

_BLANK = re.compile(r"^[ \t]*")


class Name(msgspec.Struct, frozen=True):
    """Something that an answer declares."""

    text: str
    kind: str
    """`const`, `value` (other variables, parameters, functions) or `type`."""


class Pieces(msgspec.Struct, frozen=True):
    """The parts of a file that are the answer."""

    spans: tuple[tuple[int, int], ...]
    """Byte ranges, in order."""
    lines: tuple[str, ...]
    """Their lines that are not blank, each piece indented as if it stood at the margin."""
    code: tuple[str, ...]
    """Their texts."""


def pieces(text: str, original: Module, symbol: str) -> Pieces:
    """Find the answer in a file.

    Args:
        text: The file with the answer in it.
        original: The file as it was.
        symbol: Of the function that was asked for.

    Returns:
        No spans where the function is not in the file any more.
    """
    module = parse_module(text.encode("utf-8", "replace"), original.path)
    found = [one for one in module.declarations if one.symbol == symbol]
    if not found:
        return Pieces((), (), ())
    known = {name for item in _all(original.items) for name in item.names}
    spans = [(found[0].body_start, found[0].body_end)]
    spans += [
        (item.code_start, item.end)
        for item in _all(module.items)
        if item.kind not in {"import", "other"} and item.names and known.isdisjoint(item.names)
    ]
    spans = sorted(one for one in spans if not any(_inside(one, other) for other in spans))
    code = tuple(module.text(*one) for one in spans)
    return Pieces(tuple(spans), tuple(line for one in code for line in _lines(one)), code)


def _all(items: tuple[Item, ...]) -> Iterator[Item]:
    for item in items:
        yield item
        yield from item.members


def _inside(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def _lines(code: str) -> Iterator[str]:
    """Lines without the indentation of the last one, which closes what the first one opens."""
    first, *rest = code.splitlines() or [""]
    margin = _BLANK.match(rest[-1]) if rest else None
    width = len(margin[0]) if margin else 0
    yield first
    for line in rest:
        if line.strip():
            own = _BLANK.match(line)
            assert own
            yield line[min(width, len(own[0])) :].rstrip()


_FUNCTIONS = frozenset({"function_declaration", "generator_function_declaration"})
_TYPES = frozenset(
    {"class_declaration", "interface_declaration", "type_alias_declaration", "enum_declaration"}
)
_PARAMETERS = frozenset({"required_parameter", "optional_parameter"})


def declared(text: str, path: str, spans: tuple[tuple[int, int], ...]) -> Iterator[Name]:
    """What an answer declares; names that an object's property decides are nobody's choice."""
    for node in _nodes(text, path, spans):
        holder = node.child_by_field_name("name")
        if node.type == "variable_declarator":
            is_const = text_of(node.parent).startswith("const") if node.parent else False
            yield from _bound(holder, "const" if is_const else "value")
        elif node.type in _FUNCTIONS or node.type in _TYPES:
            yield Name(text_of(holder), "type" if node.type in _TYPES else "value")
        elif node.type in _PARAMETERS:
            yield from _bound(node.child_by_field_name("pattern"), "value")
        elif node.type == "for_in_statement":
            yield from _bound(node.child_by_field_name("left"), "value")
        elif node.type in {"arrow_function", "catch_clause"}:
            yield from _bound(node.child_by_field_name("parameter"), "value")


def strings(text: str, path: str, spans: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """The quote of every string whose quote could be chosen."""
    for node in _nodes(text, path, spans):
        inner = text_of(node) if node.type == "string" else ""
        if inner and not {"'", '"'} & set(inner[1:-1]):
            yield inner[0]


def _nodes(text: str, path: str, spans: tuple[tuple[int, int], ...]) -> Iterator[Node]:
    stack = [parse(text.encode("utf-8", "replace"), path)]
    while stack:
        node = stack.pop()
        if not any(start < node.end_byte and node.start_byte < end for start, end in spans):
            continue
        if any(start <= node.start_byte and node.end_byte <= end for start, end in spans):
            yield node
        stack += reversed(node.named_children)


def _bound(pattern: Node | None, kind: str) -> Iterator[Name]:
    stack = [pattern] if pattern else []
    while stack:
        node = stack.pop()
        if node.type == "identifier":
            yield Name(text_of(node), kind)
        elif node.type == "pair_pattern":
            stack += node.named_children[-1:]
        elif node.type in {"assignment_pattern", "object_assignment_pattern"}:
            stack += node.named_children[:1]
        elif node.type.endswith("pattern"):
            stack += reversed(node.named_children)
