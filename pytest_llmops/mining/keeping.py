"""`llmops cases date`: days for the cases of manifests that have none, without mining them anew."""

from collections.abc import Iterable

import msgspec
from rich.console import Console

from pytest_llmops.cases import Suite, read_manifest
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import write_manifest
from pytest_llmops.mining.dates import dated
from pytest_llmops.tasks.trees.history import open_tree


def run_date(suites: Iterable[Suite], source: str | None) -> int:
    """Write the day of each function into the manifests of suites that have a history.

    Returns:
        Exit status: 0.

    Raises:
        CaseError: A case is not what its file says, or a suite has no history to look at.
        SourceError: Its tree or its history cannot be fetched.
    """
    console = Console()
    for suite in suites:
        if suite.asks_for_changes or not suite.repository:
            own = suite.asks_for_changes
            where = "every commit has its own" if own else "'date' in its table is for all"
            raise CaseError(f"suite {suite.name!r}: has no history to look at; {where}")
        tree = open_tree(suite, source=source)
        paths = [path for glob in suite.manifests for path in sorted(suite.root.glob(glob))]
        read = {path: read_manifest(path) for path in paths}
        asked = [case for cases in read.values() for case in cases if not case.quarantine]
        found = dated(asked, suite, tree, source)
        days = {case.id: case.date for case in found}
        for path, cases in read.items():
            new = [
                msgspec.structs.replace(case, date=days.get(case.id, case.date)) for case in cases
            ]
            write_manifest(path, new)
            changed = sum(one != other for one, other in zip(new, cases, strict=True))
            console.print(f"{path}: {len(new)} cases, {changed} with a new day", highlight=False)
        if days:
            told = f"{suite.name}: from {min(days.values())} to {max(days.values())}"
            console.print(told, highlight=False)
    return 0
