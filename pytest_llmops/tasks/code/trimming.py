"""Declarations without what they do: signatures, and of types no more than what is asked for.

Bodies of functions become `{ /* ... */ }` and comments go. Of a type, a class, an enum or an object
the members whose names are asked for stay, and one remark stands for the others. The result is for
reading; it need not compile.
"""

from collections.abc import Iterator
from functools import lru_cache

from tree_sitter import Node

from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.splicing import spliced
from pytest_llmops.tasks.code.syntax import EXPRESSIONS, FUNCTIONS, text_of

LONGEST = 80
"""Characters of a value that is shown in a short form."""

_HOLDERS = frozenset({"interface_body", "object_type", "enum_body", "class_body", "object"})
_MEMBERS = frozenset(
    {
        "property_signature",
        "method_signature",
        "abstract_method_signature",
        "public_field_definition",
        "method_definition",
        "pair",
        "enum_assignment",
    }
)
_VALUES = frozenset({"array", "string", "template_string", "regex", "arguments"})
_GONE = "/* ... */"
ELIDED = "// ..."
"""In the place of members that go."""

Cut = tuple[int, int, bytes]
"""Range of bytes, and what stands in its place."""


@lru_cache(maxsize=4096)
def declared_keys(text: str, path: str) -> frozenset[str]:
    """The names of members that a declaration declares, in bodies of functions none."""
    found: set[str] = set()
    stack = [parse(text.encode(), path)]
    while stack:
        node = stack.pop()
        if node.type != "statement_block":
            stack += node.named_children
            found.update(_keys(node))
    return frozenset(found)


@lru_cache(maxsize=8192)
def trimmed(text: str, path: str, keep: frozenset[str]) -> str:
    """A declaration in its shortest form.

    Args:
        text: One statement, with its comments.
        path: Decides the grammar.
        keep: Names of members that stay.
    """
    source = text.encode()
    cuts: list[Cut] = []
    stack = [parse(source, path)]
    while stack:
        node = stack.pop()
        if (cut := _cut(node)) is not None:
            cuts.append((node.start_byte, node.end_byte, cut))
        elif node.type == "array" and (rest := _behind_the_first(node)):
            cuts.append(rest)
            stack.append(node.named_children[0])
        elif node.type in _HOLDERS and not _of_signature(node):
            gone = [*_dropped(node, keep, source)]
            cuts += gone
            inside = [range(start, end) for start, end, _ in gone]
            stack += [
                one
                for one in node.named_children
                if not any(one.start_byte in span for span in inside)
            ]
        else:
            stack += node.named_children
    kept = spliced(source, cuts).decode("utf-8", "replace")
    return "\n".join(line.rstrip() for line in kept.splitlines() if line.strip())


def _cut(node: Node) -> bytes | None:
    """What stands in the place of a node; None where it stays or is looked into."""
    if node.type == "comment":
        return b""
    parent = node.parent
    if parent and parent.type in FUNCTIONS | EXPRESSIONS and node == _body(parent):
        return f"{{ {_GONE} }}".encode() if node.type == "statement_block" else _GONE.encode()
    long = node.end_byte - node.start_byte > LONGEST
    if node.type in _VALUES and long and not any(_holds(node)):
        return f"({_GONE})".encode() if node.type == "arguments" else _GONE.encode()
    return None


def _behind_the_first(array: Node) -> Cut | None:
    """What goes of a long array; None where nothing does."""
    held = array.named_children
    if len(held) < 3 or array.end_byte - array.start_byte <= LONGEST:
        return None
    return held[0].end_byte, array.end_byte - 1, f", {_GONE}".encode()


def _of_signature(holder: Node) -> bool:
    """Whether a type is written out where a function says what it takes or gives."""
    node = holder.parent
    while node and node.type not in _HOLDERS:
        if node.type == "formal_parameters":
            return True
        node = node.parent
    return bool(node and _of_signature(node))


def _body(function: Node) -> Node | None:
    return function.child_by_field_name("body")


def _holds(node: Node) -> Iterator[Node]:
    """Objects in a value, which are looked into."""
    stack = [*node.named_children]
    while stack:
        one = stack.pop()
        if one.type in _HOLDERS:
            yield one
        stack += one.named_children


def _dropped(holder: Node, keep: frozenset[str], source: bytes) -> Iterator[Cut]:
    """The members that go, in runs, with what stands in their place."""
    members = [one for one in holder.named_children if one.type != "comment"]
    multiline = b"\n" in source[holder.start_byte : holder.end_byte]
    at = 0
    while at < len(members):
        start = at
        while at < len(members) and not _kept(members[at], keep):
            at += 1
        if at > start:
            following = members[at].start_byte if at < len(members) else holder.end_byte - 1
            place = source.rfind(b"\n", 0, following) + 1
            indent = source[place:following]
            line = multiline and not indent.strip()
            yield (
                members[start].start_byte,
                following,
                f"{ELIDED}\n".encode() + indent if line else f"{_GONE} ".encode(),
            )
        at += 1


def _kept(member: Node, keep: frozenset[str]) -> bool:
    stack = [member]
    while stack:
        node = stack.pop()
        if not keep.isdisjoint(_keys(node)):
            return True
        if node.type != "statement_block":
            stack += node.named_children
    return False


def _keys(node: Node) -> Iterator[str]:
    if node.type in _MEMBERS:
        name = node.child_by_field_name("name") or node.child_by_field_name("key")
        text = text_of(name)
        yield text[1:-1] if name and name.type == "string" else text
        if text == "constructor" and (parameters := node.child_by_field_name("parameters")):
            for one in parameters.named_children:
                if one.named_children and one.named_children[0].type == "accessibility_modifier":
                    yield text_of(one.child_by_field_name("pattern"))
    elif node.type == "enum_body":
        yield from (text_of(one) for one in node.named_children if one.type.endswith("identifier"))
    elif node.type == "shorthand_property_identifier":
        yield text_of(node)
