"""What is kept of what an answer declares beside the function that was asked for.

Kept is what the function uses and the file lacks, and what that uses in turn: functions, constants,
types, namespaces, members of the class or object; statements that fill a constant which is kept;
imports that can be resolved; what adds to the function itself. Everything else is dropped:
examples, tests, exports, repeated parts of the file, earlier attempts.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pytest_llmops.grading.collisions import is_placeholder
from pytest_llmops.grading.modules import specifier_for
from pytest_llmops.tasks.code.bindings import changed_names, outer_names
from pytest_llmops.tasks.code.modules import Declaration, Item, Module, around, parts
from pytest_llmops.tasks.code.syntax import value_names

_WORD = re.compile(r"#?[A-Za-z_$][\w$]*")
_EXPORT = re.compile(r"export\s+(?:default\s+)?")
_TRIED = frozenset({"describe", "it", "test", "expect", "console"})
"""Names whose use marks an example or a test."""


class Beside(NamedTuple):
    """What is kept, by where it is put."""

    before: str
    """Imports and statements, before the function or its class."""
    members: str
    """Members of the class or object, before the method."""
    after: str
    """What adds to the function: `f.limit = 3`, a namespace of its name."""

    @property
    def text(self) -> str:
        """All of it."""
        return "\n\n".join(filter(None, self))


def kept_beside(module: Module, asked: Declaration, answer: Module, given: Declaration) -> Beside:
    """Choose what is kept.

    Args:
        module: The file.
        asked: The declaration in it that is replaced.
        answer: The answer's code, with names that mean nothing else in the file.
        given: The declaration in that.
    """
    uses = _Uses(answer)
    home, place = holder(module.items, asked), holder(answer.items, given)
    alike = home.kind == place.kind == "class" or (asked.of_object and given.of_object)
    members = _members(answer, given, module, asked) if alike else []
    others = _others(answer, answer.items, place)
    own = answer.text(given.start, given.end)
    after = [one for one in others if _adds_to(answer, one, asked, own)]
    others = [one for one in others if one.names != place.names]
    taken = _names(module.items)
    new = _latest(answer, [one for one in others if taken.isdisjoint(one.names)])
    used = uses.within((given.start, given.end), *map(_range, [*members, *after]))
    kept = _closure(new, used, lambda one: uses.within(_range(one)))
    fillers = [one for one in others if not one.names and _fills(answer, one, kept, asked)]
    used |= uses.within(*map(_range, fillers))
    kept = _closure(new, used, lambda one: uses.within(_range(one))) + fillers
    statements = [_without_export(answer, one) for one in _in_order(kept)]
    comma = "," if asked.of_object else ""
    inner = [answer.text(one.start, one.end) + comma for one in members]
    tail = [_without_export(answer, one) for one in after]
    imports = _imports(module, answer, "\n".join([own, *inner, *statements, *tail]))
    return Beside(*map("\n\n".join, ([*imports, *statements], inner, tail)))


def holder(items: Iterable[Item], declaration: Declaration) -> Item:
    """Return the item that a declaration is, or is a member of."""
    return next(item for item in items if item.start <= declaration.start < item.end)


class _Uses:
    """Names that are used in a stretch of a module and mean its top level."""

    def __init__(self, answer: Module) -> None:
        self._names = [one for one in outer_names(answer.source, answer.path) if not one.declares]
        self._starts = [one.start for one in self._names]

    def within(self, *ranges: tuple[int, int]) -> set[str]:
        found: set[str] = set()
        for start, end in ranges:
            first, last = (bisect_left(self._starts, at) for at in (start, end))
            found.update(one.text for one in self._names[first:last])
        return found


def _range(item: Item) -> tuple[int, int]:
    return item.start, item.end


def _in_order(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=_range)


def _names(items: Iterable[Item]) -> set[str]:
    return {name for item in items for name in item.names}


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


def _members(answer: Module, given: Declaration, module: Module, asked: Declaration) -> list[Item]:
    """Return the members that the method uses and its class lacks, wherever the class is given.

    Of an object, those of the same object alone.
    """

    def words(start: int, end: int) -> set[str]:
        return set(_WORD.findall(answer.text(start, end)))

    *_, home, _ = around(module.items, asked)
    *_, place, own = around(answer.items, given)
    same = [one for one in answer.items if one.names == place.names and one.members]
    inside = _others(answer, [one for item in same or [place] for one in parts(item)], own)
    known = _names(parts(home))
    new = _latest(answer, [one for one in inside if known.isdisjoint(one.names)])
    return _in_order(_closure(new, words(given.start, given.end), lambda one: words(*_range(one))))


def _latest(answer: Module, items: Iterable[Item]) -> list[Item]:
    """Return items of which none declares again what another does: the last that says something."""
    found: dict[tuple[str, ...], Item] = {}
    rest = []
    for item in items:
        if item.kind in {"type", "import", "other"}:
            rest.append(item)
        elif item.names not in found or not _says_nothing(answer, item):
            found[item.names] = item
    return [*rest, *found.values()]


def _says_nothing(answer: Module, item: Item) -> bool:
    return item.kind in {"function", "method"} and (
        not item.body or is_placeholder(answer.text(*item.body))
    )


def _closure(
    items: list[Item], used: Iterable[str], uses_of: Callable[[Item], set[str]]
) -> list[Item]:
    """Return the items that are used, by what uses the given names or by one another."""
    waiting = [item for item in items if item.kind != "import" and item.names]
    words = set(used)
    kept: list[Item] = []
    while found := [item for item in waiting if not words.isdisjoint(item.names)]:
        kept += found
        waiting = [item for item in waiting if words.isdisjoint(item.names)]
        words.update(*map(uses_of, found))
    return kept


def _fills(answer: Module, item: Item, kept: Iterable[Item], asked: Declaration) -> bool:
    """Whether a statement changes what is kept, as a loop that fills a table does."""
    if item.kind != "other" or answer.errors:
        return False
    code = answer.source[item.code_start : item.end]
    names = value_names(code, answer.path)
    fills = changed_names(code, answer.path) & _names(kept)
    return bool(fills) and names.isdisjoint(_TRIED | {asked.name})


def _adds_to(answer: Module, item: Item, asked: Declaration, own: str) -> bool:
    """Whether a statement adds to the function what the function uses of itself."""
    name = re.escape(asked.name)
    if item.kind != "other" or asked.class_name or not re.search(rf"\b{name}\s*\.", own):
        return False
    if item.names:
        return item.names == (asked.name,) and asked.kind == "function"
    code = answer.text(item.code_start, item.end)
    added = re.match(rf"{name}\s*\.\s*([\w$]+)\s*=[^=>]", code)
    return bool(added and re.search(rf"\b{name}\s*\.\s*{re.escape(added.group(1))}\b", own))


def _without_export(answer: Module, item: Item) -> str:
    code = answer.text(item.code_start, item.end)
    plain = code[match.end() :] if (match := _EXPORT.match(code)) else code
    return answer.text(item.start, item.code_start) + plain


def _imports(module: Module, answer: Module, code: str) -> list[str]:
    """Return the imports that the code needs, the file lacks, and that can be resolved."""
    taken = _names(module.items)
    waiting = [one for one in answer.imports if not taken.issuperset(one.names)]
    found = [(one, specifier_for(module, one.module)) for one in waiting]
    if not found:
        return []
    wanted = value_names(code.encode("utf-8", "replace"), module.path) - taken
    texts = [
        _trimmed(answer.text(one.code_start, one.end), wanted).replace(one.module, specifier)
        for one, specifier in found
        if specifier
    ]
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
