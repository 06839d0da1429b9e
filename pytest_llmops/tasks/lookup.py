"""The task of a case that a record names, where its source is still what was mined.

Nothing is fetched for it: a tree that no session opened here stays away.
"""

from pathlib import Path

from pytest_llmops.cases import Case, Suite, load_suites
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.manifests import load_cases
from pytest_llmops.tasks.asked import AnyTask, materialize_any
from pytest_llmops.tasks.materialize import Task, materialize
from pytest_llmops.tasks.trees.history import present_tree


class Lookup:
    """Tasks of the suites that a file names; manifests are read once."""

    def __init__(self, suites: Path) -> None:
        self._file = suites
        self._cases: dict[str, dict[str, Case]] = {}
        self._suites: dict[str, Suite] = {}

    def task(self, case: str) -> Task:
        """The task of a case that asks for a function.

        Raises:
            CaseError: It asks for a change, is in no suite any more, or its source has changed.
            SourceError: The source is not on this machine.
        """
        task = self.asked(case)
        return task if isinstance(task, Task) else materialize(task.case, task.tree)

    def asked(self, case: str) -> AnyTask:
        """The task of a case of any kind.

        Raises:
            CaseError, SourceError: See `task`.
        """
        name = case.partition(":")[0]
        if name not in self._cases:
            suite = load_suites(self._file).get(name)
            if suite is None:
                raise CaseError(f"{self._file} names no suite {name!r}")
            self._cases[name] = {one.id: one for one in load_cases(suite)}
            self._suites[name] = suite
        if case not in self._cases[name]:
            raise CaseError(f"the suite {name!r} has no such case any more")
        found = self._cases[name][case]
        tree = present_tree(self._suites[name], found.change)
        if tree is None:
            raise SourceError(f"the source tree of suite {name!r} is not on this machine")
        return materialize_any(found, tree)
