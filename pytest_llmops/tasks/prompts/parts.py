"""A file cut into the stretches that a question shows or leaves out, each with its forms."""

from collections.abc import Iterator, Mapping
from functools import lru_cache

import msgspec

from pytest_llmops.tasks.code.languages import language_of
from pytest_llmops.tasks.code.leaves import code_of, same_code
from pytest_llmops.tasks.code.modules import Declaration, Item, Module
from pytest_llmops.tasks.code.shortening import keys_of, keys_of_member, short_form, short_member
from pytest_llmops.tasks.prompts.reaching import WORD, Told, edges

FRAME = 0
"""Rank of what is always shown."""
USED_TYPE = 1
"""Of imports and types that signature, comment, class or body use, and of the class's state."""
USED_VALUE = 2
"""Of other things that they use."""
IMPORT = 3
"""Of other imports."""
MEMBER = 4
"""Of other members of the class or object."""
NEIGHBOUR = 5
"""Of what nothing points to."""


class Part(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the file that is shown or left out as one."""

    start: int
    end: int
    forms: tuple[str, ...]
    """Its texts, from whole to short; none shorter means it is left out whole."""
    rank: int
    """What is shown first; `FRAME` is always shown."""
    indent: str = ""
    spaced: bool = False
    """The file has an empty line above it."""
    gives: frozenset[str] = frozenset()
    """What its shortest form tells of what the body uses."""


def parts_of(
    module: Module, asked: Declaration, told: Mapping[int, Told], here: str
) -> Iterator[Part]:
    """The file in stretches, in order; class or object of an asked method cut into members.

    Args:
        module: The file.
        asked: What is to be written.
        told: What tells something of what its body uses, by where it starts.
        here: What stands in its place.
    """
    ranks = _ranks(module, asked, told)
    for item, part in zip(module.items, _plain_parts(module), strict=True):
        if not item.start <= asked.start < item.end:
            rank = ranks.get(item.start, NEIGHBOUR)
            ranked = part if rank == NEIGHBOUR else msgspec.structs.replace(part, rank=rank)
            yield _fitted(ranked, item, module, asked, told)
        elif asked.of_object:
            yield from _object(module, item, asked, told, here)
        elif not asked.class_name or not item.body:
            yield msgspec.structs.replace(_part(module, item, FRAME), forms=(here,))
        else:
            brace = int(language_of(module.path).braces)
            inside, end = item.body[0] + brace, item.body[1] - brace
            starts = (item.start, item.code_start)
            header = tuple(module.text(start, inside).rstrip() for start in starts)
            frame = _part(module, item, FRAME)
            yield msgspec.structs.replace(frame, end=inside, forms=header)
            for member in item.members:
                yield _member(module, member, asked, told, here)
            if brace:
                yield Part(end, item.end, (module.text(end, item.end),), FRAME)


def _object(
    module: Module, item: Item, asked: Declaration, told: Mapping[int, Told], here: str
) -> Iterator[Part]:
    """An object that has the asked function, cut into its members; objects in it likewise."""
    start, end = item.literal or (item.start, item.end)
    header = tuple(module.text(at, start + 1).rstrip() for at in (item.start, item.code_start))
    frame = _part(module, item, FRAME)
    yield msgspec.structs.replace(frame, end=start + 1, forms=header)
    for entry in item.entries:
        if entry.literal and entry.start <= asked.start < entry.end:
            yield from _object(module, entry, asked, told, here)
        else:
            yield _member(module, entry, asked, told, here)
    indent = indent_at(module, end - 1)
    yield Part(end - 1, frame.end, (module.text(end - 1, frame.end),), FRAME, indent)


@lru_cache(maxsize=256)
def _plain_parts(module: Module) -> tuple[Part, ...]:
    """Every item as it is shown beside any function but itself; the same for all of a file."""
    return tuple(_part(module, item, NEIGHBOUR) for item in module.items)


def _part(module: Module, item: Item, rank: int) -> Part:
    end = item.end + (module.source[item.end : item.end + 1] in {b";", b","})
    before = module.source[max(0, item.start - 200) : item.start].rstrip(b" \t")
    return Part(
        item.start,
        end,
        _forms(module, item, end),
        rank,
        indent_at(module, item.start),
        before.endswith((b"\n\n", b"\n\r\n")),
    )


def indent_at(module: Module, start: int) -> str:
    """The white space that a line begins with, where nothing else stands before `start`."""
    line = module.source[module.source.rfind(b"\n", 0, start) + 1 : start]
    return line.decode() if line.isspace() else ""


def _member(
    module: Module, member: Item, asked: Declaration, told: Mapping[int, Told], here: str
) -> Part:
    if member.start <= asked.start < member.end:
        return msgspec.structs.replace(_part(module, member, FRAME), forms=(here,))
    state = not asked.of_object and (member.kind == "field" or "constructor" in member.names)
    part = _part(module, member, USED_TYPE if state else MEMBER)
    return _fitted(part, member, module, asked, told)


def _fitted(
    part: Part, item: Item, module: Module, asked: Declaration, told: Mapping[int, Told]
) -> Part:
    """A part beside this function: its shortest form tells what is used; a twin has no body."""
    forms, gives = part.forms, part.gives
    if is_twin(module, item, asked):
        forms = forms[1:] or (_head(module, item),)
    elif _holds_twin(module, item, asked):
        forms = (_heads(module, item, asked),)
    if one := told.get(item.start):
        gives = one.gives
        if item.kind == "class":
            forms = forms[:1]  # one without any member tells nothing of them
        if len(one.short) < len(forms[-1]):
            forms = (*forms, one.short)
    return part if forms is part.forms and not gives else _with(part, forms, gives)


def _with(part: Part, forms: tuple[str, ...], gives: frozenset[str]) -> Part:
    return msgspec.structs.replace(part, forms=forms, gives=gives)


def _head(module: Module, item: Item) -> str:
    """A function without its body, however long the body is."""
    start, end = item.body or (item.end, item.end)
    elided = language_of(module.path).elided
    return module.text(item.start, start) + elided + module.text(end, item.end)


def _holds_twin(module: Module, item: Item, asked: Declaration) -> bool:
    """Whether a member of a class or an object has nearly the body that is to be written."""
    if item.kind != "class" and not item.literal:
        return False
    inside = (one for one in module.declarations if item.start <= one.start < item.end)
    reference = code_of(module.body(asked))
    return any(same_code(code_of(module.body(one)), reference, least=1) for one in inside)


def _heads(module: Module, item: Item, asked: Declaration) -> str:
    """A class or an object with the heads of its functions alone."""
    if item in module.items:
        return short_form(module, item, keys_of(module, item))
    keys = keys_of_member(module, item, of_object=asked.of_object)
    return short_member(module, item, keys, of_object=asked.of_object)


def is_twin(module: Module, item: Item, asked: Declaration) -> bool:
    """Whether a function has the body that is to be written, or nearly so."""
    if not item.body or item.kind == "class":
        return False
    reference, other = module.body(asked), module.text(*item.body)
    return bool(same_code(code_of(other), code_of(reference), least=1))


def _forms(module: Module, item: Item, end: int) -> tuple[str, ...]:
    whole = module.text(item.start, end)
    if not item.body or item.kind == "field":
        return (whole,)
    short = _head(module, item) + module.text(item.end, end)
    return (whole, short) if len(short) < len(whole) else (whole,)


def _ranks(module: Module, asked: Declaration, told: Mapping[int, Told]) -> dict[int, int]:
    """Rank items by their start: used imports and types, used values, other imports."""
    words = set(WORD.findall(" ".join([asked.doc, *asked.overloads, asked.signature])))
    for item in module.items:
        if item.start <= asked.start < item.end and asked.of_object:
            words.update(word for text in edges(module, item) for word in WORD.findall(text))
        elif item.start <= asked.start < item.end and item.body and asked.class_name:
            state = [one for one in item.members if one.kind == "field"]
            spans = [(item.start, item.body[0]), *((one.start, one.end) for one in state)]
            words.update(word for span in spans for word in WORD.findall(module.text(*span)))
    ranks = {item.start: IMPORT for item in module.imports}
    waiting = [item for item in module.items if item.names]
    while used := [one for one in waiting if _is_used(one, words, told)]:
        waiting = [one for one in waiting if one not in used]
        for item in used:
            ranks[item.start] = USED_TYPE if item.kind in {"import", "type"} else USED_VALUE
            if item.kind == "type":
                words.update(WORD.findall(module.text(item.start, item.end)))
    return ranks


def _is_used(item: Item, words: set[str], told: Mapping[int, Told]) -> bool:
    one = told.get(item.start)
    return not words.isdisjoint(item.names) or bool(one and one.gives)
