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
_TAGS = "think|thinking|thoughts?|reasoning|scratchpad|seed:think"
_MARKS = (
    (rf"<(?:{_TAGS})>", rf"</(?:{_TAGS})>"),
    (r"\[THINK\]", r"\[/THINK\]"),
    (r"◁think▷", r"◁/think▷"),
    (r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    (
        r"(?:<\|start\|>assistant)?<\|channel\|>analysis<\|message\|>",
        r"(?:<\|end\|>(?:<\|start\|>assistant)?)?<\|channel\|>final<\|message\|>|<\|end\|>",
    ),
)
"""What begins and ends the thinking of models."""
_ANY = "|".join(f"(?P<m{number}>{opening})" for number, (opening, _) in enumerate(_MARKS))
_AT_START = re.compile(rf"\s*(?:{_ANY})")
_ALONE = re.compile(rf"^[ \t]*(?:{_ANY})[ \t]*$", re.MULTILINE)
_ENDS = tuple(re.compile(closing) for _, closing in _MARKS)
_CLOSING = re.compile(
    "^[ \\t]*(?:" + "|".join(closing for _, closing in _MARKS[:-1]) + ")", re.MULTILINE
)


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
    """Return the text without the parts in which a model thinks, such as `<think>`.

    A part begins where the text does or with a mark alone on its line, because code may hold such
    marks too. One that is never closed runs to the end; a closing mark that begins a line and has
    no opening one (chat templates put it into the prompt) ends a part that began with the text.
    """
    kept: list[str] = []
    position = 0
    opening = _AT_START.match(text) or _ALONE.search(text)
    while opening:
        kept.append(text[position : opening.start()])
        number = int((opening.lastgroup or "m0")[1:])
        end = _end_of(opening, text, number)
        if end < 0:
            return "".join(kept)
        position = end
        opening = _ALONE.search(text, position)
    stray = None if position else _CLOSING.search(text)
    return "".join(kept) + text[stray.end() if stray else position :]


def _end_of(opening: re.Match[str], text: str, number: int) -> int:
    """Where a part of thinking ends, its closing mark included; -1 where it doesn't."""
    tag = opening.group().strip()
    if number == 0:  # of a tag, by its own name
        close = f"</{tag[1:]}"
        end = text.find(close, opening.end())
        return end + len(close) if end >= 0 else -1
    found = _ENDS[number].search(text, opening.end())
    return found.end() if found else -1


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
