"""Code without its looks: the leaves of its syntax tree, names numbered as they occur.

Comments, white space and semicolons are gone, and a name that a person could choose freely is a
number, so renaming changes nothing; keywords, literals, members (`.length`) and global objects
stay. Whether two bodies are the same is judged by all leaves, whether one was made from the other
by runs of eight of them. The limits were set on `starter`, whose two splits were written apart: its
nearest innocent pairs have a likeness of 0.34 where `NEAR_OVERLAP` is 0.5, and of 0.64 where
`INSIDE_SHARE` is 0.8 (`benchmarks/perf/leaks.py`).
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from pytest_llmops.tasks.code.parsing import parse
from pytest_llmops.tasks.code.syntax import text_of

CODE_RUN = 8
"""Leaves of code a run."""
READ_LIMIT = 32_000
"""Characters of one text that are looked at; tree-sitter is slow on hostile text."""
EQUAL_LEAVES = 16
"""Leaves of code from which on an equal body is no coincidence."""
NEAR_RUNS = 16
"""Runs of code (23 leaves) from which on likeness is judged."""
NEAR_OVERLAP = 0.5
"""Jaccard index from which on two bodies are near-duplicates."""
INSIDE_RUNS = 32
"""Runs from which on it is judged whether a body lies inside another one."""
INSIDE_SHARE = 0.8
"""Share of a body's runs in another one from which on it lies inside."""

_PATH = "text.ts"
_RENAMED = frozenset(
    {
        "identifier",
        "type_identifier",
        "shorthand_property_identifier",
        "shorthand_property_identifier_pattern",
        "private_property_identifier",
    }
)
_GLOBALS = frozenset(
    re.findall(
        r"\w+",
        "Array Boolean Date Error Infinity JSON Map Math NaN Number Object Promise RangeError "
        "Record RegExp Set String Symbol SyntaxError TypeError console isNaN parseFloat parseInt "
        "process undefined",
    )
)
_WHOLE = frozenset({"string", "regex", "number"})
"""Nodes that are one leaf, whatever the grammar has below them."""

Runs = frozenset[tuple[str, ...]]


class Code(msgspec.Struct, frozen=True):
    """A function body, or other code as if it were one, as it is compared."""

    leaves: tuple[str, ...]
    """All leaves, names numbered over the whole."""
    runs: Runs


@lru_cache(maxsize=4096)
def code_of(text: str) -> Code:
    """Fingerprint a stretch of code; broken code too, as far as it can be read."""
    found = [*leaves(text)]
    windows = (found[at : at + CODE_RUN] for at in range(len(found) - CODE_RUN + 1))
    return Code(_numbered(found), frozenset(map(_numbered, windows)))


def same_code(one: Code, other: Code, *, least: int = EQUAL_LEAVES) -> float:
    """How alike two bodies are, 0 where they are not near-duplicates.

    Args:
        one: A body.
        other: Another one.
        least: Leaves from which on equal bodies count.
    """
    if one.leaves == other.leaves:
        return 1.0 if len(one.leaves) >= least else 0.0
    shorter, longer = sorted((one.runs, other.runs), key=len)
    if len(shorter) >= NEAR_RUNS and (likeness := overlap(shorter, longer)) >= NEAR_OVERLAP:
        return likeness
    if len(shorter) >= INSIDE_RUNS and (share := contained(shorter, longer)) >= INSIDE_SHARE:
        return share
    return 0.0


def overlap(one: Runs, other: Runs) -> float:
    """Jaccard index: shared runs by all runs; 0 where there are none."""
    return len(one & other) / len(one | other) if one or other else 0.0


def contained(one: Runs, other: Runs) -> float:
    """Share of the runs of `one` that `other` has too; 0 where there are none."""
    return len(one & other) / len(one) if one else 0.0


def leaves(text: str) -> Iterator[tuple[bool, str]]:
    """Yield every leaf, and whether its name can be chosen freely."""
    stack = [parse(text[:READ_LIMIT].encode("utf-8", "replace"), _PATH)]
    while stack:
        node = stack.pop()
        if node.type in {"comment", ";"}:
            continue
        if node.type in _WHOLE or not node.children:
            name = text_of(node)
            if node.type == "string":
                name = f'"{name[1:-1]}"'
            if name:
                yield node.type in _RENAMED and name not in _GLOBALS, name
        else:
            stack += reversed(node.children)


def _numbered(found: Sequence[tuple[bool, str]]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    return tuple(names.setdefault(text, f"#{len(names)}") if free else text for free, text in found)
