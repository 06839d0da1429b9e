"""What tells what a function's body uses: in its file, its class or object, and what it imports.

From the names in its signature, its class or object and its body on, along the names that stand in
the signatures and types found on the way. A name counts as known to the project where one of these
declares it; what none declares (`.trim()`, members of packages from npm) is not ours to tell.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from pytest_llmops.tasks.code.modules import Declaration, Item, Module, around, parts
from pytest_llmops.tasks.code.shortening import keys_of, keys_of_member, short_form, short_member
from pytest_llmops.tasks.code.uses import Uses, uses_of
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.resolving import Found, declared, links_of
from pytest_llmops.tasks.sources import SourceTree

AWAY = 4
"""Steps from a name that an imported declaration may be away."""
MOST = 60
"""Declarations of other modules that are looked at."""

WORD = re.compile(r"#?[A-Za-z_$][\w$]*")


class Told(msgspec.Struct, frozen=True):
    """A declaration that may tell something."""

    start: int
    """Of the item in its file."""
    path: str
    """The file; "" for the one of the function."""
    short: str
    """Its shortest form that has all of what is used."""
    gives: frozenset[str]
    """What it declares of what is used."""
    direct: bool = True
    """The body, the signature or the class names it."""


class Reach(msgspec.Struct, frozen=True):
    """All that can be told of what a body uses."""

    uses: Uses
    here: tuple[Told, ...]
    """Of its file, members of its class or object included."""
    elsewhere: tuple[Told, ...]
    """Of other files, the nearest first."""

    @property
    def known(self) -> frozenset[str]:
        """The names that a body uses and the project declares."""
        given = frozenset().union(*(one.gives for one in (*self.here, *self.elsewhere)))
        return self.uses.names | given


def reach(task: Task) -> Reach:
    """Look for what can tell what the body of a task uses."""
    return _reach(task.tree, task.module, task.declaration)


@lru_cache(maxsize=4096)
def _reach(tree: SourceTree, module: Module, asked: Declaration) -> Reach:
    uses = uses_of(module, asked)
    words = set(WORD.findall(asked.signature)) | uses.names
    holders = around(module.items, asked)[:-1]
    members = [one for own in holders for one in _members(module, own, asked, uses)]
    if asked.of_object:
        own = holders[0]
        words.update(*(WORD.findall(text) for text in edges(module, own)))
    elif holders and (own := holders[0]).body:
        state = [one for one in own.members if one.kind == "field" or "constructor" in one.names]
        texts = [module.text(own.code_start, own.body[0])]
        texts += [short_member(module, one, uses.wanted) for one in state]
        words.update(*(WORD.findall(text) for text in texts))
    here, foreign = _here(module, asked, words, uses)
    return Reach(uses, (*members, *here), tuple(_elsewhere(tree, module, foreign, uses)))


def edges(module: Module, item: Item) -> tuple[str, str]:
    """What stands before and behind the members of an object, types among it."""
    start, end = item.literal or (item.end, item.end)
    return module.text(item.code_start, start + 1), module.text(end - 1, item.end)


def _members(module: Module, own: Item, asked: Declaration, uses: Uses) -> Iterator[Told]:
    of_object = asked.of_object
    for one in parts(own):
        if one.start <= asked.start < one.end:
            continue
        keys = keys_of_member(module, one, of_object=of_object)
        if gives := keys & (uses.members | uses.properties):
            short = short_member(module, one, uses.wanted, of_object=of_object)
            yield Told(one.start, "", short, gives)


def _here(
    module: Module, asked: Declaration, words: set[str], uses: Uses
) -> tuple[list[Told], list[str]]:
    """Items of the file that can be reached, and the names of imports that are."""
    first, found, foreign = set(words), [], []
    waiting = [one for one in module.items if one.names and not _around(one, asked)]
    while used := [one for one in waiting if not words.isdisjoint(one.names)]:
        waiting = [one for one in waiting if words.isdisjoint(one.names)]
        for item in used:
            if item.kind == "import":
                names = words.intersection(item.names)
                foreign += sorted(names)
                gives = uses.names & names
                found.append(Told(item.start, "", _import(module, item, names), gives))
            else:
                told = _told(Found(module, item), "", uses)
                direct = not first.isdisjoint(item.names)
                found.append(msgspec.structs.replace(told, direct=direct))
                words.update(WORD.findall(told.short))
    return found, foreign


def _around(item: Item, asked: Declaration) -> bool:
    return item.start <= asked.start < item.end


def _import(module: Module, item: Item, names: set[str]) -> str:
    """An import with no more names than are used; whole where it is no list of names."""
    text = module.text(item.code_start, item.end)
    found = re.fullmatch(
        r"(import(?: type)?\s*)\{(.*)\}(\s*from\s*[\"'][^\"']+[\"'];?)", text, re.DOTALL
    )
    if not found:
        return text
    parts = [" ".join(part.split()) for part in found[2].split(",")]
    kept = [part for part in parts if part and part.split()[-1] in names]
    return f"{found[1]}{{ {', '.join(kept)} }}{found[3]}"


def _told(found: Found, path: str, uses: Uses) -> Told:
    module, item = found
    keys = keys_of(module, item)
    gives = (keys & uses.wanted) | (uses.names.intersection(item.names) if not path else set())
    short = short_form(module, item, uses.wanted | {"constructor", "__init__"})
    return Told(item.start, path, short, gives)


def _elsewhere(tree: SourceTree, module: Module, names: list[str], uses: Uses) -> Iterator[Told]:
    """What other modules declare of imported names, the nearest first."""
    waiting = [(module, name) for name in names]
    seen: set[tuple[str, int]] = set()
    for step in range(AWAY):
        following = []
        for importer, name in waiting:
            link = links_of(importer).imports.get(name)
            found = declared(tree, importer, link) if link else _beside(importer, name)
            if found is None or (found.module.path, found.item.start) in seen:
                continue
            if len(seen) >= MOST or found.module is module:
                continue
            seen.add((found.module.path, found.item.start))
            told = _told(found, found.module.path, uses)
            yield msgspec.structs.replace(told, direct=not step)
            following += [(found.module, word) for word in sorted({*WORD.findall(told.short)})]
        waiting = following


def _beside(module: Module, name: str) -> Found | None:
    """What a module itself declares by a name."""
    found = [one for one in module.items if name in one.names and one.kind != "import"]
    return Found(module, found[0]) if found else None
