"""Records as one flat table: CSV for spreadsheets, Parquet for data frames.

One row an attempt; columns by `COLUMNS`, the same in both. CSV has no types and no nulls: None is
an empty field. A text that a spreadsheet would run as a formula (`=`, `+`, `-`, `@`, tab or line
break first) gets an apostrophe before it in CSV, as OWASP advises; Parquet holds it as it is.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from pytest_llmops.completions import Timing, Usage
from pytest_llmops.errors import RecordError
from pytest_llmops.grading.graded import Quality
from pytest_llmops.runs.loop_figures import loop_figures
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record, Run

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

QUALITY = tuple(msgspec.structs.fields(Quality))
"""Static figures of an answer, one column each."""

COLUMNS: Mapping[str, type] = {
    **dict.fromkeys(("run", "model", "case", "suite", "split", "difficulty", "cluster"), str),
    "sample": int,
    "outcome": str,
    "solved": bool,
    "finish_reason": str,
    **{f"{field.name}_tokens": int for field in msgspec.structs.fields(Usage)},
    "counted_by": str,
    "started": str,
    **{f"{name}_seconds": float for name in ("queue", "first_token", "total", "grade")},
    **dict.fromkeys(("tests_passed", "tests_expected"), int),
    "detail": str,
    **{field.name: field.type for field in QUALITY},
    "cost": float,
    **dict.fromkeys(("engine_memory", "grade_memory"), int),
    "retries": int,
    **dict.fromkeys(("turns", "tool_calls", "failed_tool_calls", "resent_tokens"), int),
    **dict.fromkeys(("priced_tokens", "model_seconds", "tool_seconds"), float),
    **dict.fromkeys(("tokens_to_pass", "agent_memory"), int),
    **dict.fromkeys(("ending", "tools"), str),
    "from_cache": bool,
    "served_model": str,
    **dict.fromkeys(("prompt_sha256", "text_sha256", "prompt", "text", "refusal", "error"), str),
}
"""Name and type of each column; every one but the first ten may be empty. Times are in seconds,
`started` is ISO 8601 in UTC, `cost` US dollars, memory bytes."""


def flat_rows(runs: Sequence[RecordedRun]) -> Iterator[dict[str, Any]]:
    """One row an attempt, in the order of the files; keys are those of `COLUMNS`."""
    for run in runs:
        for record in run.records:
            yield dict.fromkeys(COLUMNS) | _row(run.run, record)


def _row(run: Run, record: Record) -> dict[str, Any]:
    found: dict[str, Any] = {"run": run.id, "model": run.identity.model}
    for name in ("case", "suite", "split", "difficulty", "cluster", "sample", "finish_reason"):
        found[name] = getattr(record, name)
    for name in ("cost", "engine_memory", "retries", "from_cache"):
        found[name] = getattr(record, name)
    for name in ("served_model", "prompt_sha256", "text_sha256", "text", "refusal", "error"):
        found[name] = getattr(record, name) or None
    found |= {"outcome": record.outcome, "solved": record.solved}
    found["prompt"] = msgspec.json.encode(record.prompt).decode() if record.prompt else None
    if record.usage:
        found["counted_by"] = record.counted_by
        found |= {f"{name}_tokens": n for name, n in msgspec.structs.asdict(record.usage).items()}
    if record.loop:
        found |= loop_figures(record.loop, record.priced)
    return found | _timing(record.timing) | _grade(record)


def _timing(timing: Timing | None) -> dict[str, Any]:
    if timing is None:
        return {}
    started = datetime.fromtimestamp(timing.started, UTC).isoformat(timespec="milliseconds")
    seconds = {
        f"{name}_seconds": getattr(timing, name) for name in ("queue", "first_token", "total")
    }
    return {"started": started, **seconds}


def _grade(record: Record) -> dict[str, Any]:
    grade = record.grade
    if grade is None:
        return {}
    return {
        "tests_passed": grade.tests_passed,
        "tests_expected": grade.tests_expected,
        "detail": grade.detail or None,
        "grade_seconds": grade.seconds,
        "grade_memory": grade.memory,
        **msgspec.structs.asdict(grade.quality),
    }


def records_csv(runs: Sequence[RecordedRun]) -> str:
    """The table as CSV (RFC 4180) with a heading."""
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    for row in flat_rows(runs):
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return buffer.getvalue()


def _harmless(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value


def write_parquet(runs: Sequence[RecordedRun], path: Path) -> None:
    """Write the table as Parquet, compressed.

    Raises:
        RecordError: The file cannot be written.
    """
    import pyarrow as arrow  # noqa: PLC0415 an optional dependency, which CSV does not need
    from pyarrow import parquet  # noqa: PLC0415

    types = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    schema = arrow.schema([(name, types[kind]) for name, kind in COLUMNS.items()])
    table = arrow.Table.from_pylist(list(flat_rows(runs)), schema=schema)
    try:
        parquet.write_table(table, path, compression="zstd")
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}") from None
