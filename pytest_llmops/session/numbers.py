"""Numbers of the command line, refused with what was found and what is wanted."""

from argparse import ArgumentTypeError
from contextlib import suppress

HOTTEST = 2
"""Temperature; what the protocol allows."""


def positive(text: str) -> int:
    """Parse a number of which there must be at least one.

    Raises:
        ArgumentTypeError: It is none.
    """
    if not text.strip().isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is not a positive whole number")
    return int(text)


def none_or_more(text: str) -> int:
    """Parse a number of which there may be none.

    Raises:
        ArgumentTypeError: It is none, or below 0.
    """
    if not text.strip().isdecimal():
        raise ArgumentTypeError(f"{text} is not a whole number of 0 or more")
    return int(text)


def temperature(text: str) -> float:
    """Parse a sampling temperature.

    Raises:
        ArgumentTypeError: It is none that endpoints take.
    """
    with suppress(ValueError):
        if 0 <= (number := float(text)) <= HOTTEST:
            return number
    raise ArgumentTypeError(f"{text!r} is not a number from 0 to {HOTTEST}")
