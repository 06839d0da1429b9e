"""What comes along with an answered function of Python.

It is what the function uses and the file lacks: imports, functions, classes, constants, the
statements that fill them, and members of its class. What fills the function itself comes behind it:
its attributes, and other cases of a `singledispatch`. Examples and tests of the function are left.
"""

import builtins
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pytest_llmops.grading.python_names import between, by_name, class_of
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.names import Name
from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.python_scopes import top_names
from pytest_llmops.tasks.code.syntax import text_of

_BUILTINS = frozenset(dir(builtins))
_TRIED = re.compile(r"\b(?:assert|print|pytest|unittest|doctest)\b")
_ROOTED = frozenset({"attribute", "subscript", "argument_list"})
_GUARDED = re.compile(r"\b__name__\b")


def beside(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> tuple[list[str], list[str]]:
    """The statements of the answer's top level that come along before and behind, in their order.

    Args:
        module: The file.
        asked: The function in it.
        answer: The answer's code, with names that are settled.
        given: The function in that.
    """
    places = top_names(answer.source, answer.path)
    known = by_name(module, top_names(module.source, module.path)).keys() | asked.itself
    around = [one for one in answer.items if not one.start <= given.start < one.end]
    found = [_of(item, answer, places, asked) for item in around]
    behind = [one for one in found if asked.symbol in one.fills and not one.hides(known)]
    found = [
        one
        for one in found
        if one not in behind and (one.item.kind != "other" or not one.uses & asked.itself)
    ]
    by = _by_name(found, known, answer)
    kept, used = set[int](), set[str]()
    new = {one.text for one in between(places, own_start(answer, given), given.end)}
    new = new.union(*(one.uses for one in behind))
    while new := new - used - known:
        used |= new
        needed = {one.item.start: one for name in new for one in by[name]}
        kept |= needed.keys()
        new = {name for one in needed.values() for name in one.uses}
    if used.difference(_BUILTINS, *(one.binds for one in found)):
        kept.update(one.item.start for one in found if one.binds_all)
    before = [one for one in found if one.item.start in kept]
    texts = [[answer.text(at.item.start, at.item.end) for at in ones] for ones in (before, behind)]
    return texts[0], texts[1]


def _by_name(
    found: Sequence["_Statement"], known: Collection[str], answer: Module
) -> dict[str, list["_Statement"]]:
    """Statements by the names that they bind or fill.

    What is told to a function fills what that writes to: `a` in `def f(g): a.append(g)`.
    """
    by = defaultdict[str, list[_Statement]](list)
    tellers = {name: one for one in found if one.item.body for name in one.binds}
    for one in found:
        fills = frozenset() if one.hides(known) else one.fills
        names = {*one.binds, *fills}
        for name in fills & tellers.keys() if one.item.body else ():
            names.update({*_filled(answer, tellers[name].item)} & tellers[name].uses)
        for name in names:
            by[name].append(one)
    return by


def own_start(answer: Module, given: Declaration) -> int:
    """Where the function begins with its decorators."""
    if not given.overloads:
        return given.start
    return answer.source.rfind(given.overloads[0].encode("utf-8", "replace"), 0, given.start)


def members(
    module: Module, asked: Declaration, answer: Module, given: Declaration
) -> tuple[list[Item], list[Item]]:
    """The members of its class that the function uses and the file's class lacks.

    Those of the second list are other cases of the function, and come behind it. Where the answer
    has no class, all are functions beside it.
    """
    if not asked.class_name:
        return [], []
    known = {name for item in class_of(module, asked) for name in item.names}
    around = class_of(answer, given) or [one for one in answer.items if one.kind == "function"]
    by = defaultdict[str, list[Item]](list)
    for one in around:
        for name in one.names if not one.start <= given.start < one.end else ():
            by[name].append(one)
    cases = [one for one in around if not known & {*one.names} and _is_case(answer, one, asked)]
    kept, used = set[int](), set[str]()
    new = _members_used(answer, asked, given.start, given.end)
    new = new.union(*(_members_used(answer, asked, one.start, one.end) for one in cases))
    while new := new - used - known:
        used |= new
        needed = {one.start: one for name in new for one in by[name]}
        kept |= needed.keys()
        new = {
            name
            for one in needed.values()
            for name in _members_used(answer, asked, one.start, one.end)
        }
    return [one for one in around if one.start in kept and one not in cases], cases


def _is_case(answer: Module, item: Item, asked: Declaration) -> bool:
    """Whether a method is registered as a case of the function: `@f.register`."""
    return bool(item.body) and asked.name in _decorated(answer, item)


class _Statement(NamedTuple):
    """A statement of the top level, by names of the top level."""

    item: Item
    binds: frozenset[str]
    fills: frozenset[str]
    """Names whose values it changes."""
    uses: frozenset[str]
    binds_all: bool
    """It is `from a import *`."""

    def hides(self, known: Collection[str]) -> bool:
        """Whether it fills what it does by a function or class that hides one of these names."""
        return bool(self.item.body) and not self.binds.isdisjoint(known)


def _of(item: Item, answer: Module, places: Sequence[Name], asked: Declaration) -> _Statement:
    inside = between(places, item.start, item.end)
    text = answer.text(item.code_start, item.end)
    uses = frozenset(one.text for one in inside if not one.declares)
    may_be_test = item.kind == "other" or (item.kind == "value" and uses & asked.itself)
    is_test = may_be_test and _TRIED.search(text)
    is_test = is_test or (item.kind == "other" and _GUARDED.search(text))
    return _Statement(
        item,
        frozenset(one.text for one in inside if one.declares and not is_test),
        frozenset() if is_test else frozenset((_decorated if item.body else _filled)(answer, item)),
        uses,
        item.kind == "import" and text.rstrip().endswith("*"),
    )


def _decorated(answer: Module, item: Item) -> set[str]:
    """The names that a function or class is told to: `a` in `@a`, `@a.b(1)` and `class C(a)`."""
    root = parse(answer.source[item.code_start : item.end], answer.path)
    found = set[str]()
    for node in root.named_children:
        inner = node.child_by_field_name("definition") or node
        bases = inner.child_by_field_name("superclasses")
        told = [one.named_children[0] for one in node.named_children if one.type == "decorator"]
        for one in [*told, *(bases.named_children if bases else ())]:
            root = one.child_by_field_name("value") or one
            while root.type in {"attribute", "call"} and root.named_children:
                root = root.named_children[0]
            found.add(text_of(root))
    return found


def _filled(answer: Module, item: Item) -> Iterator[str]:
    """The names whose values a statement changes: `a` in `a[0] = 1`, `a.b += 1`, `a.add(1)`."""
    stack = [parse(answer.source[item.code_start : item.end], answer.path)]
    while stack:
        node = stack.pop()
        stack += node.named_children
        field = {"assignment": "left", "augmented_assignment": "left", "call": "function"}
        root = node.child_by_field_name(field.get(node.type, ""))
        if root is not None and text_of(root) == "setattr":
            root = node.child_by_field_name("arguments")
        elif root is None or root.type not in {"attribute", "subscript"}:
            continue
        while root and root.type in _ROOTED and root.named_children:
            root = root.named_children[0]
        if root and root.type == "identifier":
            yield text_of(root)


def _members_used(answer: Module, asked: Declaration, start: int, end: int) -> set[str]:
    """What stands behind `self.`, `cls.` or the name of the class."""
    owner = re.escape(asked.class_name)
    return set(re.findall(rf"\b(?:self|cls|{owner})\.(\w+)", answer.text(start, end)))
