"""MLflow: suites as experiment, the session as run, attempts as traces with assessments.

With a server, spans go to it by OTLP, a batch a request. Without one, the same spans go through
the client library into the database file. Either way the server's own code turns them into traces,
by ids that we give, so what is sent twice is kept once. There is no request for several
assessments: one is made for each attempt (`solved`, with the other scores as its metadata), several
at a time.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import requests
from mlflow import MlflowClient
from mlflow.entities import AssessmentSource, Feedback
from mlflow.entities.span import Span
from mlflow.exceptions import MlflowException
from mlflow.tracing.client import TracingClient
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from sqlalchemy.exc import SQLAlchemyError

from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import RECORDS, End, Record, Run
from pytest_llmops.runs.traces import digest, trace_id
from pytest_llmops.sinks.database import opening
from pytest_llmops.sinks.destination import DeliveryError, RejectedError
from pytest_llmops.sinks.dialects import MLFLOW_NAMES
from pytest_llmops.sinks.dialects import mlflow as words_of
from pytest_llmops.sinks.ledger import Key
from pytest_llmops.sinks.links import name_of
from pytest_llmops.sinks.otlp import Line, readable
from pytest_llmops.sinks.registry import register
from pytest_llmops.sinks.scores import scores
from pytest_llmops.sinks.settings import Mlflow
from pytest_llmops.sinks.spans import trace_of
from pytest_llmops.sinks.tracked import REPORT, draw_report, log_run, start_run

TIMEOUT = 60.0
"""Seconds for a batch of spans; the first one a server ever gets can take over five."""

REQUEST_TIMEOUT = 20.0

AT_ONCE = 4
"""Assessments written at the same time."""

LINKED_AT_ONCE = 100
"""Traces that one request may link to a run."""

PAGE = 500

SOURCE = AssessmentSource("CODE", "pytest-llmops")


def connect(settings: Mlflow, run: Run, folder: Path) -> "Tracking":
    """Open the way to a server or a database, and find or start the run there.

    Raises:
        DeliveryError: It cannot be reached.
    """
    return Tracking(settings, run, folder)


class Tracking:
    """A tracking server or database, for one run."""

    def __init__(self, settings: Mlflow, run: Run, folder: Path) -> None:
        """Find or start the run; see `connect`."""
        self._settings = settings
        self._run = run
        self._folder = folder
        self._about = Resource({})  # what it says would be written again for each trace
        self._http = httpx.Client(
            base_url=settings.uri, headers=settings.authorization, timeout=REQUEST_TIMEOUT
        )
        with opening(settings), _ours(settings.uri):
            self._client = MlflowClient(settings.uri, settings.uri)
            self._traces = TracingClient(settings.uri)
            self._tracked, known = start_run(self._client, run, settings.artifacts)
            self._assessed = self._find_assessed() if known else set()
        self._experiment = self._tracked.info.experiment_id
        headers = {
            "x-mlflow-experiment-id": self._experiment,
            "x-mlflow-run-id": self._tracked.info.run_id,
            **settings.authorization,
        }
        self._line = Line(f"{settings.uri}/v1/traces", headers, timeout=TIMEOUT)
        self._exporter = self._line.spans()

    def send(self, records: Sequence[Record], half: Collection[Key] = ()) -> None:
        """Write traces, read back that they are there, and write their assessments."""
        del half  # what is written again is written over
        spans: list[ReadableSpan] = []
        for record in records:
            trace = trace_of(self._run, record)
            spans += readable(trace, self._about, words_of(record, trace), MLFLOW_NAMES)
        if self._settings.local:
            with _ours(self._settings.uri):
                self._store(spans, [self._trace(record) for record in records])
        else:
            self._line.check(self._exporter.export(spans).name == "SUCCESS")
        with _ours(self._settings.uri):
            self._verify([self._trace(record) for record in records])
        new = [one for one in records if self._trace(one) not in self._assessed]
        with _ours(self._settings.uri), ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._assess, new))

    def finish(self, records: Sequence[Record], end: End | None) -> str:
        """Write parameters, metrics, table of attempts, files, and the version of the model."""
        found = RecordedRun(
            path=self._folder / RECORDS, run=self._run, records=tuple(records), end=end
        )
        addresses = self.links(records).items()
        report, problem = draw_report(
            found, {name_of(*attempt): {"mlflow": address} for attempt, address in addresses}
        )
        with _ours(self._settings.uri):
            identity = self._tracked.info.run_id
            if version := register(self._client, self._run, identity):
                self._client.set_tag(identity, "llmops.model_version", version)
            if report:
                self._client.log_text(identity, report, REPORT)
            log_run(self._client, identity, self._run, records, end)
        return problem

    def links(self, records: Sequence[Record]) -> dict[Key, str]:
        """Addresses of the traces in the server's pages; none without a server."""
        if self._settings.local:
            return {}
        base = f"{self._settings.uri}/#/experiments/{self._experiment}/traces"
        return {(one.case, one.sample): f"{base}/{self._trace(one)}" for one in records}

    def page(self) -> str:
        """Address of the run; none without a server."""
        place = f"{self._settings.uri}/#/experiments/{self._experiment}"
        return "" if self._settings.local else f"{place}/runs/{self._tracked.info.run_id}"

    def _trace(self, record: Record) -> str:
        return f"tr-{trace_id(self._run.id, record.case, record.sample)}"

    def _store(self, spans: Sequence[ReadableSpan], traces: Sequence[str]) -> None:
        """Do what the server does with a batch of spans."""
        request = encode_spans(spans)
        found = [
            Span.from_otel_proto(one, resource=about.resource)
            for about in request.resource_spans
            for scope in about.scope_spans
            for one in scope.spans
        ]
        self._traces.log_spans(self._experiment, found)
        run_id = self._tracked.info.run_id
        for start in range(0, len(traces), LINKED_AT_ONCE):
            self._client.link_traces_to_run(list(traces[start : start + LINKED_AT_ONCE]), run_id)

    def _verify(self, traces: Sequence[str]) -> None:
        """Raise DeliveryError for what the server took and does not have."""
        found = self._traces.store.batch_get_trace_infos(list(traces))
        if missing := set(traces) - {info.trace_id for info in found}:
            raise DeliveryError(f"{self._settings.uri} took {len(missing)} traces it does not have")

    def _assess(self, record: Record) -> None:
        """Write the one assessment of an attempt; it must not be there yet."""
        trace = self._trace(record)
        made = _assessment(self._run, record, trace)
        if self._settings.local:
            self._traces.store.create_assessment(made)
        else:
            self._post_assessment(trace, made)
        self._assessed.add(trace)

    def _post_assessment(self, trace: str, made: Feedback) -> None:
        """Do what the client library does for an assessment, at a third of its time."""
        path = f"/api/3.0/mlflow/traces/{trace}/assessments"
        body = {"assessment": made.to_dictionary()}  # type: ignore[no-untyped-call]
        answer = self._http.post(path, json=body)
        if answer.is_success:
            return
        self._assessed |= self._find_assessed()
        if trace not in self._assessed:  # or the answer to an earlier request was lost
            raise DeliveryError(f"{self._settings.uri} answered {answer.status_code} to {path}")

    def _find_assessed(self) -> set[str]:
        """Traces that have our assessment already: making it again would fail."""
        return {
            trace.info.trace_id
            for trace in self._find_traces()
            if any(
                one.assessment_id == _assessment_id(trace.info.trace_id)
                for one in trace.info.assessments
            )
        }

    def _find_traces(self) -> Iterator[Any]:
        token = None
        while True:
            found = self._client.search_traces(
                locations=[self._tracked.info.experiment_id],
                run_id=self._tracked.info.run_id,
                max_results=PAGE,
                include_spans=False,
                page_token=token,
            )
            yield from found
            if not (token := found.token):
                return


