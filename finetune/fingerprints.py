"""What is left of a text when its looks are taken away: for finding near-duplicates.

Code becomes the leaves of its syntax tree without comments, white space and semicolons, in runs of
eight. Inside a run names that a person could choose freely are numbered as they occur, so renaming
changes nothing; keywords, literals, members (`.length`) and global objects stay. Prose becomes its
words in runs of three, with quoted code and strings as one blank.

Limits: a copy that was rewritten statement by statement is another solution to this; members and
literals that were changed make a run different.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from pytest_llmops.completions import Message
from pytest_llmops.grading.fences import blocks
from pytest_llmops.tasks import syntax
from pytest_llmops.tasks.typescript import parse_module

CODE_RUN = 8
"""Leaves of code a run."""
WORD_RUN = 3
"""Words of prose a run."""

READ_LIMIT = 32_000
"""Characters of one text that are looked at; tree-sitter is slow on hostile text."""

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
_QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]{1,40}'(?!\w)")
_WORD = re.compile(r"[a-z0-9_]+")

Runs = frozenset[tuple[str, ...]]


class Code(msgspec.Struct, frozen=True):
    """One function body, or code without any function, as it is compared."""

    leaves: tuple[str, ...]
    """All leaves, names numbered over the whole."""
    runs: Runs


class Prose(msgspec.Struct, frozen=True):
    """One question, as it is compared."""

    words: tuple[str, ...]
    runs: Runs


@lru_cache(maxsize=4096)
def code_of(text: str) -> Code:
    """Fingerprint a stretch of code; broken code too, as far as it can be read."""
    leaves = [*_leaves(text)]
    windows = (leaves[at : at + CODE_RUN] for at in range(len(leaves) - CODE_RUN + 1))
    return Code(_numbered(leaves), frozenset(map(_numbered, windows)))


def spelled(text: str) -> tuple[str, ...]:
    """All leaves of the code in a text with their names: equal where only layout differs.

    `export` is layout here: the grader takes a function with and without it.


    Args:
        text: As in `bodies`.
    """
    leaves = (leaf for code in _codes(text) for _, leaf in _leaves(code))
    return tuple(leaf for leaf in leaves if leaf != "export")


def bodies(text: str) -> list[Code]:
    """Fingerprint every function body in a text; its code as a whole where it has no function.

    Args:
        text: A completion or a prompt: fenced code is looked at alone where there is any.
    """
    found = []
    for code in _codes(text[:READ_LIMIT]):
        module = parse_module(code.encode("utf-8", "replace"), _PATH)
        functions = [module.body(one) for one in module.declarations]
        found += [code_of(body) for body in functions or [code]]
    return found


def prose_of(text: str) -> Prose:
    """Fingerprint a comment."""
    words = _WORD.findall(_QUOTED.sub(" _ ", text[:READ_LIMIT]).lower())
    count = max(1, len(words) - WORD_RUN + 1) if words else 0
    return Prose(tuple(words), frozenset(tuple(words[at : at + WORD_RUN]) for at in range(count)))


def question_of(messages: Sequence[Message]) -> Prose:
    """Fingerprint what a prompt asks for: the comments of its last block of code.

    A prompt without a block is taken as a whole; one whose last block has no comment is empty and
    resembles nothing.
    """
    text = messages[-1].content[-READ_LIMIT:] if messages else ""
    found = blocks(text)
    if not found:
        return prose_of(text)
    code = text[found[-1].start : found[-1].end].encode("utf-8", "replace")
    spans = syntax.comments(code, _PATH)
    remarks = (code[start:end].decode("utf-8", "replace") for start, end in spans)
    return prose_of(" ".join(one for one in remarks if one != "// ..."))


def overlap(one: Runs, other: Runs) -> float:
    """Jaccard index: shared runs by all runs; 0 where there are none."""
    return len(one & other) / len(one | other) if one or other else 0.0


def contained(one: Runs, other: Runs) -> float:
    """Share of the runs of `one` that `other` has too; 0 where there are none."""
    return len(one & other) / len(one) if one else 0.0


def _codes(text: str) -> list[str]:
    return [text[one.start : one.end] for one in blocks(text)] or [text]


def _leaves(text: str) -> Iterator[tuple[bool, str]]:
    """Yield every leaf, and whether its name can be chosen freely."""
    stack = [syntax.parse(text[:READ_LIMIT].encode("utf-8", "replace"), _PATH)]
    while stack:
        node = stack.pop()
        if node.type in {"comment", ";"}:
            continue
        if node.type in _WHOLE or not node.children:
            name = syntax.text_of(node)
            if node.type == "string":
                name = f'"{name[1:-1]}"'
            if name:
                yield node.type in _RENAMED and name not in _GLOBALS, name
        else:
            stack += reversed(node.children)


def _numbered(leaves: Sequence[tuple[bool, str]]) -> tuple[str, ...]:
    names: dict[str, str] = {}
    return tuple(
        names.setdefault(text, f"#{len(names)}") if free else text for free, text in leaves
    )
