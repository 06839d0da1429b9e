"""An answered function, and what it uses, put into the file in the place of the one asked for.

The file decides the form (declaration, `const`, method; `export`; modifiers), so whatever relied on
it, hoisting and `this` included, still holds. The answer decides what the function does: where it
has the same parameters, defaults, `async` and `*` as the file, the file's signature with its types
stays; else the answer's own stands.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pytest_llmops.tasks.syntax import parameter_patterns, value_names
from pytest_llmops.tasks.typescript import Declaration, Item, Module

_NODE = re.compile(
    r"node:.+|assert|buffer|child_process|crypto|events|fs|fs/promises|os|path|path/posix"
    r"|path/win32|process|querystring|stream|string_decoder|timers|url|util|zlib"
)
_WORD = re.compile(r"#?[A-Za-z_$][\w$]*")
_EXPORT = re.compile(r"export\s+(?:default\s+)?")
_MODIFIERS = re.compile(r"\b(?:public|private|protected|static|override|readonly)\b")
_ARGUMENTS = re.compile(r"\barguments\b")


class Spliced(NamedTuple):
    """An answer in the file."""

    file_text: str
    code: str
    """The function in the answer's own form."""
    body: str
    """Its body."""
    beside: str
    """What is kept of what the answer declares beside it."""


def splice(module: Module, asked: Declaration, answer: Module, given: Declaration) -> Spliced:
    """Put an answered declaration, and what it uses of its surroundings, into the file.

    Args:
        module: The file.
        asked: The declaration in it that is replaced.
        answer: The answer's code.
        given: The declaration in that, of whatever form.
    """
    beside = _beside(module, asked, answer, given)
    edits = [(start, start, "".join(f"{text}\n\n" for text in beside[start])) for start in beside]
    edits.append((asked.start, asked.end, _declaration(module, asked, answer, given)))
    kept = [text for texts in beside.values() for text in texts]
    own = answer.text(given.start, given.end)
    return Spliced(edited(module, edits), own, answer.body(given), "\n\n".join(kept))


def edited(module: Module, edits: Iterable[tuple[int, int, str]]) -> str:
    """Return the file's text with ranges of bytes replaced; ranges must not overlap."""
    pieces, position = [], 0
    for start, end, text in sorted(edits):
        pieces += [module.source[position:start], text.encode("utf-8", "replace")]
        position = end
    return b"".join([*pieces, module.source[position:]]).decode("utf-8", "replace")


def _declaration(module: Module, asked: Declaration, answer: Module, given: Declaration) -> str:
    body = answer.body(given)
    tail = module.text(asked.body_end, asked.end)
    if _same_head(asked, given):
        return asked.signature + _as_body(asked, given, body) + tail
    prefix = module.text(asked.start, asked.head_start)
    return prefix + _function(asked, given, body) + tail


def _same_head(asked: Declaration, given: Declaration) -> bool:
    return (asked.is_async, asked.is_generator, parameter_patterns(asked.parameters)) == (
        given.is_async,
        given.is_generator,
        parameter_patterns(given.parameters),
    )


def _as_body(asked: Declaration, given: Declaration, body: str) -> str:
    """Return the body in a form the asked declaration can have."""
    return f"{{\n  return {body};\n}}" if given.is_expression and not asked.is_arrow else body


def _function(asked: Declaration, given: Declaration, body: str) -> str:
    """Return a function of the asked form with the head of the given one."""
    star = "*" if given.is_generator else ""
    before = "async " if given.is_async else ""
    head = f"{given.generics}{given.parameters}{given.returns}"
    block = f"{{\n  return {body};\n}}" if given.is_expression else body
    if asked.kind == "method":
        words = _MODIFIERS.findall(asked.signature.partition(asked.name)[0])
        return f"{' '.join([*words, before])}{star}{asked.name}{head} {block}".lstrip()
    if asked.kind == "arrow" and not star and _can_be_arrow(asked, given, body):
        return f"{before}{head} => {body}"
    name = asked.name if asked.kind == "function" and asked.symbol != "default" else ""
    return f"{before}function{star} {name}{head} {block}"