def _assessment(run: Run, record: Record, trace: str) -> Feedback:
    """What code says of an attempt: `solved`, with the other scores as metadata."""
    found = {score.name: score for score in scores(record)}
    solved = found.pop("solved")
    time = round((record.timing.started if record.timing else run.started) * 1000)
    made = Feedback(
        name="solved",
        value=solved.value,
        rationale=solved.comment or record.error or None,
        source=SOURCE,
        trace_id=trace,
        metadata={name: str(score.value) for name, score in found.items()},
        create_time_ms=time,
        last_update_time_ms=time,
    )
    made.assessment_id = _assessment_id(trace)
    return made


def _assessment_id(trace: str) -> str:
    return f"a-{digest(trace, 'solved', size=16)}"


@contextmanager
def _ours(uri: str) -> Iterator[None]:
    """Failures of the client are ours."""
    try:
        yield
    except MlflowException as error:
        kind = RejectedError if error.error_code == "INVALID_PARAMETER_VALUE" else DeliveryError
        raise kind(f"{uri}: {str(error).splitlines()[0][:300]}") from None
    except SQLAlchemyError as error:  # of a database file, before MLflow makes its own of it
        raise DeliveryError(f"{uri}: {str(error).splitlines()[0][:300]}") from None
    except (requests.RequestException, httpx.HTTPError) as error:
        raise DeliveryError(f"{uri} does not answer ({type(error).__name__})") from None
