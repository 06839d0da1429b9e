"""The spans of a loop: its turns, and the tools that were called after each.

They lie below the span of the call, which is the agent's whole work then (`invoke_agent`) and alone
has the conventions' token counts: tools add those of all spans up. A turn has its own under
`llmops.turn.*`.
"""

from collections.abc import Iterator

from pytest_llmops.completions import ToolCall, Turn
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.traces import span_id
from pytest_llmops.sinks.attributes import Value
from pytest_llmops.sinks.trace import Span

NANO = 1e9


def turn_spans(run: Run, record: Record, trace: str, sent: int) -> Iterator[Span]:
    """The spans of a loop's turns, in order; none for a direct answer.

    Args:
        run: What all records have in common.
        record: The attempt.
        trace: Id of its trace.
        sent: When its first call was sent; Unix time in nanoseconds.
    """
    if record.loop is None or not record.loop.turns:
        return
    above = span_id(trace, "chat")
    first = record.loop.turns[0].timing
    shift = sent - (first.started + first.queue) * NANO
    for number, turn in enumerate(record.loop.turns):
        begin = round((turn.timing.started + turn.timing.queue) * NANO + shift)
        end = begin + round(turn.timing.total * NANO)
        own = span_id(trace, f"turn {number}")
        name = f"turn {number + 1}" + (f" ({turn.purpose})" if turn.purpose else "")
        yield Span(
            name=name,
            kind="turn",
            id=own,
            parent=above,
            start=begin,
            end=end,
            attributes=_of_turn(run, number, turn, answer=record.text),
        )
        for index, tool in enumerate(turn.tools):
            began, over = end, end + round(turn.tool_seconds * NANO)
            if tool.started is not None and tool.seconds is not None:
                began = max(end, round(tool.started * NANO + shift))
                over = began + round(tool.seconds * NANO)
            yield Span(
                name=f"execute_tool {tool.name}",
                kind="tool",
                id=span_id(trace, f"tool {number}.{index}"),
                parent=own,
                start=began,
                end=over,
                attributes=_of_tool(tool),
            )


def _of_turn(run: Run, number: int, turn: Turn, *, answer: str) -> dict[str, Value]:
    """Say how a turn went; the text that became the answer is at the call alone."""
    found: dict[str, Value] = {
        "gen_ai.request.model": run.identity.model,
        "gen_ai.response.finish_reasons": (turn.finish_reason,),
        "llmops.turn.number": number + 1,
        "llmops.turn.input_tokens": turn.usage.input,
        "llmops.turn.cached_tokens": turn.usage.cached,
        "llmops.turn.cache_write_tokens": turn.usage.cache_write,
        "llmops.turn.output_tokens": turn.usage.output,
        "llmops.turn.reasoning_tokens": turn.usage.reasoning,
        "llmops.turn.retries": turn.retries,
    }
    if turn.passing is not None:
        found["llmops.turn.passing"] = turn.passing
    if turn.text and turn.text == answer:
        found["llmops.turn.is_answer"] = True
    elif turn.text:
        found["llmops.turn.text"] = turn.text
    return found


def _of_tool(tool: ToolCall) -> dict[str, Value]:
    found: dict[str, Value] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.name,
        "gen_ai.tool.type": "function",
        "llmops.tool.failed": tool.failed,
    }
    if tool.arguments:
        found["gen_ai.tool.call.arguments"] = tool.arguments
    if tool.result:
        found["gen_ai.tool.call.result"] = tool.result
    return found
