"""Tree-sitter nodes of TypeScript: parsing, counting errors, and what a statement declares.

The layer below `typescript`, which turns nodes into values. Nothing here recurses, so depth of
nesting is no limit; names are those of the grammar (tree-sitter-typescript 0.23).
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from typing import NamedTuple

from tree_sitter import Language, Node, Query, QueryCursor

from pytest_llmops.tasks.code.parsing import grammar, parse

CLASSES = frozenset({"class_declaration", "abstract_class_declaration", "class"})
FUNCTIONS = frozenset(
    {"function_declaration", "generator_function_declaration", "method_definition"}
)
EXPRESSIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
SIGNATURES = frozenset({"function_signature", "method_signature"})
VARIABLES = frozenset({"lexical_declaration", "variable_declaration"})
NAMES = frozenset({"identifier", "property_identifier", "private_property_identifier"})
REMARKS = frozenset({"comment", "decorator"})
WRAPPERS = frozenset(
    {"parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression"}
)


_OF_FILE = re.compile(r"@(?:file|fileoverview|overview|license|module|packageDocumentation)\b")
"""Tags of a comment that documents its file."""


class Statement(NamedTuple):
    """A statement of the top level, or a member of a class or an object."""

    node: Node
    """The whole statement."""
    inner: Node
    """What it declares: `node` without `export`."""
    function: Node | None
    """The function it declares or binds, where that is all it does."""
    leading: list[Node]
    """Comments, decorators and overload signatures directly above, in order."""


@cache
def _query(pattern: str, language: Language) -> Query:
    return Query(language, pattern)


def _captures(pattern: str, source: bytes, path: str) -> list[Node]:
    query = _query(pattern, grammar(path))
    return QueryCursor(query).captures(parse(source, path)).get("found", [])


def comments(source: bytes, path: str) -> list[tuple[int, int]]:
    """List the byte ranges of all comments, in order; inside strings and templates is none."""
    return _spans("(comment) @found", source, path)


def literals(source: bytes, path: str) -> list[tuple[int, int]]:
    """List the byte ranges of all strings and templates, in order, with what is put into them."""
    return _spans("[(string) (template_string)] @found", source, path)


def _spans(pattern: str, source: bytes, path: str) -> list[tuple[int, int]]:
    found = _captures(pattern, source, path)
    return sorted((one.start_byte, one.end_byte) for one in found)


def value_names(source: bytes, path: str) -> set[str]:
    """Collect the names used or bound as values, not as types or properties."""
    pattern = "[(identifier) (shorthand_property_identifier)] @found"
    return {text_of(node) for node in _captures(pattern, source, path)}


def shape(code: str, path: str) -> tuple[str, ...]:
    """List the node types of statements that are to stand in a function.

    For an expression statement, the type of its expression; `("ERROR",)` for what is no list of
    statements.
    """
    root = parse(f"async function* _() {{\n{code}\n}}".encode("utf-8", "replace"), path)
    function = root.named_children[0]
    if root.has_error or root.named_child_count > 1:
        return ("ERROR",)
    kinds = []
    for node in function.named_children[-1].named_children:
        inner = node.named_children[:1] if node.type == "expression_statement" else []
        if node.type != "comment":
            kinds.append(inner[0].type if inner else node.type)
    return tuple(kinds)


def text_of(node: Node | None) -> str:
    """Return the text of a node, "" for none."""
    return (node.text or b"").decode("utf-8", "replace") if node else ""


def statements(parent: Node | None) -> Iterator[Statement]:
    """Yield the statements of a root or block, or the members of a class body or object.

    Each comes with what stands directly above it. Comments behind code on the same line, and
    comments apart by an empty line, belong to nothing; but overload signatures belong to the
    function of their name, and a `/** */` to the function or signature that it documents, whatever
    empty lines follow them; what begins a file is its own.
    """
    leading: list[Node] = []
    last_row = -1
    for node in parent.named_children if parent else ():
        if node.type == "comment" and node.start_point.row == last_row:
            continue
        inner = inner_of(node)
        if leading and node.start_point.row > leading[-1].end_point.row + 1:
            leading = _belonging(leading, inner)
        last_row = node.end_point.row
        if node.type not in REMARKS:
            leading = _own(leading, inner)
        if node.type in REMARKS or inner.type in SIGNATURES:
            leading.append(node)
        else:
            yield Statement(node, inner, _function(inner), leading)
            leading = []


def _belonging(leading: list[Node], inner: Node) -> list[Node]:
    """Return what belongs to a node though an empty line is between them."""
    signatures = [inner_of(one) for one in leading if one.type not in REMARKS]
    if inner.type in REMARKS:  # of another signature, perhaps
        return leading if signatures else []
    if any(symbol_of(one) == symbol_of(inner) for one in signatures):
        return leading
    last = leading[-1]
    if not text_of(last).startswith("/**") or _OF_FILE.search(text_of(last)):
        return []
    begins = last.prev_named_sibling is None and bool(last.parent and last.parent.type == "program")
    documents = inner.type in SIGNATURES or (_function(inner) is not None and not begins)
    return [last] if documents else []


def _own(leading: list[Node], inner: Node) -> list[Node]:
    """Return what stands behind the last signature of another name."""
    others = [
        number
        for number, one in enumerate(leading, start=1)
        if one.type not in REMARKS and symbol_of(inner_of(one)) != symbol_of(inner)
    ]
    return leading[others[-1] :] if others else leading


def inner_of(node: Node) -> Node:
    """Return what a statement declares: itself without `export`, or the namespace it is."""
    if node.type == "expression_statement" and node.named_child_count:
        only = node.named_children[0]
        return only if only.type == "internal_module" else node
    if node.type != "export_statement":
        return node
    value = node.child_by_field_name("declaration") or node.child_by_field_name("value")
    return unwrapped(value) if value else node


def unwrapped(node: Node) -> Node:
    """Return an expression without parentheses, `as`, `satisfies` and `!`."""
    while node.type in WRAPPERS and node.named_child_count:
        node = node.named_children[0]
    return node


def _function(inner: Node) -> Node | None:
    value: Node | None = inner
    if inner.type in VARIABLES:
        declarators = [one for one in inner.named_children if one.type == "variable_declarator"]
        value = declarators[0].child_by_field_name("value") if len(declarators) == 1 else None
    elif inner.type in {"public_field_definition", "pair"}:
        value = inner.child_by_field_name("value")
    elif inner.type in FUNCTIONS:
        return inner
    value = unwrapped(value) if value else None
    return value if value and value.type in EXPRESSIONS else None


def names_of(inner: Node) -> tuple[str, ...]:
    """List what a statement or member declares; for an import, the names it binds."""
    if inner.type == "import_statement":
        clauses = [one for one in inner.named_children if one.type == "import_clause"]
        return tuple(name for clause in clauses for name in _bound(clause))
    name = inner.child_by_field_name("name")
    if name:
        return (text_of(name),)
    if inner.type in VARIABLES:
        patterns = [one.child_by_field_name("name") for one in inner.named_children]
        return tuple(name for one in patterns if one for name in _bound(one))
    return names_of(inner.named_children[0]) if inner.type == "ambient_declaration" else ()


def _bound(pattern: Node) -> Iterator[str]:
    """Yield the names that a pattern of a `const` or the clause of an import binds."""
    stack = [pattern]
    while stack:
        node = stack.pop()
        if node.type in {"identifier", "shorthand_property_identifier_pattern"}:
            yield text_of(node)
        elif node.type in {"import_specifier", "pair_pattern"}:
            stack += node.named_children[-1:]
        elif node.type in {"object_assignment_pattern", "assignment_pattern"}:
            stack += node.named_children[:1]
        else:
            stack += reversed(node.named_children)


def exported_names(root: Node) -> set[str]:
    """Collect the names in `export { a, b as c }` and `export default a`, by their local name."""
    names = set()
    for statement in root.named_children:
        if statement.type == "export_statement" and not statement.child_by_field_name("source"):
            for clause in statement.named_children:
                parts = clause.named_children if clause.type == "export_clause" else [clause]
                locals_ = [part.child_by_field_name("name") or part for part in parts]
                names |= {text_of(part) for part in locals_ if part.type == "identifier"}
    return names


def symbol_of(inner: Node) -> str:
    """Return the name to ask for it by; "" for what cannot be asked for."""
    if inner.type in EXPRESSIONS:
        return "default"
    holder = inner.named_children[0] if inner.type in VARIABLES else inner
    name = holder.child_by_field_name("name")
    if not name or name.type not in NAMES or text_of(name) == "constructor":
        return ""
    accessor = any(child.type in {"get", "set"} for child in inner.children)
    return "" if accessor else text_of(name)


def doc_of(leading: list[Node]) -> str:
    """Return the comment closest to the code: one block, or the lines of `//` that end there."""
    comments = [text_of(one) for one in leading if one.type == "comment"]
    if not comments or comments[-1].startswith("/*"):
        return comments[-1] if comments else ""
    lines = takewhile(lambda comment: comment.startswith("//"), reversed(comments))
    return "\n".join(reversed([*lines]))
