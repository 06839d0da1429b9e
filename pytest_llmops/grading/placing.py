"""Where in a file the lines of a change stand, and how its new lines are put there."""

import re
from collections.abc import Callable, Iterator, Sequence

from pytest_llmops.grading.ground import RefusedError
from pytest_llmops.grading.hunks import Hunk

MOST = 200
"""Places that are looked at."""

_FORMS: tuple[Callable[[str], str], ...] = (str, str.rstrip, str.strip)
_DOTS = re.compile(
    r"\s*(?:(?://|#|/\*)\s*)?(?:\.\.\.|…)(?:[\w\s]{0,40}(?:\.\.\.|…))?(?:\s*\*/)?\s*"
)
"""A line that stands for lines which are left out."""


def replaced(text: str, hunk: Hunk, path: str) -> str | None:
    """A text with what a tool call replaces, which may be a part of a line; None for no place.

    Raises:
        RefusedError: It stands there more than once.
    """
    old, new = "\n".join(hunk.old), "\n".join(hunk.new)
    count = text.count(old)
    if count > 1:
        raise RefusedError(f"{path} has {count} places for a change of {old.strip()[:80]!r}")
    return text.replace(old, new) if count else None


def undotted(hunk: Hunk, lines: list[str], start: int) -> Hunk | None:
    """A hunk with the lines of the file for its dots; None where these don't say which.

    Both sides have as many dots, each for the same lines, and what is between them stands in that
    order in the file.
    """
    old, new = ([*_parts(side)] for side in (hunk.old, hunk.new))
    if len(old) < 2 or len(old) != len(new) or not all(any(map(str.strip, one)) for one in old):
        return None
    whole, changed, at = list[str](), list[str](), start
    for number, (one, other) in enumerate(zip(old, new, strict=True)):
        place = found(lines[at:], tuple(one), 0, -1)
        if place is None:
            return None
        left = lines[at : at + place] if number else []
        stands = lines[at + place : at + place + len(one)]
        whole += [*left, *stands]
        changed += [*left, *indented(hunk._replace(old=tuple(one), new=tuple(other)), stands)]
        at += place + len(one)
    return hunk._replace(old=tuple(whole), new=tuple(changed))


def _parts(side: Sequence[str]) -> Iterator[list[str]]:
    """The lines of one side between its dots."""
    part: list[str] = []
    for line in side:
        if _DOTS.fullmatch(line):
            yield part
            part = []
        else:
            part.append(line)
    yield part


def insertion(lines: list[str], start: int, stated: int, *, is_anchored: bool) -> int:
    """Where lines go that take the place of none: after a stated line, an anchor, or at the end."""
    if stated >= 0:
        return min(stated, len(lines))
    return start if is_anchored else len(lines) - (lines[-1:] == [""])


def found(lines: list[str], old: tuple[str, ...], start: int, near: int) -> int | None:
    """The line from which the old ones stand, in the strictest form in which they do.

    The place nearest to a stated line; where none is stated, the first from `start` on, or of all.
    """
    for form in _FORMS:
        text = "\n" + "".join(f"{form(line)}\n" for line in lines)
        wanted = "\n" + "".join(f"{form(line)}\n" for line in old)
        places: list[int] = []
        at, count, last = text.find(wanted), 0, 0
        while at >= 0 and len(places) < MOST:
            count += text.count("\n", last, at)
            last = at
            places.append(count)
            at = text.find(wanted, at + 1)
        if places:
            if near >= 0:
                return min(places, key=lambda place: abs(place + 1 - near))
            return next((place for place in places if place >= start), places[0])
    return None


def filled(hunk: Hunk) -> Hunk:
    """A hunk without empty lines at its ends, which models put around blocks."""
    old, new = list(hunk.old), list(hunk.new)
    for side in (old, new):
        while side and not side[-1].strip():
            side.pop()
        while side and not side[0].strip():
            side.pop(0)
    return hunk._replace(old=tuple(old), new=tuple(new))


def indented(hunk: Hunk, found: list[str]) -> list[str]:
    """The new lines, moved as far as the old ones stand from where the answer has them."""
    pairs = [(a, b) for a, b in zip(hunk.old, found, strict=False) if a.strip() and b.strip()]
    kept = dict(zip(hunk.old, found, strict=False))
    if all(a.rstrip() == b.rstrip() for a, b in pairs):
        return [kept.get(line, line) for line in hunk.new]  # ends of lines as the file has them
    said, stands = (
        min((_indent(line) for line in side), key=len) for side in zip(*pairs, strict=True)
    )
    moved = []
    for line in hunk.new:
        bare = line.removeprefix(said) if line.strip() else ""
        moved.append(kept.get(line, stands + bare if bare else ""))
    return moved


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
