"""The turns that the calls of a loop add up to.

Tries of the same request are one turn: those that brought no answer are its retries. One that broke
off when tokens of it were counted is a turn too; its retries are the tries before it. A call that
offers no tools, where the agent offers tools in others, is none of the work: a title, a memory.
Neither is an answer that the agent left before its end. Their tokens count, their names say so.
"""

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence

from pytest_llmops.agents.adapter import ToolRun
from pytest_llmops.agents.calls import Call
from pytest_llmops.completions import Timing, ToolCall, Turn

BESIDE = "no tools offered"
"""Purpose of a call beside the work, as far as it can be told."""
LEFT = "left before its end"
"""Purpose of a call whose answer the agent did not take."""
BROKE = "broke off"
"""Purpose of a try whose answer had begun, and did not come to its end."""


def turns_of(
    calls: Sequence[Call],
    ended: float,
    failed: Callable[[str], bool],
    passing: Sequence[bool | None] = (),
    runs: Sequence[ToolRun] = (),
) -> tuple[Turn, ...]:
    """The turns of a loop.

    Args:
        calls: In the order in which they were made.
        ended: When the loop ended; Unix time, seconds.
        failed: Whether a tool's result says that it failed.
        passing: Whether the tests passed after each answered call, where that is known.
        runs: Which tools the program says that it ran, in order.
    """
    answered = [call for call in calls if call.usage]
    with_tools = any(call.offers_tools for call in answered)
    results, ran, tries = dict(_results(calls)), deque(runs), _tries(calls)
    starts = [*(call.started for call in answered[1:]), ended][: len(answered)]
    turns = []
    known = passing or (None,) * len(answered)
    for call, following, passes in zip(answered, starts, known, strict=True):
        assert call.usage
        turns.append(
            Turn(
                usage=call.usage,
                counted_by=call.counted_by,
                timing=Timing(
                    started=call.started,
                    queue=0.0,
                    first_token=call.first_token,
                    total=call.seconds,
                ),
                finish_reason=call.finish_reason,
                retries=tries[id(call)],
                purpose=_purpose(call, with_tools=with_tools),
                text=call.answer.text,
                tools=tuple(
                    _tool(tool, results.get(tool[0], ""), failed, ran) for tool in call.tools
                ),
                tool_seconds=max(0.0, following - call.started - call.seconds),
                passing=passes,
                key=call.key,
            )
        )
    return tuple(turns)


def _tries(calls: Sequence[Call]) -> dict[int, int]:
    """How many tries of the same request brought no answer before each call that is a turn."""
    failed: Counter[str] = Counter()
    tries: dict[int, int] = {}
    for call in calls:
        if call.usage:
            tries[id(call)] = failed[call.key]
        if call.answered:
            del failed[call.key]
        elif not call.spent:
            failed[call.key] += 1
    return tries


def _purpose(call: Call, *, with_tools: bool) -> str:
    if call.fault:
        return BROKE
    if call.left:
        return LEFT
    return "" if call.offers_tools or not with_tools else BESIDE


def _tool(
    called: tuple[str, str, str], result: str, failed: Callable[[str], bool], runs: deque[ToolRun]
) -> ToolCall:
    """A tool that was called; takes its run out of those that are left, the first of its id."""
    name_id, name, arguments = called
    ran = next((one for one in runs if one.id == name_id), None)
    if ran:
        runs.remove(ran)
    return ToolCall(
        name=name,
        arguments=arguments,
        result=result,
        failed=failed(result),
        started=ran.started if ran else None,
        seconds=ran.seconds if ran else None,
    )


def _results(calls: Sequence[Call]) -> Iterator[tuple[str, str]]:
    """What the agent gave back for each tool call, by the call's id."""
    for call in calls:
        for message in call.messages:
            if isinstance(message, dict) and message.get("role") == "tool":
                content = message.get("content")
                text = content if isinstance(content, str) else json.dumps(content)
                yield str(message.get("tool_call_id") or ""), text
