"""What is left of a text when its looks are taken away: for finding near-duplicates.

Code becomes the leaves of its syntax tree (`tasks.code.leaves`). Prose becomes its words in runs of
three, with quoted code and strings as one blank.

Of a text all code is looked at, in fences and outside of them, where prose is read as code that
resembles nothing: every function by itself, and what stands around the functions.

Limits: a copy that was rewritten statement by statement is another solution to this; members and
literals that were changed make a run different. A function inside another one, and statements among
other statements or prose, are found by their likeness and not by being equal.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec
from tree_sitter import Node

from pytest_llmops.completions import Message
from pytest_llmops.grading.fences import blocks
from pytest_llmops.tasks.code import syntax
from pytest_llmops.tasks.code.leaves import READ_LIMIT, Code, Runs, code_of
from pytest_llmops.tasks.code.leaves import leaves as leaves_of
from pytest_llmops.tasks.code.parsing import parse

WORD_RUN = 3
"""Words of prose a run."""

_PATH = "text.ts"
_QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|'[^'\n]{1,40}'(?!\w)")
_WORD = re.compile(r"[a-z0-9_]+")


class Prose(msgspec.Struct, frozen=True):
    """One question, as it is compared."""

    words: tuple[str, ...]
    runs: Runs


def spelled(text: str) -> tuple[str, ...]:
    """All leaves of the code in a text with their names: equal where only layout differs.

    `export` is layout here: the grader takes a function with and without it.


    Args:
        text: A completion, of which only fenced code is read where there is any; or code.
    """
    fenced = [text[one.start : one.end] for one in blocks(text)]
    found = (leaf for code in fenced or [text] for _, leaf in leaves_of(code))
    return tuple(leaf for leaf in found if leaf != "export")


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
