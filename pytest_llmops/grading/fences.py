"""The parts of a model's answer: prose, and blocks of code.

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
_WORDS = (
    "export|import|async|function|const|let|var|class|def|abstract|public|private|protected|static"
)
_CODE = re.compile(
    rf"[ \t]*(?P<label>(?!(?:{_WORDS})\b)[\w+#.-]+[ \t]+)?(?P<code>(?:{_WORDS})\b[ \t*]+"
    r"(?=[^\n]*[({=\"'])\S[^\n]*|[^\s{(]+\([^\n]*\{)\Z"
)
"""What stands behind a fence on its line and is code, not only a label."""


class Block(NamedTuple):
    """Code between fences."""

    language: str
    """The label of the fence in lower case, "" without one."""
    start: int
    """Character offset of the code."""
    end: int
    """Character offset behind the code."""
    closed: bool


class Opened:
    """The fence that is open, read line by line."""

    def __init__(self) -> None:
        self.fence = ""
        """What opened it; "" where none is open."""

    def read(self, line: str) -> None:
        """Take the next line."""
        if not self.fence:
            self.fence = _opening(line.strip())[0]
        elif self.closes(line):
            self.fence = ""

    def closes(self, line: str) -> bool:
        """Whether a line closes what is open."""
        return line.strip().endswith(self.fence)


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
            fence, label, begins = _opening(bare)
            if fence:
                at = start + line.index(bare) + begins if begins else position
                opened = (fence, label, at)
        elif bare.endswith(opened[0]):
            code = line.rstrip().rstrip(opened[0][0])
            found.append(Block(opened[1], opened[2], start + len(code), True))
            opened = None
    if opened:
        found.append(Block(opened[1], opened[2], len(text), False))
    return found


def _opening(line: str) -> tuple[str, str, int]:
    """The fence that a line opens, its label, and where code begins in the line.

    No fence where it opens none, and 0 for code that begins in the next line.
    """
    fence = _run(line)
    if len(fence) < 3 or "`" in line[len(fence) :]:
        return "", "", 0
    if code := _CODE.match(line, len(fence)):
        return fence, (code["label"] or "").strip().lower(), code.start("code")
    label = _LABEL.match(line, len(fence))
    return fence, label.group(1).lower() if label else "", 0


def _run(line: str) -> str:
    """Return the fence characters a line begins with."""
    mark = line[:1]
    return line[: len(line) - len(line.lstrip(mark))] if mark in {"`", "~"} else ""
