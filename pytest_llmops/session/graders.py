"""Answers graded as they arrive, side by side, each grade awaited by the test that needs it.

The tests of a session run one after another and may be spread over processes; the graders are
threads of the controller, as many as its place judges at once, and only wait for what they started.
They take answers in the order in which these arrive; one that a test waits for comes first.

They begin when the first test asks for a grade, so a session whose tests never do grades nothing.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from pytest_llmops.completions import Completion
from pytest_llmops.errors import SandboxError
from pytest_llmops.generation.keys import Key, named
from pytest_llmops.grading.graded import Grade

ENDED = "the session ended before its grade came"


class Graders:
    """Grades what is offered; safe for any thread."""

    def __init__(self, size: Callable[[], int], grade: Callable[[str, Completion], Grade]) -> None:
        """Prepare; nothing runs before a grade is awaited.

        Args:
            size: Says how many answers are graded at once.
            grade: Grades an answer to the case of an id; called from several threads.
        """
        self._size = size
        self._grade = grade
        self._changed = threading.Condition()
        self._answers: dict[Key, Completion] = {}
        """What no grader has taken yet."""
        self._arrived: deque[Key] = deque()
        self._urgent: deque[Key] = deque()
        self._grades: dict[Key, Future[Grade]] = {}
        self._threads: list[threading.Thread] = []
        self._closed = False

    def offer(self, key: Key, completion: Completion) -> None:
        """An answer has arrived; it is graded as soon as a grader is free."""
        with self._changed:
            if key not in self._grades and not self._closed:
                self._add(key, completion)
                self._arrived.append(key)
                self._changed.notify()

    def await_grade(self, key: Key, completion: Completion, *, again: bool = False) -> Grade:
        """Block until an answer is graded, which need not have been offered.

        A second wait for the same attempt grades it again.

        Args:
            key: Of the attempt.
            completion: Its answer.
            again: It is another one than was offered.

        Raises:
            SandboxError: The sandbox cannot be used, or the session ends.
        """
        with self._changed:
            if self._closed:
                raise SandboxError(f"{named(key)}: {ENDED}")
            if again or key not in self._grades:
                self._add(key, completion)
            if key in self._answers:
                self._urgent.append(key)
            graded = self._grades[key]
            self._begin()
            self._changed.notify()
        try:
            return graded.result()
        finally:
            with self._changed:
                self._grades.pop(key, None)
                self._answers.pop(key, None)  # where the wait was interrupted

    def close(self) -> None:
        """Grade nothing more; what grades at this moment ends with its place. Safe to repeat."""
        with self._changed:
            self._closed = True
            for key in self._answers:
                self._grades[key].set_exception(SandboxError(f"{named(key)}: {ENDED}"))
            self._answers.clear()
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for the graders to end, once they are closed and their place is too."""
        for thread in self._threads:
            thread.join()

    def _add(self, key: Key, completion: Completion) -> None:
        self._answers[key] = completion
        self._grades[key] = Future()

    def _begin(self) -> None:
        for _ in range(len(self._threads), self._size()):
            number = len(self._threads)
            thread = threading.Thread(
                target=self._work, name=f"llmops-grader-{number}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closed or self._answers)
                if self._closed:
                    return
                key, answer, graded = self._next()
            try:
                graded.set_result(self._grade(key[0], answer))
            except Exception as error:  # noqa: BLE001 - a test waits, and must hear of any fault
                graded.set_exception(error)

    def _next(self) -> tuple[Key, Completion, Future[Grade]]:
        """The next answer to grade; there is one."""
        while True:
            key = (self._urgent or self._arrived).popleft()
            if key in self._answers:
                return key, self._answers.pop(key), self._grades[key]