def _can_be_arrow(asked: Declaration, given: Declaration, body: str) -> bool:
    # A class field's function is an arrow for its `this`; an arrow has no `arguments`.
    return given.is_arrow or (bool(asked.class_name) and not _ARGUMENTS.search(body))


def _beside(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> Mapping[int, list[str]]:
    """Choose what is kept of what the answer declares beside the function, by where it is put."""
    own = answer.text(given.start, given.end)
    home, place = _holder(module.items, asked), _holder(answer.items, given)
    members: list[str] = []
    if home.kind == place.kind == "class":
        others = _others(answer, place.members, _holder(place.members, given))
        members = _used(answer, others, _names(home.members), own)
    statements = _used(
        answer,
        _others(answer, answer.items, place),
        _names(module.items),
        "\n".join([own, *members]),
    )
    imports = _imports(module, answer, "\n".join([own, *members, *statements]))
    kept = {home.start: [*imports, *statements]}
    if members:
        kept[_holder(home.members, asked).start] = members
    return kept


def _holder(items: Iterable[Item], declaration: Declaration) -> Item:
    return next(item for item in items if item.start <= declaration.start < item.end)


def _others(answer: Module, items: Iterable[Item], own: Item) -> list[Item]:
    """Return the items beside one.

    In broken code the parser takes the inside of a torn function for the top level, and only the
    indentation tells.
    """
    others = [item for item in items if item is not own]
    if not answer.errors:
        return others
    column = _column(answer, own)
    return [item for item in others if _column(answer, item) == column]


def _column(module: Module, item: Item) -> int:
    return item.code_start - module.source.rfind(b"\n", 0, item.code_start)


def _names(items: Iterable[Item]) -> set[str]:
    return {name for item in items for name in item.names}


def _used(answer: Module, items: list[Item], taken: set[str], using: str) -> list[str]:
    """Return the declarations that are new and used, by `using` or by one another, in order."""
    waiting = [item for item in items if item.kind not in {"import", "other"}]
    waiting = [item for item in waiting if item.names and taken.isdisjoint(item.names)]
    words = set(_WORD.findall(using))
    kept: list[Item] = []
    while found := [item for item in waiting if not words.isdisjoint(item.names)]:
        kept += found
        waiting = [item for item in waiting if words.isdisjoint(item.names)]
        for item in found:
            words.update(_WORD.findall(answer.text(item.start, item.end)))
    return [_without_export(answer, item) for item in sorted(kept, key=lambda item: item.start)]


def _without_export(answer: Module, item: Item) -> str:
    code = answer.text(item.code_start, item.end)
    plain = code[match.end() :] if (match := _EXPORT.match(code)) else code
    return answer.text(item.start, item.code_start) + plain


def _imports(module: Module, answer: Module, code: str) -> list[str]:
    """Return the imports that the code needs, the file lacks, and that can be resolved."""
    known = {item.module for item in module.imports}
    taken = _names(module.items)
    waiting = [one for one in answer.imports if not taken.issuperset(one.names)]
    waiting = [one for one in waiting if one.module in known or _NODE.fullmatch(one.module)]
    if not waiting:
        return []
    wanted = value_names(code.encode(), module.path) - taken
    texts = [_trimmed(answer.text(one.code_start, one.end), wanted) for one in waiting]
    return [text for text in texts if text]


def _trimmed(statement: str, wanted: set[str]) -> str:
    """Return an import of only the wanted names, "" if it has none."""
    clause, _, source = statement.removeprefix("import").rpartition("from")
    plain, _, named = clause.partition("{")
    kept = [part.strip() for part in plain.split(",") if _local_name(part) in wanted]
    inner = [part.strip() for part in named.rpartition("}")[0].split(",")]
    inner = [part for part in inner if _local_name(part) in wanted]
    if inner:
        kept.append(f"{{ {', '.join(inner)} }}")
    return f"import {', '.join(kept)} from {source.strip()}" if kept else ""


def _local_name(specifier: str) -> str:
    return (specifier.split() or [""])[-1]
