"""An answer beside the reference solution of its case, where the source is still what was mined."""

from pathlib import Path

import msgspec

from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.grading.changed import told
from pytest_llmops.grading.extract import answered
from pytest_llmops.runs.record import Record
from pytest_llmops.tasks.changes import ChangeTask
from pytest_llmops.tasks.lookup import Lookup


class Reference(msgspec.Struct, frozen=True):
    """The body of a solution and that of an answer, or why there is nothing to show.

    Of a commit case, both are changes as unified diffs.
    """

    solution: str = ""
    answer: str = ""
    """"" where the answer holds no code that could be the function."""
    why_not: str = ""


class References:
    """Those of the suites that a file names."""

    def __init__(self, suites: Path) -> None:
        self._tasks = Lookup(suites)

    def beside(self, record: Record) -> Reference:
        """The reference of the case that a record is of, and its answer in the same form."""
        try:
            task = self._tasks.asked(record.case)
        except (CaseError, SourceError) as error:
            return Reference(why_not=str(error))
        files = record.loop.files if record.loop else {}
        if isinstance(task, ChangeTask):
            return Reference(solution=task.reference, answer=told(task, record.text, files))
        found = answered(record.text, files, task)
        return Reference(solution=task.reference, answer=found.body if found else "")
