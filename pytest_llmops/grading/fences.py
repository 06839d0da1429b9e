"""The parts of a model's answer: thinking, prose, and blocks of code.

A block is what stands between Markdown fences of any language; a fence that is never closed (the
answer was cut off) runs to the end. Everything here is linear in the length of the text and looks
at lines and marks only, never at the grammar of the code.
"""

import re
from typing import NamedTuple

READ_LIMIT = 64_000
"""Characters of code that are read; tree-sitter takes up to 5 ms a 1,000 of hostile text."""
CODE_LANGUAGES = frozenset(
    ["ts", "typescript", "tsx", "mts", "cts", "js", "javascript", "jsx", "mjs", "cjs", "node"]
)

"""Fence labels under which even a bare body is taken for code."""

_LABEL = re.compile(r"\s*([\w+#.-]*)")
_OPENING = re.compile(
    r"\A\s*<(think|thinking|reasoning)>|^[ \t]*<(think|thinking|reasoning)>[ \t]*$", re.MULTILINE
)
_CLOSING = re.compile(r"^[ \t]*</(?:think|thinking|reasoning)>", re.MULTILINE)


class Block(NamedTuple):
    """Code between fences."""

    language: str
    """The label of the fence in lower case, "" without one."""
    start: int
    """Character offset of the code."""
    end: int
    """Character offset behind the code."""
    closed: bool


def without_thinking(text: str) -> str:
    """Return the text without its `<think>` parts.

    A part begins where the text does or with a mark alone on its line, because code may hold such
    marks too. One that is never closed runs to the end; a closing mark that begins a line and has
    no opening one (chat templates put it into the prompt) ends a part that began with the text.
    """
    kept: list[str] = []
    position = 0
    while opening := _OPENING.search(text, position):
        kept.append(text[position : opening.start()])
        close = f"</{opening.group(1) or opening.group(2)}>"
        end = text.find(close, opening.end())
        if end < 0:
            return "".join(kept)
        position = end + len(close)
    stray = None if position else _CLOSING.search(text)
    return "".join(kept) + text[stray.end() if stray else position :]


def blocks(text: str) -> list[Block]:
    """List the fenced blocks in order.

    The closing fence is of the same character and at least as long as the opening one; it may
    stand behind code on its line, as small models write it.
    """
    found: list[Block] = []
    opened: tuple[str, str, int] | None = None
    position = 0
    for line in text.splitlines(keepends=True):
        start, position = position, position + len(line)
        bare = line.strip()
        if opened is None:
            fence = _run(bare)
            if len(fence) >= 3 and "`" not in bare[len(fence) :]:
                label = _LABEL.match(bare, len(fence))
                opened = (fence, label.group(1).lower() if label else "", position)
        elif bare.endswith(opened[0]):
            code = line.rstrip().rstrip(opened[0][0])
            found.append(Block(opened[1], opened[2], start + len(code), True))
            opened = None
    if opened:
        found.append(Block(opened[1], opened[2], len(text), False))
    return found


def _run(line: str) -> str:
    """Return the fence characters a line begins with."""
    mark = line[:1]
    return line[: len(line) - len(line.lstrip(mark))] if mark in {"`", "~"} else ""
