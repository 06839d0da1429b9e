"""What mining says when it is done: how many cases, and what was left out for which reasons."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_llmops.cases import DIFFICULTIES, SPLITS, Case
from pytest_llmops.mining.mine import Mined

NAMED = 3
"""Test files that are named of those with one reason."""
KINDS = 10
"""Reasons that are told of test files, most frequent first."""
_OWN = re.compile(r"'[^']*'|\"[^\"]*\"|\S*[/.]\w\S*|\d+")
"""What differs between reasons of one kind: names, paths, numbers."""


def told(mined: Mined, *, every: bool = False) -> Iterator[str]:
    """Lines for a person.

    Args:
        mined: What was found.
        every: Name each test file that was left out, with its own reason.
    """
    yield counted(mined.cases)
    for reason, number in Counter(one.reason for one in mined.rejections).most_common():
        yield f"left out: {number} function{'s' * (number > 1)}: {reason}"
    if every:
        yield from (f"left out: {test}: {why}" for test, why in sorted(mined.unusable.items()))
    else:
        yield from _files(mined.unusable)


def counted(cases: Sequence[Case]) -> str:
    """Cases by difficulty and split: `12 cases: 5 easy, 7 hard; 10 eval, 2 train`."""
    if not cases:
        return "no cases"
    levels, splits = (
        Counter(case.difficulty for case in cases),
        Counter(case.split for case in cases),
    )
    hard = ", ".join(f"{levels[one]} {one}" for one in DIFFICULTIES if levels[one])
    sides = ", ".join(f"{splits[split]} {split}" for split in SPLITS if splits[split])
    return f"{len(cases)} case{'s' * (len(cases) > 1)}: {hard}; {sides}"


def _files(unusable: dict[str, str]) -> Iterator[str]:
    """Test files that were left out, those of a kind of reason together."""
    kinds: dict[str, list[str]] = {}
    for test, why in sorted(unusable.items()):
        kinds.setdefault(_OWN.sub("#", why), []).append(test)
    ordered = sorted(kinds.values(), key=len, reverse=True)
    for tests in ordered[:KINDS]:
        first, *others = tests
        yield f"left out: {first}: {unusable[first]}"
        if others:
            named = ", ".join(others[: NAMED - 1])
            more = len(others) - len(others[: NAMED - 1])
            yield f"  and likewise {named}" + (f" and {more} more" if more else "")
    if rest := sum(map(len, ordered[KINDS:])):
        yield f"left out: {rest} other test files, for {len(ordered) - KINDS} more reasons"
    if any(len(tests) > NAMED for tests in ordered) or rest:
        yield "--verbose names each of them with its reason"
