"""Preference pairs: what is better about one answer than another, for training on preferences."""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Literal

import msgspec

from .examples import Answer, allowed, by_case, ordered
from .settings import Data

LONGER = 1.1
"""How many times as long the longer of two solutions must be to make a pair."""

Kind = Literal["longer", "wrong", "unparsed"]


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers to one question, the better first."""

    chosen: Answer
    rejected: Answer
    kind: Kind
    """What is worse about the rejected one."""


def pair(answers: Iterable[Answer], data: Data, seed: int) -> list[Pair]:
    """Make preference pairs: shorter correct over longer correct over wrong.

    Of each case, up to `pairs_per_case`, all with the shortest correct answer chosen: over the
    longest correct one; then in turns over answers that were truncated, those first that repeat
    themselves most, and over answers that do not parse; then over other wrong ones. All but the
    truncated are in an order drawn by the seed. A model that repeats itself goes on up to the
    limit, which costs the most tokens of all; one that has learnt to be short may write what is
    no program.
    """
    pairs: list[Pair] = []
    for case, group in by_case(answers):
        known = allowed(group, data)
        right = ordered([one for one in known if one.correct], "shortest", "")
        worse = ordered([one for one in known if not one.correct], "random", f"{seed}:{case}")
        pairs += [*_pairs(right, _by_fault(worse))][: data.pairs_per_case]
    return pairs


def _by_fault(worse: Sequence[Answer]) -> Iterator[Answer]:
    """What is not correct, in the order in which it is paired."""
    endless = [one for one in worse if not one.stopped]
    endless.sort(key=lambda one: news(one.completion))
    unparsed = [one for one in worse if one.stopped and not one.parses]
    for two in zip_longest(endless, unparsed):
        yield from filter(None, two)
    yield from (one for one in worse if one.stopped and one.parses)


def news(text: str) -> float:
    """How much of a text is new, and no repetition: its size compressed over its size."""
    plain = text.encode()
    return len(zlib.compress(plain, 9)) / max(1, len(plain))


def _pairs(right: Sequence[Answer], worse: Iterable[Answer]) -> Iterator[Pair]:
    if not right:
        return
    shortest, longest = right[0], right[-1]
    for one in {one.completion: one for one in (longest, *worse)}.values():
        if not one.solved:
            kind: Kind = "wrong" if one.parses else "unparsed"
            yield Pair(chosen=shortest, rejected=one, kind=kind)
        elif one.output_tokens >= LONGER * shortest.output_tokens:
            yield Pair(chosen=shortest, rejected=one, kind="longer")
