"""An answer beside the reference solution of its case, where the source is still what was mined.

Nothing is fetched for it: a tree that no session opened here stays away.
"""

from pathlib import Path

import msgspec

from pytest_llmops.cases import Case, load_cases, load_suites
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.grading.candidate import worked_on
from pytest_llmops.grading.extract import extract
from pytest_llmops.runs.record import Record
from pytest_llmops.tasks.materialize import Task, materialize
from pytest_llmops.tasks.sources import present_source


class Reference(msgspec.Struct, frozen=True):
    """The body of a solution and that of an answer, or why there is nothing to show."""

    solution: str = ""
    answer: str = ""
    """"" where the answer holds no code that could be the function."""
    why_not: str = ""


class References:
    """Those of the suites that a file names; manifests are read once."""

    def __init__(self, suites: Path) -> None:
        self._file = suites
        self._cases: dict[str, dict[str, Case]] = {}

    def beside(self, record: Record) -> Reference:
        """The reference of the case that a record is of, and its answer in the same form."""
        try:
            task = self._task(record.case)
        except (CaseError, SourceError) as error:
            return Reference(why_not=str(error))
        files = record.loop.files if record.loop else {}
        found = worked_on(task, files) if files else extract(record.text, task)
        return Reference(solution=task.reference, answer=found.body if found else "")

    def _task(self, case: str) -> Task:
        name = case.partition(":")[0]
        suite = load_suites(self._file).get(name)
        if suite is None:
            raise CaseError(f"{self._file} names no suite {name!r}")
        if name not in self._cases:
            self._cases[name] = {one.id: one for one in load_cases(suite)}
        if case not in self._cases[name]:
            raise CaseError(f"the suite {name!r} has no such case any more")
        tree = present_source(suite)
        if tree is None:
            raise SourceError(f"the source tree of suite {name!r} is not on this machine")
        return materialize(self._cases[name][case], tree)
