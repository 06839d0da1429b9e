"""Edits that leave nothing to find out: how each is undone in a tree, and how it is asked for.

An edit case starts from a tree whose tests pass. Some edits that it has are undone, and the
question says in words and code what to do; so what is measured is the form of the answer and its
tokens, and hardly any skill. The tests of the tree judge it, as they are.

    body        the body only throws; the right one is given
    insert      a statement is gone; it is given, and the line that it belongs beside
    literal     a number or a string is another
    condition   an operator says the opposite
    default     a parameter has no default value
    rename      something exported has another name in all files that use it

An edit is found by its first byte in the file of the tree (`Edit.at`); everything here follows from
that file and that number, so a manifest needs to hold no line of it.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from tree_sitter import Node

from pytest_llmops.commits import Edit, EditKind
from pytest_llmops.errors import CaseError
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

NAMES = frozenset({"identifier", "type_identifier"})
"""Nodes that a rename changes."""
SUFFIX = "V1"
"""What a renamed thing has behind its name before."""
FLIPPED = {
    "===": "!==",
    "!==": "===",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "&&": "||",
    "||": "&&",
}
"""What a condition says before, by what it is to say."""
_OLD = "-old"
_TEXT = re.compile(r"""(["'])[^"'\\\n]*[A-Za-z][^"'\\\n]*\1""")
_NUMBER = re.compile(r"\d{1,15}")


class Cut(NamedTuple):
    """What an edit changes in its file: bytes of the tree's text, and what stands there before."""

    start: int
    end: int
    before: bytes


def undone(edits: Sequence[Edit], texts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files without edits.

    Args:
        edits: What is undone.
        texts: The files as the tree has them, by path.

    Raises:
        CaseError: An edit is not there.
    """
    before = dict(texts)
    for edit in edits:
        if edit.kind == "rename":
            before = {path: _renamed(text, path, edit.symbol) for path, text in before.items()}
    cuts = [(edit.path, cut(edit, texts[edit.path])) for edit in edits if edit.kind != "rename"]
    for path, one in sorted(cuts, key=lambda pair: -pair[1].start):
        before[path] = before[path][: one.start] + one.before + before[path][one.end :]
    return before


def cut(edit: Edit, source: bytes) -> Cut:
    """What an edit changes in the text of its file.

    Raises:
        CaseError: There is no such edit at its place.
    """
    found = [node for node in starting(source, edit.path, edit.at) if node.type in NODES[edit.kind]]
    made = (CUTS[edit.kind](node, source) for node in found)
    if one := next((one for one in made if one), None):
        return one
    raise CaseError(f"{edit.path}: no {edit.kind} at byte {edit.at}; mine the suite again")


def starting(source: bytes, path: str, at: int) -> Iterable[Node]:
    """The nodes that begin at a byte, the outermost first."""
    node: Node | None = parse(source, path)
    while node:
        if node.start_byte == at:
            yield node
        node = next((one for one in node.children if one.start_byte <= at < one.end_byte), None)


def _renamed(text: bytes, path: str, name: str) -> bytes:
    for node in reversed([one for one in named(text, path, name) if one.type in NAMES]):
        text = text[: node.end_byte] + SUFFIX.encode() + text[node.end_byte :]
    return text


def named(text: bytes, path: str, name: str) -> list[Node]:
    """The nodes of a file that are a name, in order; comments and strings are none."""
    stack, found, wanted = [parse(text, path)], [], name.encode()
    while stack:
        node = stack.pop()
        if wanted in text[node.start_byte : node.end_byte]:
            if not node.child_count and node.text == wanted and node.type != "string_fragment":
                found.append(node)
            stack += reversed(node.children)
    return found


def _body(node: Node, source: bytes) -> Cut | None:
    margin = _indent(source, node.start_byte)
    step = b"\t" if b"\n\t" in source else b"  "
    lines = (b"{", margin + step + b'throw new Error("not implemented");', margin + b"}")
    return Cut(node.start_byte, node.end_byte, b"\n".join(lines))


def _insert(node: Node, source: bytes) -> Cut | None:
    """The lines of a statement, with the comments directly above it and empty lines behind it."""
    first = node
    while (above := first.prev_named_sibling) and above.type == "comment":
        if above.end_point.row + 1 != first.start_point.row or _shares(above, source):
            break
        first = above
    start = source.rfind(b"\n", 0, first.start_byte) + 1
    end = source.find(b"\n", node.end_byte) + 1
    if _shares(node, source) or source[start : first.start_byte].strip() or not end:
        return None
    while (following := source.find(b"\n", end) + 1) and not source[end:following].strip():
        end = following
    return Cut(start, end, b"")


def _shares(node: Node, source: bytes) -> bool:
    """Whether other code stands on the lines of a node."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    end = source.find(b"\n", node.end_byte)
    return bool(source[start : node.start_byte].strip() or source[node.end_byte : end].strip())


def _literal(node: Node, _: bytes) -> Cut | None:
    text = text_of(node)
    if node.type == "number" and _NUMBER.fullmatch(text):
        return Cut(node.start_byte, node.end_byte, str(int(text) + 1).encode())
    if node.type == "string" and _TEXT.fullmatch(text):
        other = f"{text[:-1]}{_OLD}{text[-1]}"
        return Cut(node.start_byte, node.end_byte, other.encode())
    return None


def _condition(node: Node, source: bytes) -> Cut | None:
    sign = node.child_by_field_name("operator")
    other = FLIPPED.get(text_of(sign))
    if sign is None or other is None or "\n" in text_of(node):
        return None
    head, tail = source[node.start_byte : sign.start_byte], source[sign.end_byte : node.end_byte]
    return Cut(node.start_byte, node.end_byte, head + other.encode() + tail)


def _default(node: Node, source: bytes) -> Cut | None:
    value = node.child_by_field_name("value")
    bare = node.child_by_field_name("type") or node.child_by_field_name("pattern")
    if value is None or bare is None or b"\n" in source[node.start_byte : node.end_byte]:
        return None
    return Cut(bare.end_byte, node.end_byte, b"")


def _indent(source: bytes, at: int) -> bytes:
    line = source[source.rfind(b"\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip())]


NODES: Mapping[EditKind, frozenset[str]] = {
    "body": frozenset({"statement_block"}),
    "insert": frozenset({"if_statement", "expression_statement"}),
    "literal": frozenset({"number", "string"}),
    "condition": frozenset({"binary_expression"}),
    "default": frozenset({"required_parameter"}),
    "rename": NAMES,
}
"""What an edit of each kind begins with."""
CUTS: Mapping[EditKind, Callable[[Node, bytes], Cut | None]] = {
    "body": _body,
    "insert": _insert,
    "literal": _literal,
    "condition": _condition,
    "default": _default,
}
"""What is cut of such a node; None where it is no edit of its kind."""
