"""Cases that must have nothing in common, and do: training and measurement, suite and suite."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress

from pytest_llmops.cases import Case, Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.likeness.duplicates import Pair, Solution, near_duplicates
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.reach import Function
from pytest_llmops.mining.refused import Rejection
from pytest_llmops.mining.validate import Finding
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.history import present_tree


def alike(ids: Collection[str], suites: Iterable[Suite]) -> Iterator[Finding]:
    """What of these cases is nearly the same as one of another split or suite.

    Args:
        ids: The cases.
        suites: Where the others are looked for, as far as their sources are on this machine.
    """
    solutions: list[Solution] = []
    for suite in suites:
        tree = None if suite.asks_for_changes else present_tree(suite, None)
        solutions += _solutions(load_cases(suite), tree) if tree else []
    for pair in near_duplicates(solutions):
        training = pair.other if pair.other.group[1] == "train" else pair.one
        other = pair.one if training is pair.other else pair.other
        if training.case not in ids:
            training, other = other, training
        if training.case in ids:
            yield Finding(training.case, "near-duplicate", _told(pair, other))


def known_functions(suite: Suite, others: Iterable[Suite]) -> frozenset[Function]:
    """The functions that are cases of another suite of the same commit.

    A suite that its own vitest judges, which costs more, leaves these to the others.
    """
    if not (suite.vitest and suite.commit):
        return frozenset()
    same = (one for one in others if one.commit == suite.commit and one.name != suite.name)
    cases = (case for one in same if not one.asks_for_changes for case in load_cases(one))
    return frozenset((case.source.path, case.symbol) for case in cases)


def without_twins(cases: Iterable[Case], tree: SourceTree) -> tuple[list[Case], list[Rejection]]:
    """Leave out the training cases of a suite whose solution is one that is measured."""
    cases = list(cases)
    twins = {}
    for pair in near_duplicates(_solutions(cases, tree)):
        training, other = sorted((pair.one, pair.other), key=lambda one: one.group[1] != "train")
        twins[training.case] = _told(pair, other)
    left = [one for one in cases if one.id in twins]
    rejected = [
        Rejection(one.source.path, one.symbol, "near-duplicate", twins[one.id]) for one in left
    ]
    return [one for one in cases if one.id not in twins], rejected


def _told(pair: Pair, other: Solution) -> str:
    return f"its solution is {pair.likeness:.0%} that of {other.case} ({other.group[1]})"


def _solutions(cases: Iterable[Case], tree: SourceTree) -> list[Solution]:
    """The solutions of functions; a case that is not what its file says is told elsewhere."""
    found = []
    for case in cases:
        with suppress(CaseError):
            if not case.change:
                group = (case.id.partition(":")[0], case.split)
                found.append(Solution(case.id, group, materialize(case, tree).reference))
    return found
