"""One attempt: a case, asked once, answered, graded, and put on record."""

from collections.abc import Callable
from hashlib import sha256

from pytest_llmops.cases import Case
from pytest_llmops.completions import Completion
from pytest_llmops.grading.grade import Grade, grade
from pytest_llmops.runs.record import Record
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.selection import Selection, suite_of


class Attempt:
    """What a benchmark test works with: `complete()`, then `grade()`.

    An unsolved case is a result, not a failure; only a fault of the harness raises.
    """

    def __init__(
        self,
        key: tuple[str, int],
        selection: Selection,
        await_completion: Callable[[tuple[str, int]], Completion],
        pool: Callable[[Case], NodePool] | None,
    ) -> None:
        """Prepare an attempt.

        Args:
            key: Case id and sample.
            selection: Where the case is materialized.
            await_completion: Blocks until the answer is there.
            pool: The sandbox for a case; None where nothing is graded.
        """
        self.case = selection.cases[key[0]]
        self.sample = key[1]
        self.completion: Completion | None = None
        self.result: Grade | None = None
        self._key = key
        self._selection = selection
        self._await_completion = await_completion
        self._pool = pool

    @property
    def task(self) -> Task:
        """The case with its texts.

        Raises:
            CaseError: The source tree does not hold what the manifest says.
        """
        return self._selection.task(self.case.id)

    def complete(self) -> Completion:
        """Wait for the model's answer.

        Raises:
            CaseError: See `task`.
            EndpointError: The endpoint gave no answer.
        """
        assert self.task
        self.completion = self._await_completion(self._key)
        return self.completion

    def grade(self) -> Grade | None:
        """Run the tests on the answer; None where grading is switched off.

        Raises:
            SandboxError: The sandbox cannot be used.
        """
        completion = self.completion or self.complete()
        if self._pool is not None:
            self.result = grade(self.task, completion, self._pool(self.case))
        return self.result

    def record(self, *, content: bool = True, error: str = "") -> Record:
        """The attempt as far as it came; the controller adds what it alone knows.

        Args:
            content: Keep answer and test output; otherwise the hash of the answer alone.
            error: Why the harness could not go on.
        """
        record = unanswered(self.case, self.sample, error)
        completion = self.completion
        if completion is None:
            return record
        return Record(
            case=record.case,
            suite=record.suite,
            split=record.split,
            tier=record.tier,
            cluster=record.cluster,
            sample=record.sample,
            text_sha256=sha256(completion.text.encode()).hexdigest(),
            text=completion.text if content else "",
            finish_reason=completion.finish_reason,
            usage=completion.usage,
            timing=completion.timing,
            retries=completion.retries,
            from_cache=completion.from_cache,
            grade=self.result if content or not self.result else self.result.without_content(),
            error=error,
        )


def unanswered(case: Case, sample: int, error: str) -> Record:
    """The record of an attempt that got no answer."""
    return Record(
        case=case.id,
        suite=suite_of(case),
        split=case.split,
        tier=case.tier,
        cluster=case.cluster,
        sample=sample,
        error=error,
    )
