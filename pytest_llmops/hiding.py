"""Secrets taken out of texts: whole, in another case, or a piece, as servers quote them.

A piece is half of a secret at least, and twelve characters: shorter ones are words that a text may
hold by itself, and a text that a model wrote is to be judged as it wrote it.
"""

import re
from collections.abc import Callable, Iterable

SHORTEST = 8
"""A secret of fewer characters is not looked for: it may be a word."""

PIECE = 12

Hide = Callable[[str], str]


def hider(secrets: Iterable[str], mark: str, shortest: int = SHORTEST) -> Hide:
    """Make a function that puts a mark in place of secrets.

    Args:
        secrets: What is secret.
        mark: Stands for a secret, or for a piece of one.
        shortest: Secrets of fewer characters are left alone.
    """
    known = sorted({one for one in secrets if len(one) >= shortest}, key=len, reverse=True)
    sought = [(one, _blocks(one)) for one in known]

    def hide(text: str) -> str:
        if not (text and sought):
            return text
        lowered = text.lower()
        for secret, blocks in sought:
            if any(block in lowered for block in blocks):
                text = _without(text, secret, mark)
                lowered = text.lower()
        return text

    return hide


def least(secret: str) -> int:
    """Characters from which a piece of a secret counts as one."""
    return min(len(secret), max(PIECE, (len(secret) + 1) // 2))


def _blocks(secret: str) -> list[str]:
    """Parts of which every piece holds one, so that most texts are done with at a look."""
    size = max(1, least(secret) // 2)
    starts = range(0, len(secret) - size + 1, size)
    return [secret[start : start + size].lower() for start in starts]


def _without(text: str, secret: str, mark: str) -> str:
    """Replace pieces, the longest first."""
    for size in range(len(secret), least(secret) - 1, -1):
        pieces = {secret[at : at + size] for at in range(len(secret) - size + 1)}
        pattern = "|".join(re.escape(piece) for piece in sorted(pieces))
        text = re.sub(pattern, mark.replace("\\", r"\\"), text, flags=re.IGNORECASE)
    return text
