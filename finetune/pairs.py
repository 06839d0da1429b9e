"""Preference pairs: what is better about one answer than another, for training on preferences."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from .examples import Answer, allowed, by_case, ordered
from .settings import Data

LONGER = 1.1
"""How many times as long the longer of two solutions must be to make a pair."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers to one question, the better first."""

    chosen: Answer
    rejected: Answer
    kind: Literal["longer", "wrong"]
    """What is worse about the rejected one."""


def pair(answers: Iterable[Answer], data: Data, seed: int) -> list[Pair]:
    """Make preference pairs: shorter correct over longer correct over wrong.

    Of each case, up to `pairs_per_case`, all with the shortest correct answer chosen: over the
    longest correct one, then over answers that were truncated, those first that repeat themselves
    most, then over other wrong ones in an order drawn by the seed. A model that repeats itself goes
    on up to the limit, which costs the most tokens of all.
    """
    pairs: list[Pair] = []
    for case, group in by_case(answers):
        known = allowed(group, data)
        right = ordered([one for one in known if one.correct], "shortest", "")
        worse = ordered([one for one in known if not one.correct], "random", f"{seed}:{case}")
        worse.sort(key=lambda one: (one.stopped, 0 if one.stopped else news(one.completion)))
        pairs += [*_pairs(right, worse)][: data.pairs_per_case]
    return pairs


def news(text: str) -> float:
    """How much of a text is new, and no repetition: its size compressed over its size."""
    plain = text.encode()
    return len(zlib.compress(plain, 9)) / max(1, len(plain))


def _pairs(right: Sequence[Answer], worse: Sequence[Answer]) -> Iterator[Pair]:
    if not right:
        return
    shortest, longest = right[0], right[-1]
    for one in {one.completion: one for one in (longest, *worse)}.values():
        if not one.solved:
            yield Pair(chosen=shortest, rejected=one, kind="wrong")
        elif one.output_tokens >= LONGER * shortest.output_tokens:
            yield Pair(chosen=shortest, rejected=one, kind="longer")
