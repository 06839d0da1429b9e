"""Where the answers of a session are graded, and who grades them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.cases import suite_of
from pytest_llmops.completions import Completion
from pytest_llmops.errors import PlaceError
from pytest_llmops.generation.keys import Key
from pytest_llmops.grading.graded import Grade
from pytest_llmops.places.where import Place, open_place
from pytest_llmops.session.graders import Graders
from pytest_llmops.session.options import Options
from pytest_llmops.session.written import prepare
from pytest_llmops.tasks.selection import Selection

if TYPE_CHECKING:
    from pytest_llmops.agents.attach import Bench as AgentBench
    from pytest_llmops.agents.settings import Agent
    from pytest_llmops.sandbox import Judge
    from pytest_llmops.tasks.asked import AnyTask


class Bench:
    """The place of a session and its graders; close it when the session ends."""

    def __init__(self, options: Options, selection: Selection) -> None:
        """Prepare; nothing is started before it is needed."""
        self._selection = selection
        self._options = options
        self._place: Place | None = None
        self._opening = Lock()
        self._graders = Graders(lambda: self._opened().size, self._grade)
        self._answers: dict[Key, Completion] = {}

    def _judge(self, task: "AnyTask") -> "Judge":
        """What runs the tests of a case; without npm packages where these are missing."""
        missing = suite_of(task.case) in self._selection.without_packages
        return self._opened().judge(replace(task.tree, lock=None) if missing else task.tree)

    def for_agent(self, agent: "Agent") -> "AgentBench":
        """What an agent works at: where its program runs, and what judges its turns.

        Raises:
            PlaceError: There is no such place.
        """
        from pytest_llmops.agents.attach import Bench as AgentBench
        from pytest_llmops.agents.settings import ProgramAgent

        away = isinstance(agent, ProgramAgent) and self._options.place.ray is not None
        return AgentBench(self._judging, self._opened().hosts if away else None)

    def _judging(self, case_id: str) -> "tuple[AnyTask, Judge | None]":
        """A case, and what runs its tests for an agent between its turns; None without grades."""
        task = self._selection.asked(case_id)
        return task, self._judge(task) if self._options.grade else None

    def _opened(self) -> Place:
        with self._opening:
            if self._place is None:
                self._place = open_place(self._options.place, self._options.sandbox)
            return self._place

    def _grade(self, case_id: str, completion: Completion) -> Grade:
        from pytest_llmops.grading.grade import grade

        task = self._selection.asked(case_id)
        return grade(task, completion, self._judge(task))

    def prove(self, keys: Iterable[Key]) -> None:
        """Start a sandbox and end it, before anything is asked of a model and paid for.

        Raises:
            PlaceError: There is no such place.
            QualityError: What measures code quality cannot be installed.
            SandboxError: It does not start; says why, and how to go on without it.
        """
        prepare(self._options)
        first = next(iter(keys), None)
        if self._options.grade and first:
            self._opened().prove(self._selection.tree(self._selection.cases[first[0]]))

    def offer(self, key: Key, completion: Completion) -> None:
        """An answer has arrived, which will be graded."""
        self._graders.offer(key, completion)

    def handed(self, key: Key, completion: Completion) -> Completion:
        """Note the answer that a test gets, which may ask for its grade next."""
        if self._options.grade:
            self._answers[key] = completion
        return completion

    def await_grade(self, key: Key, changed: Completion | None) -> Grade:
        """Block until an answer is graded, or one that a test has put in its place.

        Raises:
            SandboxError: The sandbox cannot be used, or the session ends.
        """
        return self._graders.await_grade(key, changed or self._answers[key], again=bool(changed))

    def require_place(self) -> None:
        """See that answers can still be graded.

        Raises:
            PlaceError: The place has gone.
        """
        if self._place and self._place.lost:
            raise PlaceError(self._place.lost)

    def told(self) -> list[str]:
        """What a person should know of the place."""
        return self._place.told() if self._place else []

    def close(self) -> None:
        """End what is judged at this moment, and the place; safe to repeat."""
        self._graders.close()
        if self._place:
            self._place.close()
        self._graders.join()


def encoding(
    await_grade: Callable[[Key, Completion | None], Grade],
) -> Callable[[Key, Completion | None], bytes]:
    """What waits for grades, for those to whom they travel."""
    return lambda key, changed: msgspec.msgpack.encode(await_grade(key, changed))
