"""What code says of an attempt in MLflow: one assessment, `solved`, with the other scores."""

from datetime import UTC, datetime
from typing import Any

from pytest_llmops.runs.record import Record, Run
from pytest_llmops.runs.traces import digest
from pytest_llmops.sinks.scores import scores

SOURCE = {"source_type": "CODE", "source_id": "pytest-llmops"}


def assessment_id(trace: str) -> str:
    """The id of a trace's assessment; always the same."""
    return f"a-{digest(trace, 'solved', size=16)}"


def assessment(run: Run, record: Record, trace: str) -> dict[str, Any]:
    """The assessment of an attempt, as MLflow's API reads it.

    Args:
        run: The run.
        record: The attempt.
        trace: Id of its trace there.
    """
    found = {score.name: score for score in scores(record)}
    solved = found.pop("solved")
    seconds = record.timing.started if record.timing else run.started
    time = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    moment = time.replace("+00:00", "Z")
    made: dict[str, Any] = {
        "assessment_id": assessment_id(trace),
        "assessment_name": "solved",
        "trace_id": trace,
        "source": SOURCE,
        "create_time": moment,
        "last_update_time": moment,
        "feedback": {"value": solved.value},
        "metadata": {name: str(score.value) for name, score in found.items()},
        "valid": True,
    }
    if reason := solved.comment or record.error:
        made["rationale"] = reason
    return made
