"""A run of ours as a run of MLflow: found by its id, described, and filled when it ends."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_llmops.report.cases_table import BUDGET
from pytest_llmops.report.subject import Links, Subject
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.sinks.attributes import run_attributes
from pytest_llmops.sinks.mlflow.rest import Server
from pytest_llmops.sinks.run_scores import NOTHING, figures

if TYPE_CHECKING:
    from pytest_llmops.sinks.mlflow.tracking_file import FileClient

RUN_TAG = "llmops.run_id"
"""By this tag a run is found again."""

TABLE = "attempts.json"
REPORT = "report.html"


def experiment_name(run: Run) -> str:
    """The experiment of a run: its suites."""
    return f"llmops {'+'.join(run.suites) or 'none'}"


def start_run(
    client: "Server | FileClient", run: Run, artifacts: str | None = None
) -> tuple[Any, bool]:
    """Find the run, or make it and its experiment.

    Args:
        client: Of the server.
        run: The run.
        artifacts: Where a new experiment keeps its files, as a URI; None lets the server say.

    Returns:
        The run, and whether it was there already.
    """
    name = experiment_name(run)
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        identity = client.create_experiment(name, artifact_location=artifacts)
    else:
        identity = experiment.experiment_id
        found = client.search_runs([identity], f"tags.`{RUN_TAG}` = '{run.id}'", max_results=1)
        if found:
            return found[0], True
    tags = {RUN_TAG: run.id, "llmops.split": run.split, "llmops.suite_hash": run.suite_hash}
    started = round(run.started * 1000)
    return client.create_run(identity, start_time=started, tags=tags, run_name=run.id), False


def log_run(  # noqa: PLR0913 - the last is given by name
    client: "Server | FileClient",
    tracked: Any,
    run: Run,
    records: Sequence[Record],
    end: End | None,
    *,
    quality: Mapping[str, float] = NOTHING,
) -> None:
    """Write parameters, metrics and the table of attempts of a run, and end it.

    Args:
        client: Of the server.
        tracked: The run there.
        run: The run.
        records: All of it.
        end: None where it was interrupted.
        quality: See `figures`.
    """
    now = round((end.finished if end else run.started) * 1000)
    identity = tracked.info.run_id
    tags = {"mlflow.loggedArtifacts": json.dumps([{"path": TABLE, "type": "table"}])}
    client.log_values(
        identity,
        metrics=figures(records, quality),
        time=now,
        params=parameters(run),
        tags=tags,
    )
    client.log_parts(tracked, [json.dumps(table(records), indent=2).encode()], TABLE)
    client.set_terminated(identity, _status(end), now)


def within(
    records: Iterable[Record], whole: Iterable[Record], budget: int = BUDGET
) -> Iterator[Record]:
    """The records of a report: with their texts as long as these fit into it, without from then on.

    Args:
        records: Of the run, without texts.
        whole: The same, with them.
        budget: Characters of texts that the report has room for.
    """
    for slim, record in zip(records, whole, strict=True):
        budget -= len(msgspec.json.encode(record))
        yield record if budget >= 0 else _briefly(slim, record)


def _briefly(slim: Record, record: Record) -> Record:
    """What is small of the texts: why it was not solved, and a refusal."""
    return msgspec.structs.replace(slim, grade=record.grade, refusal=record.refusal)


def draw_report(found: RecordedRun, links: Links) -> tuple[str, str]:
    """Draw the report of a run, as `llmops report` does.

    It is drawn of what is sent, so it holds no more than that: no secrets, and no texts where they
    are withheld.

    Args:
        found: The run, cleaned.
        links: To its traces.

    Returns:
        The page and ""; or "" and why there is none: a run is not to be lost for its report.
    """
    try:
        # Plotly takes a second to import.
        from pytest_llmops.report.html import report_html  # noqa: PLC0415

        return report_html(Subject(runs=(found,), links=(links,))), ""
    except ModuleNotFoundError as error:
        why = f"it needs {error.name}: pip install 'pytest-llmops[report]'"
    except Exception as error:  # noqa: BLE001 - whatever a drawing raises, the rest is delivered
        why = f"{type(error).__name__}: {error}"
    return "", f"without {REPORT}: {why}"


def parameters(run: Run) -> dict[str, str]:
    """What was decided before the run: identity, selection, sampling, machine, versions."""
    found: dict[str, object] = {
        name.removeprefix("llmops."): value for name, value in run_attributes(run).items()
    }
    found |= {
        "suites": "+".join(run.suites),
        "split": run.split,
        "samples": run.samples,
        "cases": run.cases,
        "attempts": run.attempts,
        "sandbox": run.sandbox,
        "context_tokens": run.identity.context_tokens,
        "machine": f"{run.machine.processor}, {run.machine.cores} cores",
    }
    sampling = msgspec.structs.asdict(run.identity.sampling)
    found |= {f"sampling.{name}": value for name, value in sampling.items()}
    found |= {f"version.{name}": value for name, value in run.versions.items()}
    return {name: str(value) for name, value in found.items()}


def table(records: Sequence[Record]) -> dict[str, list[object]]:
    """A row an attempt, as `mlflow.load_table` reads it."""
    rows = [_row(record) for record in records]
    columns = list(rows[0]) if rows else []
    return {"columns": list(columns), "data": [list(row.values()) for row in rows]}


def _row(record: Record) -> dict[str, object]:
    usage, timing, grade = record.usage, record.timing, record.grade
    return {
        "case": record.case,
        "sample": record.sample,
        "difficulty": record.difficulty,
        "outcome": record.outcome,
        "solved": record.solved,
        "tests_passed": grade.tests_passed if grade else None,
        "tests_expected": grade.tests_expected if grade else None,
        "input_tokens": usage.input if usage else None,
        "cached_tokens": usage.cached if usage else None,
        "output_tokens": usage.output if usage else None,
        "finish_reason": record.finish_reason,
        "seconds": timing.total if timing else None,
        "grade_seconds": grade.seconds if grade else None,
        "grade_memory_bytes": grade.memory if grade else None,
        "cost_usd": record.cost,
        "error": record.error,
    }


def _status(end: End | None) -> str:
    if end is None:
        return "KILLED"
    return "FINISHED" if end.exit_status == 0 else "FAILED"
