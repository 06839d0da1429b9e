"""Texts put in place of parts of a source."""

from collections.abc import Iterable


def spliced(source: bytes, parts: Iterable[tuple[int, int, bytes]]) -> bytes:
    """Return a source with other texts in place of some of its parts.

    Args:
        source: The text, as UTF-8.
        parts: The byte at which a part begins, the one after it, and what stands there instead, in
            any order; a part that begins within one before it is left as that has it.
    """
    pieces, position = [], 0
    for start, end, text in sorted(parts):
        if start >= position:
            pieces += [source[position:start], text]
            position = end
    return b"".join([*pieces, source[position:]])
