"""Preference pairs: what is better about one answer than another, for training on preferences."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from finetune.examples import Answer, allowed, by_case, ordered
from finetune.settings import Data

LONGER = 1.1
"""How many times as long the longer of two correct answers must be to make a pair."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Two answers to one question, the better first."""

    chosen: Answer
    rejected: Answer
    kind: Literal["longer", "wrong"]
    """What is worse about the rejected one."""


def pair(answers: Iterable[Answer], data: Data, seed: int) -> list[Pair]:
    """Make preference pairs: shorter correct over longer correct over wrong.

    Of each case, up to `pairs_per_case`: shortest over longest, then by turns shortest and
    longest over a wrong one, drawn by the seed.
    """
    pairs: list[Pair] = []
    for case, group in by_case(answers):
        known = allowed(group, data)
        right = ordered([one for one in known if one.correct], "shortest", "")
        wrong = ordered([one for one in known if not one.solved], "random", f"{seed}:{case}")
        pairs += [*_pairs(right, wrong)][: data.pairs_per_case]
    return pairs


def _pairs(right: Sequence[Answer], wrong: Sequence[Answer]) -> Iterator[Pair]:
    if not right:
        return
    shortest, longest = right[0], right[-1]
    apart = longest.output_tokens >= LONGER * shortest.output_tokens
    if apart:
        yield Pair(chosen=shortest, rejected=longest, kind="longer")
    seen: set[str] = set()
    for one in wrong:
        if one.completion not in seen:
            chosen = longest if apart and len(seen) % 2 else shortest
            yield Pair(chosen=chosen, rejected=one, kind="wrong")
        seen.add(one.completion)
