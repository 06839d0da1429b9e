"""What the files were after each turn of a program, and from which turn on they pass.

Only what changed is judged, each state of the files once and in order, until one passes.
"""

from collections.abc import Callable, Mapping, Sequence

from pytest_llmops.agents.calls import Call

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
