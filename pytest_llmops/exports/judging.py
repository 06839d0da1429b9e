"""The judge of a session for answers that another harness got, as a scorer of its calls it."""

import atexit
import threading
from collections.abc import Mapping
from pathlib import Path

from pytest_llmops.completions import Completion, FinishReason, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.graded import Grade
from pytest_llmops.sandbox import Pool
from pytest_llmops.sandbox.opening import open_pool
from pytest_llmops.tasks.selection import Choice, Selection, select

ENDS: Mapping[str, FinishReason] = {
    "stop": "stop",
    "max_tokens": "length",
    "model_length": "context",
    "content_filter": "content_filter",
}
"""Inspect's reasons why an answer ended, in our words."""


class Judges:
    """Grades answers to the cases of one suite; may be called from several threads.

    Suite and sandbox are opened with the first answer, and the sandbox ends with the process.
    """

    def __init__(self, suites_file: str, suite: str, *, source: str = "", size: int = 2) -> None:
        self._choice = Choice(
            suites_file=Path(suites_file), suites=(suite,), split="all", source=source
        )
        self._size = size
        self._lock = threading.Lock()
        self._opened: tuple[Selection, Pool] | None = None
        atexit.register(self.close)

    def grade(self, case_id: str, text: str, stop_reason: str) -> Grade:
        """Judge the answer to a case.

        Raises:
            CaseError: There is no such case, or its source is not there.
            SandboxError: The sandbox cannot be used.
        """
        with self._lock:
            if self._opened is None:
                selection = select(self._choice)
                (tree,) = selection.trees.values()
                self._opened = selection, open_pool(tree, size=self._size)
            selection, pool = self._opened
            task = selection.asked(case_id)
        answer = Completion(
            text=text,
            finish_reason=ENDS.get(stop_reason, "other"),
            usage=Usage(input=0, output=0),
            timing=Timing(started=0.0, queue=0.0, total=0.0),
        )
        return grade(task, answer, pool)

    def close(self) -> None:
        """End the sandbox; may be called twice."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened:
            opened[1].close()
