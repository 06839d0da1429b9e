"""Names that an answer and its file both have, with one meaning or with two.

What an answer declares beside its function means what the answer says, so where the file has
another thing of that name, the answer's gets a name of its own, wherever it is meant and nowhere
else. It is the same thing, and the file's is used, where

- it is a type, which no program depends on;
- its text is the same, comments, types and layout aside;
- it is a placeholder: a function without a body, or a class that has no member the file's lacks;
- both are `let` or `var`: state that the rest of the file shares;
- both are imports of the same name from the same module.

A private method beside the asked one is treated likewise.
"""

import re
from collections.abc import Iterable, Mapping

from pytest_llmops.grading.forms import fresh
from pytest_llmops.grading.modules import imported_name, is_of_node, is_same_module
from pytest_llmops.tasks.code.bindings import outer_names, renamed
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import comments, text_of

_PLACEHOLDER = re.compile(
    r"\{\s*(?:throw\s+(?:new\s+)?\w*Error\(\s*[\"'`][^\"'`\n]*"
    r"(?:not\s+(?:yet\s+)?implemented|unimplemented|todo)[^\"'`\n]*[\"'`]\s*\)\s*;?\s*)?\}",
    re.IGNORECASE,
)
_EXPORT = re.compile(r"(?:export\s+(?:default\s+)?|declare\s+)*")
_STATE = re.compile(r"(?:let|var)\b")
_TYPE_ONLY = frozenset(
    {
        "type_annotation",
        "type_parameters",
        "type_arguments",
        "type_predicate_annotation",
        "asserts_annotation",
        "accessibility_modifier",
        "override_modifier",
        "readonly",
        "comment",
        ",",
        ";",
    }
)
_PRIVATE = re.compile(r"(?:private|protected)\b|(?:static\s+|async\s+|\*\s*)*#")


def is_placeholder(body: str) -> bool:
    """Whether a function's body says nothing: empty, comments, or that it is not implemented."""
    if len(body) > 2000:
        return False
    source = body.encode("utf-8", "replace")
    for start, end in reversed(comments(b"function f() " + source, "")):
        source = source[: start - 13] + source[end - 13 :]
    return bool(_PLACEHOLDER.fullmatch(source.decode("utf-8", "replace").strip()))


def settled(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> tuple[Module, Declaration]:
    """Return the answer with names of its own for what the file means otherwise."""
    names = outer_names(answer.source, answer.path)
    used = {name.text for name in names if not name.declares} - asked.itself
    theirs = _by_name(answer.items)
    taken = _by_name(module.items)
    free = _free(module, asked) if used & theirs.keys() else set()
    texts = (answer.source.decode("utf-8", "replace"), module.text(0, len(module.source)))
    own = {
        name: fresh(name, *texts)
        for name in sorted(used & theirs.keys())
        if _is_other(answer, theirs[name], module, taken.get(name), name)
        or (name not in taken and name in free and theirs[name].kind != "type")
    }
    source = renamed(answer.source, answer.path, own) if own else answer.source
    private = _members(module, asked, answer, given)
    if private:
        source = _with_members(source, answer.path, {old: fresh(old, *texts) for old in private})
    if source == answer.source:
        return answer, given
    changed = parse_module(source, answer.path)
    return changed, changed.declarations[answer.declarations.index(given)]


def _by_name(items: Iterable[Item]) -> dict[str, Item]:
    return {name: item for item in items for name in item.names}


def _free(module: Module, asked: Declaration) -> set[str]:
    """Names that the file outside the asked function uses and does not declare."""
    names = outer_names(module.source, module.path)
    outside = [one for one in names if not asked.start <= one.start < asked.end]
    return {one.text for one in outside} - {one.text for one in names if one.declares}


def _is_other(answer: Module, given: Item, module: Module, known: Item | None, name: str) -> bool:
    """Whether the file has something else under the name."""
    if known is None:
        return False
    if given.kind == "import":
        return _is_other_import(answer, given, module, known, name)
    code, theirs = _code(answer, given), _code(module, known)
    same = (
        (given.kind == "type" and not code.startswith(("enum", "const enum")))
        or (given.kind == known.kind == "class" and _is_part(given, known))
        or (_STATE.match(code) and _STATE.match(theirs))
        or (given.body and is_placeholder(answer.text(*given.body)))
    )
    return not same and value_tokens(code, answer.path) != value_tokens(theirs, module.path)


def _is_other_import(answer: Module, given: Item, module: Module, known: Item, name: str) -> bool:
    if known.kind != "import":
        return is_of_node(given.module)
    return not is_same_module(given.module, known.module) or imported_name(
        answer, given, name
    ) != imported_name(module, known, name)


def _code(module: Module, item: Item) -> str:
    code = module.text(item.code_start, item.end)
    return code[match.end() :] if (match := _EXPORT.match(code)) else code


def _is_part(given: Item, known: Item) -> bool:
    return set(_by_name(given.members)) <= set(_by_name(known.members)) | {"constructor"}


def _members(module: Module, asked: Declaration, answer: Module, given: Declaration) -> list[str]:
    """Private methods of the answer's class that are others in the file's."""
    if not asked.class_name or not given.class_name:
        return []
    known, theirs = (
        _by_name(next(one for one in items if one.start <= at < one.end).members)
        for items, at in ((module.items, asked.start), (answer.items, given.start))
    )
    return [
        name
        for name, member in theirs.items()
        if name in known and name != asked.name and member.kind == "method"
        if _PRIVATE.match(_code(answer, member))
        if not (member.body and is_placeholder(answer.text(*member.body)))
        if _method(answer, member) != _method(module, known[name])
    ]


def _method(module: Module, member: Item) -> tuple[str, ...]:
    return value_tokens(f"class _ {{ {_code(module, member)} }}", module.path)


def _with_members(source: bytes, path: str, names: Mapping[str, str]) -> bytes:
    """Give methods other names, where they are declared and where `this` or a class has them."""
    edits, stack = [], [parse(source, path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        holder = node.child_by_field_name("object")
        name = node.child_by_field_name("property" if holder else "name")
        known = node.type == "method_definition" or (
            holder and (holder.type == "this" or text_of(holder)[:1].isupper())
        )
        if name and known and text_of(name) in names:
            edits.append((name.start_byte, name.end_byte, names[text_of(name)].encode()))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def value_tokens(code: str, path: str) -> tuple[str, ...]:
    """List the tokens of code that make a difference when it runs.

    Left out are comments, types, modifiers that only types know, commas and semicolons; a string is
    the same in either quotes.
    """
    found: list[str] = []
    stack = [parse(code.encode("utf-8", "replace"), path)]
    while stack:
        node = stack.pop()
        if node.type in _TYPE_ONLY:
            continue
        if node.type in {"as_expression", "satisfies_expression"}:
            stack.append(node.children[0])
        elif node.child_count and node.type != "string":
            stack += reversed(node.children)
        else:
            text = text_of(node)
            found.append(f'"{text[1:-1]}"' if node.type == "string" else text)
    return tuple(found)
