"""The hunks of unified diffs and of `apply_patch`, which differ in their heads alone."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_HUNK = re.compile(r"@@(?: -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@)?[ \t]*(.*?)[ \t]*(?:@@)?$")
_NAMED = re.compile(r"(?:---|\+\+\+) \S*[/.]\S+$")
_SIGNED = re.compile(r"--\s*$")
"""What `git format-patch` writes behind a patch."""


class Hunk(NamedTuple):
    """Lines that take the place of others."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    line: int = -1
    """Where the old ones stand, from 1, or behind which line new ones go; -1 if it is not said."""
    anchor: str = ""
    """A line that they stand behind; "" where none is named."""


def is_diff(lines: Sequence[str], at: int) -> bool:
    """Whether one file of a unified diff begins in a line."""
    if lines[at].startswith("diff --git "):
        return True
    follows = at + 1 < len(lines) and lines[at + 1].startswith("+++ ")
    return lines[at].startswith("--- ") and follows


def is_half_headed(lines: Sequence[str], at: int) -> bool:
    """Whether a line is the only header of a file of a diff: the other one is missing."""
    follows = at + 1 < len(lines) and lines[at + 1].startswith("@@ ")
    return follows and _NAMED.match(lines[at]) is not None


def hunks(lines: Sequence[str], at: int) -> tuple[tuple[Hunk, ...], int]:
    """The hunks of one file from a line on, and the line behind them.

    Only the first may go without a head.
    """
    found: list[Hunk] = []
    while True:
        head, line, anchor = None, -1, ""
        while at < len(lines) and (again := _HUNK.match(lines[at])):
            head, line, anchor = again, int(again[1] or -1), again[4] or anchor
            at += 1
        if not head and found:
            break
        size = (int(head[2] or 1), int(head[3] or 1)) if head and head[1] else None
        marked, at = _marked(lines, at, size)
        if not marked:
            break
        old = tuple(one[1:] for one in marked if one[:1] != "+")
        new = tuple(one[1:] for one in marked if one[:1] != "-")
        found.append(Hunk(old, new, line, anchor if line < 0 else ""))
    return tuple(one for one in found if one.old != one.new), at


def _marked(lines: Sequence[str], at: int, size: tuple[int, int] | None) -> tuple[list[str], int]:
    """The lines of one hunk, each with its mark; an empty one is taken for context.

    An empty line ends one that is as long as its head says: what follows may be prose.
    """
    marked: list[str] = []
    left = list(size or (-1, -1))
    while at < len(lines) and not is_diff(lines, at):
        line = lines[at]
        is_over = left == [0, 0] and (
            not line.strip() or _SIGNED.match(line) or is_half_headed(lines, at)
        )
        if is_over or line[:1] not in {" ", "+", "-", "\\", "", "\t"}:
            break
        at += 1
        if line[:1] != "\\":
            marked.append(line if line[:1] in {" ", "+", "-"} else f" {line}")
            left[0] -= marked[-1][0] != "+"
            left[1] -= marked[-1][0] != "-"
    while marked and marked[-1] == " ":
        marked.pop()  # the empty lines behind a patch
    return marked, at + (lines[at : at + 1] == ["*** End of File"])
