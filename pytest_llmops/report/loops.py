"""The loop of an attempt as data of its page: figures of every turn, and the texts that fit.

Texts are whatever a model, a tool or a program wrote: each is cut, made visible and taken out of
the report's budget; the page puts them in as text.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from pytest_llmops.completions import Loop, ToolCall, Turn
from pytest_llmops.report.texts import visible
from pytest_llmops.runs.record import Record

TEXT_LIMIT = 6_000
"""Characters shown of what one tool was given or gave back, and of one answer within a loop."""
NAME_LIMIT = 200

Take = Callable[[str, int], str | None]
"""Takes a text of so many characters at most out of the budget; None where none is left."""


def loop_data(record: Record, take: Take) -> dict[str, Any] | None:
    """What the page of an attempt shows beside its answer; None for a direct one.

    Args:
        record: The attempt.
        take: The budget of the report.
    """
    loop = record.loop
    if loop is None:
        return None
    return {
        "ending": loop.ending.replace("_", " "),
        "why": visible(loop.detail, TEXT_LIMIT),
        "figures": _figures(record, loop),
        "turns": [_turn(turn, take) for turn in loop.turns],
        "diffs": {
            visible(path, NAME_LIMIT): take(loop.diffs.get(path) or text, 2 * TEXT_LIMIT)
            for path, text in loop.files.items()
        },
        "editedTests": [visible(path, NAME_LIMIT) for path in loop.edited_tests],
    }


def _figures(record: Record, loop: Loop) -> dict[str, float | None]:
    usage = record.spent
    read = usage.input if usage else 0
    return {
        "calls": sum(len(turn.tools) for turn in loop.turns),
        "failed": sum(tool.failed for turn in loop.turns for tool in turn.tools),
        "retries": record.retries,
        "priced": record.priced,
        "resent": loop.resent / read if read else None,
        "cached": usage.cached / read if usage and read else None,
        "toPass": loop.tokens_to_pass(),
        "model": round(loop.model_seconds, 2),
        "tools": round(loop.tool_seconds, 2),
        "cost": record.cost,
    }


def _turn(turn: Turn, take: Take) -> dict[str, Any]:
    return {
        "usage": msgspec.structs.asdict(turn.usage) | {"fresh": turn.usage.fresh},
        "countedBy": turn.counted_by,
        "finish": turn.finish_reason,
        "model": round(turn.timing.total, 2),
        "toolSeconds": round(turn.tool_seconds, 2),
        "retries": turn.retries,
        "purpose": visible(turn.purpose, NAME_LIMIT),
        "passing": turn.passing,
        "text": take(turn.text, TEXT_LIMIT),
        "tools": [_tool(tool, take) for tool in turn.tools],
    }


def _tool(tool: ToolCall, take: Take) -> dict[str, Any]:
    return {
        "name": visible(tool.name, NAME_LIMIT),
        "failed": tool.failed,
        "seconds": None if tool.seconds is None else round(tool.seconds, 3),
        "arguments": take(tool.arguments, TEXT_LIMIT),
        "result": take(tool.result, TEXT_LIMIT),
    }
