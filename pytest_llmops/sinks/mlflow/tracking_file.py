"""MLflow's database file, used without a server: its client, and batches its API does not have.

Imported where such a file is used and nowhere else: the client library is large.
"""

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Assessment, Metric, Param, RunTag
from mlflow.entities.span import Span
from mlflow.store.tracking.dbmodels.models import SqlAssessments, SqlTraceInfo
from mlflow.tracing.client import TracingClient
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from pytest_llmops.sinks.delivery.destination import DeliveryError

LINKED_AT_ONCE = 100
"""Traces that one call may link to a run."""


class FileClient(MlflowClient):
    """The client of a database file."""

    def __init__(self, uri: str) -> None:
        """Open the file; a new one gets its tables, which takes seconds."""
        super().__init__(uri, uri)
        self._uri = uri
        self._traces = TracingClient(uri)

    def log_values(
        self,
        run: str,
        *,
        metrics: Mapping[str, float],
        time: int,
        params: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> None:
        """Write metrics, parameters and tags of a run."""
        self.log_batch(
            run,
            metrics=[Metric(name, value, time, 0) for name, value in metrics.items()],
            params=[Param(name, value) for name, value in params.items()],
            tags=[RunTag(name, value) for name, value in tags.items()],
        )

    def log_parts(self, run: Any, parts: Iterable[bytes], path: str) -> None:
        """Write a file of a run, part by part: it may be larger than what a run is kept in."""
        with tempfile.TemporaryDirectory() as folder:
            with (Path(folder) / path).open("wb") as file:
                file.writelines(parts)
            self.log_artifact(run.info.run_id, file.name)

    def write_spans(self, run: Any, spans: Sequence[ReadableSpan], traces: Sequence[str]) -> None:
        """Do what the server does with a batch of spans."""
        found = [
            Span.from_otel_proto(one, resource=about.resource)
            for about in encode_spans(spans).resource_spans
            for scope in about.scope_spans
            for one in scope.spans
        ]
        self._traces.log_spans(run.info.experiment_id, found)
        for start in range(0, len(traces), LINKED_AT_ONCE):
            part = list(traces[start : start + LINKED_AT_ONCE])
            self.link_traces_to_run(part, run.info.run_id)

    def assess(self, made: Collection[dict[str, Any]]) -> None:
        """Write the assessments of a batch in one transaction; those there are stay.

        The store's own method writes one: each would wait for the disk.

        Raises:
            DeliveryError: A trace is not there.
        """
        wanted = {str(one["trace_id"]): one for one in made}
        with self._traces.store.ManagedSessionMaker(read_only=False) as session:
            found = session.query(
                SqlTraceInfo.request_id, SqlTraceInfo.experiment_id, SqlTraceInfo.timestamp_ms
            ).filter(SqlTraceInfo.request_id.in_(wanted))
            traces = {trace: (experiment, time) for trace, experiment, time in found}
            if missing := wanted.keys() - traces.keys():
                raise DeliveryError(f"{self._uri} took {len(missing)} traces it does not have")
            there = session.query(SqlAssessments.assessment_id).filter(
                SqlAssessments.assessment_id.in_([one["assessment_id"] for one in made])
            )
            known = {identity for (identity,) in there}
            for trace, one in wanted.items():
                if one["assessment_id"] not in known:
                    row = SqlAssessments.from_mlflow_entity(Assessment.from_dictionary(one))
                    row.experiment_id, row.trace_timestamp_ms = traces[trace]
                    session.add(row)
