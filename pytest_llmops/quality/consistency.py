"""Consistency: does an answer look as if who wrote the file had written it?

    consistency = (2 layout + naming + quotes) / 4

over those of the three that the answer gives occasion for. All are shares, 1 at best.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from pytest_llmops.quality.pieces import Name

_CAMEL = re.compile(r"_*\$?[a-z][a-zA-Z0-9]*\$?|_+|\$")
_PASCAL = re.compile(r"[A-Z][a-zA-Z0-9]*")
_CONSTANT = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_SNAKE = re.compile(r"_*[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_QUOTES = str.maketrans({"'": '"'})


def layout(written: Sequence[str], formatted: Sequence[str]) -> float | None:
    """Share of lines that the project's formatter leaves alone: 2 M / T of `difflib`.

    M are the lines in common, in order, and T all lines of both. Quotes are judged by themselves.
    None where there is nothing to compare.
    """
    if not written or not formatted:
        return None
    mine, theirs = ([line.translate(_QUOTES) for line in one] for one in (written, formatted))
    return SequenceMatcher(None, mine, theirs, autojunk=False).ratio()


def naming(names: Sequence[Name], around: Sequence[Name]) -> float | None:
    """Share of declared names whose case is that of the file.

    Variables, parameters and functions are camelCase, or snake_case where most names of the file
    that have several words are; types are PascalCase; a `const` may be CONSTANT_CASE. None where
    nothing is declared.
    """
    if not names:
        return None
    values = [one.text for one in around if one.kind != "type"]
    snakes = sum("_" in one.strip("_") and bool(_SNAKE.fullmatch(one)) for one in values)
    camels = sum(one != one.lower() and bool(_CAMEL.fullmatch(one)) for one in values)
    value = _SNAKE if snakes > camels else _CAMEL
    return sum(_fits(one, value) for one in names) / len(names)


def _fits(name: Name, value: re.Pattern[str]) -> bool:
    if name.kind == "type":
        return bool(_PASCAL.fullmatch(name.text))
    is_constant = name.kind == "const" and len(name.text) > 1 and _CONSTANT.fullmatch(name.text)
    return bool(is_constant or value.fullmatch(name.text))


def quotes(found: Sequence[str], quote: str) -> float | None:
    """Share of strings with the file's quote; None where no string could choose."""
    return sum(one == quote for one in found) / len(found) if found else None


def consistency(layout: float | None, naming: float | None, quotes: float | None) -> float | None:
    """All three; see the module."""
    parts = [(2, layout), (1, naming), (1, quotes)]
    told = [(weight, value) for weight, value in parts if value is not None]
    total = sum(weight for weight, _ in told)
    return sum(weight * value for weight, value in told) / total if told else None
