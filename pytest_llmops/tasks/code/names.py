"""Places where names stand in a module, and other names put there."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pytest_llmops.tasks.code.splicing import spliced


class Name(NamedTuple):
    """A place where a name stands."""

    text: str
    start: int
    """The byte at which it begins."""
    end: int
    declares: bool
    before: str
    """What must stand before another name in its place: `x: ` for the `x` in `{ x }` of TypeScript,
    `re as ` for the `re` of an import of Python."""


def with_other_names(source: bytes, places: Iterable[Name], names: Mapping[str, str]) -> bytes:
    """Return a module with new names, by old ones, at those of the places that have an old one."""
    found = [one for one in places if one.text in names]
    new = [(one.before + names[one.text]).encode() for one in found]
    return spliced(source, [(at.start, at.end, text) for at, text in zip(found, new, strict=True)])
