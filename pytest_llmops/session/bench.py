"""Where the answers of a session are graded, and who grades them."""

from collections.abc import Callable, Iterable

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.generation.keys import Key
from pytest_llmops.grading.grade import Grade, grade
from pytest_llmops.places.where import open_place
from pytest_llmops.sandbox import Judge
from pytest_llmops.session.graders import Graders
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.selection import Selection


class Bench:
    """The place of a session and its graders; close it when the session ends."""

    def __init__(self, options: Options, selection: Selection) -> None:
        """Prepare; nothing is started before it is needed.

        Raises:
            PlaceError: There is no such place.
        """
        self._selection = selection
        self._grades = options.grade
        self._place = open_place(options.place, options.sandbox)
        self._graders = Graders(self._place.size, self._grade)
        self._answers: dict[Key, Completion] = {}

    def judging(self, case_id: str) -> tuple[Task, Judge | None]:
        """A case, and what runs its tests for an agent between its turns; None without grades."""
        task = self._selection.task(case_id)
        return task, self._place.judge(task.tree) if self._grades else None

    def _grade(self, case_id: str, completion: Completion) -> Grade:
        task = self._selection.task(case_id)
        return grade(task, completion, self._place.judge(task.tree))

    def prove(self, keys: Iterable[Key]) -> None:
        """Start a sandbox and end it, before anything is asked of a model and paid for.

        Raises:
            SandboxError: It does not start; says why, and how to go on without it.
        """
        first = next(iter(keys), None)
        if self._grades and first:
            self._place.prove(self._selection.tree(self._selection.cases[first[0]]))

    def offer(self, key: Key, completion: Completion) -> None:
        """An answer has arrived."""
        if self._grades:
            self._graders.offer(key, completion)

    def handed(self, key: Key, completion: Completion) -> Completion:
        """Note the answer that a test gets, which may ask for its grade next."""
        if self._grades:
            self._answers[key] = completion
        return completion

    def await_grade(self, key: Key, changed: Completion | None) -> Grade:
        """Block until an answer is graded, or one that a test has put in its place.

        Raises:
            SandboxError: The sandbox cannot be used, or the session ends.
        """
        return self._graders.await_grade(key, changed or self._answers[key], again=bool(changed))

    def close(self) -> None:
        """End what is judged at this moment, and the place; safe to repeat."""
        self._graders.close()
        self._place.close()
        self._graders.join()


def encoding(
    await_grade: Callable[[Key, Completion | None], Grade],
) -> Callable[[Key, Completion | None], bytes]:
    """What waits for grades, for those to whom they travel."""
    return lambda key, changed: msgspec.msgpack.encode(await_grade(key, changed))
