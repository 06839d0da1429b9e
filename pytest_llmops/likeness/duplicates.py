"""Solutions that are nearly the same in two groups of cases that must have nothing in common.

These are training cases and those that are measured, and cases of two suites. Two measures look
for them, and either is enough: shared runs of leaves (`tasks.code.leaves`), which find a solution
inside a longer one; and the share of all leaves that stay when one is edited into the other (Indel
of rapidfuzz), which finds small edits everywhere. `SAME` was set on the suites of this project,
whose nearest pairs that were written apart reach 0.82.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import Indel

from pytest_llmops.tasks.code.leaves import Code, code_of, same_code

LEAVES = 32
"""Leaves from which on small edits are looked for."""
SAME = 0.85
"""Share of leaves that stay, from which on two solutions are nearly the same."""


class Solution(NamedTuple):
    """The solution of a case, in its group."""

    case: str
    group: tuple[str, str]
    """Suite and split."""
    body: str


class Pair(NamedTuple):
    """Two solutions that are nearly the same."""

    one: Solution
    other: Solution
    likeness: float
    """0..1."""


def near_duplicates(solutions: Sequence[Solution]) -> list[Pair]:
    """Find the pairs of different groups whose solutions are nearly the same, by their ids."""
    codes = [code_of(one.body) for one in solutions]
    found: dict[tuple[int, int], float] = {}
    for one, other in _sharing(solutions, codes):
        if likeness := same_code(codes[one], codes[other]):
            found[one, other] = likeness
    for one, other, likeness in _edited(solutions, codes):
        found[one, other] = max(likeness, found.get((one, other), 0.0))
    pairs = [Pair(solutions[one], solutions[other], found[one, other]) for one, other in found]
    return sorted(pairs, key=lambda pair: (pair.one.case, pair.other.case))


def _sharing(solutions: Sequence[Solution], codes: Sequence[Code]) -> set[tuple[int, int]]:
    """Pairs of groups that share a run, or all leaves."""
    places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, code in enumerate(codes):
        for run in {*code.runs, code.leaves}:
            places[run].append(at)
    return {
        pair
        for sharing in places.values()
        for pair in combinations(sharing, 2)
        if solutions[pair[0]].group != solutions[pair[1]].group
    }


def _edited(
    solutions: Sequence[Solution], codes: Sequence[Code]
) -> Iterator[tuple[int, int, float]]:
    """Pairs of groups of which one can be edited into the other, with the share that stays."""
    letters: dict[str, str] = {}
    texts = {
        at: "".join(letters.setdefault(leaf, chr(0x100 + len(letters))) for leaf in code.leaves)
        for at, code in enumerate(codes)
        if len(code.leaves) >= LEAVES
    }
    for at, text in texts.items():
        others = {
            other: one
            for other, one in texts.items()
            if other > at and solutions[other].group != solutions[at].group
        }
        found = process.extract(
            text, others, scorer=Indel.normalized_similarity, score_cutoff=SAME, limit=None
        )
        yield from ((at, other, float(likeness)) for _, likeness, other in found)
