"""What comes along with an answered function of Python.

It is what the function uses and the file lacks: imports, functions, classes, constants, the
statements that fill them, and members of its class. Examples and tests of the function stay behind.
"""

import builtins
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_llmops.grading.python_names import between, by_name, class_of
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.names import Name
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.python_scopes import top_names
from pytest_llmops.tasks.code.syntax import text_of

_BUILTINS = frozenset(dir(builtins))
_TRIED = re.compile(r"\b(?:assert|print|pytest|unittest|doctest)\b")
_GUARDED = re.compile(r"\b__name__\b")


def beside(module: Module, asked: Declaration, answer: Module, given: Declaration) -> list[str]:
    """The statements of the answer's top level that come along, in their order.

    Args:
        module: The file.
        asked: The function in it.
        answer: The answer's code, with names that are settled.
        given: The function in that.
    """
    places = top_names(answer.source, answer.path)
    known = by_name(module, top_names(module.source, module.path)).keys() | asked.itself
    around = [one for one in answer.items if not one.start <= given.start < one.end]
    found = [_of(item, answer, places) for item in around]
    found = [one for one in found if not one.uses & asked.itself or one.item.kind != "other"]
    by = defaultdict[str, list[_Statement]](list)
    for one in found:
        for name in one.binds | one.fills:
            by[name].append(one)
    kept, used = set[int](), set[str]()
    new = {one.text for one in between(places, own_start(answer, given), given.end)}
    while new := new - used - known:
        used |= new
        needed = {one.item.start: one for name in new for one in by[name]}
        kept |= needed.keys()
        new = {name for one in needed.values() for name in one.uses}
    if used.difference(_BUILTINS, *(one.binds for one in found)):
        kept.update(one.item.start for one in found if one.binds_all)
    return [answer.text(one.item.start, one.item.end) for one in found if one.item.start in kept]


def own_start(answer: Module, given: Declaration) -> int:
    """Where the function begins with its decorators."""
    if not given.overloads:
        return given.start
    return answer.source.rfind(given.overloads[0].encode("utf-8", "replace"), 0, given.start)


def members(module: Module, asked: Declaration, answer: Module, given: Declaration) -> list[Item]:
    """The members of its class that the function uses and the file's class lacks.

    Where the answer has no class, they are functions beside it.
    """
    known = {name for item in class_of(module, asked) for name in item.names}
    around = class_of(answer, given) or [one for one in answer.items if one.kind == "function"]
    by = defaultdict[str, list[Item]](list)
    for one in around:
        for name in one.names if not one.start <= given.start < one.end else ():
            by[name].append(one)
    kept, used = set[int](), set[str]()
    new = _members_used(answer, asked, given.start, given.end)
    while new := new - used - known:
        used |= new
        needed = {one.start: one for name in new for one in by[name]}
        kept |= needed.keys()
        new = {
            name
            for one in needed.values()
            for name in _members_used(answer, asked, one.start, one.end)
        }
    return [one for one in around if one.start in kept]


class _Statement(NamedTuple):
    """A statement of the top level, by names of the top level."""

    item: Item
    binds: frozenset[str]
    fills: frozenset[str]
    """Names whose values it changes."""
    uses: frozenset[str]
    binds_all: bool
    """It is `from a import *`."""


def _of(item: Item, answer: Module, places: Sequence[Name]) -> _Statement:
    inside = between(places, item.start, item.end)
    text = answer.text(item.code_start, item.end)
    is_test = item.kind in {"other", "value"} and _TRIED.search(text)
    is_test = is_test or (item.kind == "other" and _GUARDED.search(text))
    return _Statement(
        item,
        frozenset(one.text for one in inside if one.declares and not is_test),
        frozenset() if item.body or is_test else frozenset(_filled(answer, item)),
        frozenset(one.text for one in inside if not one.declares),
        item.kind == "import" and text.rstrip().endswith("*"),
    )


def _filled(answer: Module, item: Item) -> Iterator[str]:
    """The names whose values a statement changes: `a` in `a[0] = 1`, `a.b += 1`, `a.add(1)`."""
    stack = [parse(answer.source[item.code_start : item.end], answer.path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        field = {"assignment": "left", "augmented_assignment": "left", "call": "function"}
        root = node.child_by_field_name(field.get(node.type, ""))
        if root is None or root.type not in {"attribute", "subscript"}:
            continue
        while root.type in {"attribute", "subscript"} and root.named_children:
            root = root.named_children[0]
        if root.type == "identifier":
            yield text_of(root)


def _members_used(answer: Module, asked: Declaration, start: int, end: int) -> set[str]:
    """What stands behind `self.`, `cls.` or the name of the class."""
    owner = re.escape(asked.class_name) or "self"
    words = re.findall(rf"\b(?:self|cls|{owner})\.(\w+)", answer.text(start, end))
    return set(words) if asked.class_name else set()
