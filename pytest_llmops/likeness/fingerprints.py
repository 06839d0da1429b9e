"""What is left of a text when its looks are taken away: for finding near-duplicates.

Code becomes the leaves of its syntax tree without comments, white space and semicolons, in runs of
eight. Inside a run names that a person could choose freely are numbered as they occur, so renaming
changes nothing; keywords, literals, members (`.length`) and global objects stay. Prose becomes its
words in runs of three, with quoted code and strings as one blank.

Of a text all code is looked at, in fences and outside of them, where prose is read as code that
resembles nothing: every function by itself, and what stands around the functions.

Limits: a copy that was rewritten statement by statement is another solution to this; members and
literals that were changed make a run different. A function inside another one, and statements among
other statements or prose, are found by their likeness and not by being equal.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec
from tree_sitter import Node

from pytest_llmops.completions import Message
from pytest_llmops.grading.fences import blocks
from pytest_llmops.tasks import syntax
from pytest_llmops.tasks.parsing import parse

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
    """A function body, or other code as if it were one, as it is compared."""

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
        text: A completion, of which only fenced code is read where there is any; or code.
    """
    fenced = [text[one.start : one.end] for one in blocks(text)]
    leaves = (leaf for code in fenced or [text] for _, leaf in _leaves(code))
    return tuple(leaf for leaf in leaves if leaf != "export")


def bodies(text: str) -> list[Code]:
    """Fingerprint what may be a function body in a text.

    That is the body of every function; all code together; and the code around the functions, for
    helpers may stand beside statements, or belong to them.

    Args:
        text: A completion or a prompt, with its prose.
    """
    found = []
    for part in _parts(text[:READ_LIMIT]):
        code = part.encode("utf-8", "replace")
        root = parse(code, _PATH)
        found += [code_of(syntax.text_of(body)) for body in _outermost(root)]
        found += [code_of(f"{{{one}}}") for one in (part, _around(code, root))]
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


def _parts(text: str) -> Iterator[str]:
    """Yield what is before, in, between and behind the fences."""
    position = 0
    for one in blocks(text):
        *before, _opening = text[position : one.start].splitlines(keepends=True)
        yield "".join(before).lstrip("`~")
        yield text[one.start : one.end]
        position = one.end
    yield text[position:].lstrip("`~")


def _outermost(root: Node) -> Iterator[Node]:
    """Yield the bodies of functions, wherever they are bound, and the blocks, that are in none."""
    stack = [root]
    while stack:
        node = stack.pop()
        body = node.child_by_field_name("body") if node.type == "arrow_function" else None
        if body or node.type == "statement_block":
            yield body or node
        else:
            stack += reversed(node.children)


def _around(code: bytes, root: Node) -> str:
    """Return the code without the functions that are statements of the top level."""
    kept: list[bytes] = []
    position = 0
    for one in syntax.statements(root):
        if one.function:
            kept.append(code[position : one.node.start_byte])
            position = one.node.end_byte
    return b"\n".join([*kept, code[position:]]).decode("utf-8", "replace")


def _leaves(text: str) -> Iterator[tuple[bool, str]]:
    """Yield every leaf, and whether its name can be chosen freely."""
    stack = [parse(text[:READ_LIMIT].encode("utf-8", "replace"), _PATH)]
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
