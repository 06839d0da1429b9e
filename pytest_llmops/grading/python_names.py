"""Names that a Python answer and its file both have, with one meaning or with two.

Where the answer's name means something else in the file, the answer's declaration gets a name of
its own, wherever it is meant and nowhere else. It is the same thing, and the file's is used, where

- the code is equal but for comments, docstrings and types;
- it is a placeholder: a function that is not written, or a class without members of its own;
- both are imports of the same name from modules whose last part is the same;
- a function says that it is `global`: state that the rest of the file shares.

A private method beside the asked one is treated likewise.
"""

import re
import sys
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from pytest_llmops.grading.forms import fresh
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.names import Name
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.python_scopes import top_names, with_names
from pytest_llmops.tasks.code.syntax import text_of

_EMPTY = re.compile(
    r"(?:#[^\n]*(?:\n|\Z)|pass|(?:return[ \t]+)?\.\.\.|return[ \t]+NotImplemented\b"
    r"|raise[ \t]+NotImplementedError\b(?:\((?:[^()]|\([^()]*\))*\))?"
    r"|raise[ \t]+\w+\([ \t]*f?[\"'][^\"'\n]*(?:not\s+(?:yet\s+)?implemented|todo)"
    r"[^\"'\n]*[\"'][ \t]*\)|\s)*\Z",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(?:#[^\n]*(?:\n|\Z)|return\b(?:[ \t]*\(?None\)?)?(?=[\s;#]|\Z)"
    r"|assert[ \t]+(?:False|0)\b(?:,[^\n]*)?|pass\b|[;\s])*\Z"
)
_TODO = re.compile(
    r"(?:\s*#[^\n]*\n)*?\s*#[^\n]*\b(?:todo|fixme|your code|implement)\b[^\n]*\n"
    r"(?:\s*#[^\n]*\n)*\s*return(?:[ \t]+None)?\s*\Z",
    re.IGNORECASE,
)
_LIBRARY = sys.stdlib_module_names
_PUNCTUATION = frozenset([":", "->", ",", ";"])


def says_nothing(body: str) -> bool:
    """Whether a body is not written: empty, comments, or that it is not implemented."""
    return len(body) <= 2000 and any(one.match(body) for one in (_EMPTY, _TODO))


def gives_nothing(body: str) -> bool:
    """Whether a body is not written, or returns None or fails, whatever it is called with.

    No function that is asked for does so, but one that an answer brings along may.
    """
    return says_nothing(body) or (len(body) <= 2000 and bool(_NOTHING.match(body)))


def settled(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> tuple[Module, Declaration]:
    """Return the answer with names of its own for what the file means otherwise."""
    places = top_names(answer.source, answer.path)
    used = {one.text for one in places if not one.declares} - asked.itself
    ours, taken = by_name(answer, places), by_name(module, top_names(module.source, module.path))
    free = _free(module, asked)
    shared = _shared(answer)
    texts = answer.text(0, len(answer.source)), module.text(0, len(module.source))
    own = {
        name: fresh(name, *texts)
        for name in sorted(used & ours.keys())
        if name not in shared
        and (
            _is_other(answer, ours[name], module, taken[name], name)
            if name in taken
            else name in free
        )
    }
    index = answer.declarations.index(given)
    source = with_names(answer.source, answer.path, own) if own else answer.source
    if inside := [*_private(module, asked, answer, given)]:
        source = _with_members(source, answer.path, {one: fresh(one, *texts) for one in inside})
    if source == answer.source:
        return answer, given
    changed = parse_module(source, answer.path)
    return changed, changed.declarations[index]


def by_name(module: Module, places: Sequence[Name]) -> dict[str, Item]:
    """The statements of the top level by what they declare; of several the last."""
    found = {name: item for item in module.items for name in item.names}
    loose = [item for item in module.items if not item.names]
    inside = ((one, item) for item in loose for one in between(places, item.start, item.end))
    return {one.text: item for one, item in inside if one.declares} | found


def between(places: Sequence[Name], start: int, end: int) -> Sequence[Name]:
    """Those of places in order that stand in a range."""
    first, last = (bisect_left(places, at, key=lambda one: one.start) for at in (start, end))
    return places[first:last]


def class_of(module: Module, one: Declaration) -> tuple[Item, ...]:
    """The members of the class that a method is in."""
    if not one.class_name:
        return ()
    found = [item for item in module.items if item.start <= one.start < item.end]
    return found[0].members if found else ()


def _free(module: Module, asked: Declaration) -> set[str]:
    """Names that the file outside the asked function uses and does not declare."""
    places = top_names(module.source, module.path)
    declared = {one.text for one in places if one.declares}
    return {one.text for one in places if not asked.start <= one.start < asked.end} - declared


def _shared(answer: Module) -> set[str]:
    """Names that a function says are `global`."""
    found, stack = set[str](), [parse(answer.source, answer.path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        if node.type == "global_statement":
            found.update(map(text_of, node.named_children))
    return found


def _is_other(answer: Module, given: Item, module: Module, known: Item, name: str) -> bool:
    """Whether the file has something else under the name."""
    code, theirs = (
        answer.text(given.code_start, given.end),
        module.text(known.code_start, known.end),
    )
    if given.kind == "import":
        mine = _imported(answer, given, name)
        if known.kind != "import":  # only Python's own: others are the file or its surroundings
            return bool(mine[1]) and (given.module or mine[1]).partition(".")[0] in _LIBRARY
        return bool(mine[1]) and mine != _imported(module, known, name)
    if given.kind == known.kind == "class":
        theirs_too = {one for item in known.members for one in item.names}
        if theirs_too.issuperset(one for item in given.members for one in item.names):
            return False
    if given.kind == "other" or (given.body and says_nothing(answer.text(*given.body))):
        return False
    return _tokens(code, answer.path) != _tokens(theirs, module.path)


def _imported(module: Module, item: Item, name: str) -> tuple[str, str]:
    """What an import binds a name to: last part of the module, and what of it; "" for `a.b`."""
    root = parse(module.source[item.code_start : item.end], module.path)
    for node in root.named_children[0].children_by_field_name("name"):
        alias, inner = node.child_by_field_name("alias"), node.child_by_field_name("name") or node
        if text_of(alias or inner) == name:
            return item.module.rpartition(".")[2], text_of(inner)
    return "", ""


def _tokens(code: str, path: str) -> list[str]:
    """The code without comments, docstrings and types."""
    found: list[str] = []
    stack = [parse(code.encode("utf-8", "replace"), path)]
    while stack:
        node = stack.pop()
        if node.type in {"comment", "type"} or _is_text_alone(node):
            continue
        if not node.child_count or node.type == "string":
            found.append(text_of(node))
        stack += reversed(node.children if node.type != "string" else [])
    return [one for one in found if one not in _PUNCTUATION]


def _is_text_alone(node: Node) -> bool:
    inner = node.named_children
    return node.type == "expression_statement" and [one.type for one in inner] == ["string"]


def _private(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> Iterator[str]:
    """Private methods of the answer's class that are others in the file's."""
    known = {name: item for item in class_of(module, asked) for name in item.names}
    for item in class_of(answer, given):
        name = item.names[0] if item.names else ""
        is_private = name.startswith("_") and not name.endswith("__") and name != asked.name
        is_method = is_private and name in known and item.kind == "method"
        if is_method and _is_other(answer, item, module, known[name], name):
            yield name


def _with_members(source: bytes, path: str, names: Mapping[str, str]) -> bytes:
    """Give methods other names, where they are declared and behind a dot."""
    edits, stack = [], [parse(source, path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        field = {"attribute": "attribute", "function_definition": "name"}.get(node.type, "")
        name = node.child_by_field_name(field)
        if name and text_of(name) in names:
            edits.append((name.start_byte, name.end_byte, names[text_of(name)].encode()))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source
