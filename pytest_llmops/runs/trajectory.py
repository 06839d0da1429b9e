"""The steps of a loop as others read them: Agent Trajectory Interchange Format (ATIF) 1.4, as JSON.

One file an attempt, `trajectories/CASE@SAMPLE.json` beside the records. It holds what the record
does, in the words of that format: derived, and never read back.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.completions import Turn, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.runs.loop_figures import name_and_version
from pytest_llmops.runs.record import Record, Run

FOLDER = "trajectories"
VERSION = "ATIF-v1.4"


def write_trajectory(folder: Path, run: Run, record: Record) -> None:
    """Write the trajectory of an attempt; nothing for a direct answer, or without contents.

    Args:
        folder: Of the run.
        run: What all records have in common.
        record: The attempt.

    Raises:
        RecordError: It cannot be written.
    """
    if record.loop is None or not run.content:
        return
    path = folder / FOLDER / file_name(record)
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(trajectory(run, record))))
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error.strerror}") from None


def file_name(record: Record) -> str:
    """The name of an attempt's file."""
    return re.sub(r"[^A-Za-z0-9._#-]+", "-", record.case) + f"@{record.sample}.json"


def trajectory(run: Run, record: Record) -> dict[str, Any]:
    """The loop of a record as a document."""
    assert record.loop
    name, version = name_and_version(run.agent)
    usage = record.spent or Usage(input=0, output=0)
    final: dict[str, Any] = {
        "total_prompt_tokens": usage.input,
        "total_completion_tokens": usage.output,
        "total_cached_tokens": usage.cached,
        "total_steps": len(record.loop.turns),
        "extra": {
            "outcome": record.outcome,
            "ending": record.loop.ending,
            "priced_tokens": record.priced,
            "edited_tests": list(record.loop.edited_tests),
        },
    }
    if record.cost is not None:
        final["total_cost_usd"] = record.cost
    return {
        "schema_version": VERSION,
        "session_id": f"{run.id}/{record.case}@{record.sample}",
        "agent": {
            "name": name,
            "version": version or "1",
            "model_name": record.served_model or run.identity.model,
        },
        "steps": [*_steps(record)],
        "final_metrics": final,
        "extra": {"files": record.loop.files},
    }


def _steps(record: Record) -> Iterator[dict[str, Any]]:
    number = 0
    for number, message in enumerate(record.prompt, start=1):
        yield {"step_id": number, "source": message.role, "message": message.content}
    assert record.loop
    for turn in record.loop.turns:
        number += 1
        yield _step(number, turn)


def _step(number: int, turn: Turn) -> dict[str, Any]:
    when = datetime.fromtimestamp(turn.timing.started, UTC)
    usage = turn.usage
    step: dict[str, Any] = {
        "step_id": number,
        "timestamp": when.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "source": "agent",
        "message": turn.text,
        "metrics": {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "cached_tokens": usage.cached,
        },
        "extra": {"purpose": turn.purpose, "retries": turn.retries, "passing": turn.passing},
    }
    if turn.tools:
        names = [f"call_{number}_{index}" for index in range(len(turn.tools))]
        step["tool_calls"] = [
            {
                "tool_call_id": name,
                "function_name": tool.name,
                "arguments": _arguments(tool.arguments),
            }
            for name, tool in zip(names, turn.tools, strict=True)
        ]
        if any(tool.seconds is not None for tool in turn.tools):
            step["extra"]["tool_seconds"] = [tool.seconds for tool in turn.tools]
        step["observation"] = {
            "results": [
                {"source_call_id": name, "content": tool.result}
                for name, tool in zip(names, turn.tools, strict=True)
            ]
        }
    return step


def _arguments(text: str) -> Any:
    """As a document where they are one; as text under `raw` where not."""
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return {"raw": text}
    return found if isinstance(found, dict) else {"raw": text}
