"""One attempt: a case, asked once, answered, graded, and put on record."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.cases import Case
from pytest_llmops.completions import Completion
from pytest_llmops.errors import CaseError

if TYPE_CHECKING:  # tests import this module for the type alone
    from pytest_llmops.grading.graded import Grade
    from pytest_llmops.runs.record import Record
    from pytest_llmops.tasks.changes import ChangeTask
    from pytest_llmops.tasks.materialize import Task
    from pytest_llmops.tasks.selection import Selection


class Attempt:
    """What a benchmark test works with: `complete()`, then `grade()`.

    An unsolved case is a result, not a failure; only a fault of the harness raises.
    """

    def __init__(
        self,
        key: tuple[str, int],
        selection: "Selection",
        await_completion: Callable[[tuple[str, int]], Completion],
        await_grade: "Callable[[tuple[str, int], Completion | None], Grade] | None",
        *,
        traceparent: str = "",
    ) -> None:
        """Prepare an attempt.

        Args:
            key: Case id and sample.
            selection: Where the case is materialized.
            await_completion: Blocks until the answer is there.
            await_grade: Blocks until the answer is graded, or the one that a test has put in its
                place; None where nothing is graded.
            traceparent: The attempt as a parent of spans; "" outside of a run.
        """
        self.case: Case = selection.cases[key[0]]
        """What is asked."""
        self.sample: int = key[1]
        """Which attempt at the case this is, from 0."""
        self.completion: Completion | None = None
        """The answer, once `complete()` has returned."""
        self.result: Grade | None = None
        """What the answer is worth, once `grade()` has returned."""
        self.traceparent: str = traceparent
        """W3C `traceparent`: spans under it are in the trace that sinks show of this attempt."""
        self._key = key
        self._selection = selection
        self._await_completion = await_completion
        self._await_grade = await_grade
        self._answer: Completion | None = None

    @property
    def task(self) -> "Task":
        """The case with its texts, where it asks for a function.

        Raises:
            CaseError: It asks for the change of a commit, which `change` has; or the source tree
                does not hold what the manifest says.
        """
        return self._selection.task(self.case.id)

    @property
    def change(self) -> "ChangeTask":
        """The case with its texts, where it asks for the change of a commit.

        Raises:
            CaseError: It asks for a function, or see `task`.
        """
        from pytest_llmops.tasks.changes import ChangeTask

        task = self._selection.asked(self.case.id)
        if isinstance(task, ChangeTask):
            return task
        raise CaseError(f"{self.case.id}: asks for a function; `attempt.task` has it")

    def complete(self) -> Completion:
        """Wait for the model's answer.

        Raises:
            CaseError: See `task`.
            EndpointError: The endpoint gave no answer.
        """
        self._selection.require(self.case.id)  # a corrupt case is told before anything is awaited
        self.completion = self._answer = self._await_completion(self._key)
        return self.completion

    def grade(self) -> "Grade | None":
        """What the tests say of the answer; None where grading is switched off.

        They may have run before, since answers are graded as they arrive.

        Raises:
            SandboxError: The sandbox cannot be used.
        """
        completion = self.completion or self.complete()
        if self._await_grade is not None:
            changed = None if completion is self._answer else completion
            self.result = self._await_grade(self._key, changed)
        return self.result

    def record(self, *, content: bool = True, error: str = "") -> "Record":
        """The attempt as far as it came.

        Args:
            content: See `make_record`.
            error: Why the harness could not go on; "" where it did.
        """
        from pytest_llmops.session.made import make_record

        record = make_record(self.case, self.sample, self.completion, self.result, content=content)
        return msgspec.structs.replace(record, error=error) if error else record
