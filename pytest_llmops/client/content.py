"""The content of a message, in the forms that servers give it: text, parts, or all so far again."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

WORDS = 8
"""Characters that a chunk must have before its repetition in the next tells that chunks are
cumulative; single tokens repeat by chance."""

Content = str | list[Any] | None


def texts(content: Content) -> Iterator[str]:
    """The text of a piece of content; parts of other types, such as thinking, are none."""
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict) and part.get("type", "text") in {"text", "output_text"}:
            yield str(part.get("text") or "")


def thoughts(content: Content) -> Iterator[str]:
    """The thinking in a piece of content."""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") in {"thinking", "reasoning"}:
            said = part.get("thinking") or part.get("text")
            yield from filter(None, texts(said)) if isinstance(said, str | list) else ()


def refusals(content: Content) -> Iterator[str]:
    """What stands in the place of an answer."""
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict) and part.get("type") == "refusal":
            yield str(part.get("refusal") or "")


def joined(pieces: Sequence[str]) -> str:
    """Pieces put together; where each repeats all before it, the last is the whole."""
    if len(pieces) < 2 or len(pieces[-2]) < WORDS or pieces[0] == pieces[-1]:
        return "".join(pieces)
    grown = [pieces[0]]
    for piece in pieces[1:]:
        ended = piece == grown[-1] and len(grown) == len(pieces) - 1  # the last may add nothing
        if not piece.startswith(grown[-1]) or (piece == grown[-1] and not ended):
            return "".join(pieces)
        grown.append(piece)
    return pieces[-1]


def whole(text: str) -> str:
    """Put surrogates together that came in two chunks; a lone one becomes U+FFFD."""
    if re.search("[\ud800-\udfff]", text):
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
