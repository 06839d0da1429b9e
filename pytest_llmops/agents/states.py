"""What the files were after each turn of a program, and from which turn on they pass.

Only what changed is judged, each state of the files once and in order, until one passes.
"""

from collections.abc import Callable, Mapping, Sequence

from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.workspace import answer_in
from pytest_llmops.completions import Completion, Loop, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.sandbox import Judge
from pytest_llmops.tasks.asked import AnyTask

MOST = 20
"""States of an attempt that are judged; of turns beyond them nothing is known."""

State = Mapping[str, str]
"""Text of each file that was changed, by path."""


def passing(
    calls: Sequence[Call], last: State, judged: Callable[[State], bool]
) -> tuple[bool | None, ...]:
    """Whether all tests passed after each answered call; None where nothing was judged.

    Args:
        calls: In the order in which they were made, with the files as they were then.
        last: The files when the loop had ended.
        judged: Runs the tests.
    """
    answered = [call for call in calls if call.usage]
    if not answered:
        return ()
    known: dict[tuple[tuple[str, str], ...], bool] = {(): False}
    found: list[bool | None] = []
    for state in (*(call.files for call in answered[1:]), last):
        key = tuple(sorted(state.items()))
        if key not in known and not any(known.values()) and len(known) <= MOST:
            known[key] = judged(state)
        found.append(known.get(key))
    return tuple(found)


def passed_after(
    task: AnyTask, judge: Judge | None, calls: Sequence[Call], last: State
) -> tuple[bool | None, ...]:
    """Whether the files of an attempt passed after each turn; see `passing`.

    Args:
        task: What it was at.
        judge: Runs the tests; None where nothing is judged.
        calls: See `passing`.
        last: See `passing`.
    """
    if judge is None:
        return ()
    return passing(calls, last, lambda state: _passes(task, judge, dict(state)))


def _passes(task: AnyTask, judge: Judge, files: dict[str, str]) -> bool:
    whole = Completion(
        text=answer_in(task, files),
        finish_reason="stop",
        usage=Usage(input=0, output=0),
        timing=Timing(started=0.0, queue=0.0, total=0.0),
        loop=Loop(ending="done", turns=(), seconds=0.0, files=files),
    )
    return grade(task, whole, judge).solved
