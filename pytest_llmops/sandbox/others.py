"""Other expectations in the place of those that a test states, in any language."""

import random
from typing import NamedTuple

LARGE = 10**5
"""From here on a number is doubled, beyond any tolerance of a test."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Edit(NamedTuple):
    """Another text in the place of some bytes."""

    start: int
    end: int
    text: str


def other_whole(value: int, drawn: random.Random) -> int:
    """A whole number that no tolerance takes for another one."""
    return value + drawn.randint(1, 9) if value < LARGE else 2 * value + 1


def other_letter(text: str, at: int, drawn: random.Random) -> str:
    """A text with another letter at a place."""
    letter = drawn.choice([one for one in LETTERS if one != text[at].lower()])
    return text[:at] + letter + text[at + 1 :]
