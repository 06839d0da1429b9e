"""MLflow: suites as experiment, the session as run, attempts as traces with assessments.

With a server, spans go to it by OTLP, a batch a request. Without one, the same spans go through
the client library into the database file. Either way the server's own code turns them into traces,
by ids that we give, so what is sent twice is kept once. A server has no request for several
assessments: one is made for each attempt (`solved`, with the other scores as its metadata), several
at a time, while the next spans are on their way. It can be made of a trace that is there and of no
other, so it shows that the spans were kept.
"""

from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.json import encode
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan

from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import RECORDS, End, Record, Run
from pytest_llmops.runs.stored import records_file
from pytest_llmops.runs.traces import trace_id
from pytest_llmops.sinks.delivery.destination import DeliveryError, RejectedError, Whole
from pytest_llmops.sinks.delivery.ledger import Key
from pytest_llmops.sinks.dialects import MLFLOW_NAMES
from pytest_llmops.sinks.dialects import mlflow as words_of
from pytest_llmops.sinks.links import name_of
from pytest_llmops.sinks.mlflow.assessments import assessment, assessment_id
from pytest_llmops.sinks.mlflow.database import opening
from pytest_llmops.sinks.mlflow.registry import register
from pytest_llmops.sinks.mlflow.rest import Server
from pytest_llmops.sinks.mlflow.tracked import REPORT, draw_report, log_run, start_run, within
from pytest_llmops.sinks.openllmetry.otlp import Line, readable
from pytest_llmops.sinks.settings import Mlflow
from pytest_llmops.sinks.spans import trace_of
from pytest_llmops.sinks.written import quality_figures

if TYPE_CHECKING:
    from pytest_llmops.sinks.mlflow.tracking_file import FileClient

TIMEOUT = 60.0
"""Seconds for a batch of spans; the first one a server ever gets can take over five."""

PART = 50
"""Attempts a request, so that their assessments are written beside the spans of the next. The
server takes 100 at most."""

AT_ONCE = 4
"""Assessments written at the same time."""


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
        self._server: Server | None = None
        self._file: FileClient | None = None
        if settings.local:
            with opening(settings), _ours(settings):
                self._file = _opened(settings.uri)
                self._tracked, self._known = start_run(self._file, run, settings.artifacts)
        else:
            self._server = Server(settings)
            self._tracked, self._known = start_run(self._server, run)
        self.tracked = str(self._tracked.info.run_id)
        self._assessed: set[str] = set()
        self.experiment = self._tracked.info.experiment_id
        headers = {
            "x-mlflow-experiment-id": self.experiment,
            "x-mlflow-run-id": self.tracked,
            **settings.authorization,
        }
        self.line = Line(f"{settings.uri}/v1/traces", headers, timeout=TIMEOUT)
        self._exporter = self.line.spans()

    def send(self, records: Sequence[Record], half: Collection[Key] = ()) -> None:
        """Write traces and their assessments, which can be made of what is there alone."""
        del half  # what is written again is written over
        if self._file:
            with _ours(self._settings):
                traces = [self._trace(one) for one in records]
                self._file.write_spans(self._tracked, self._spans(records), traces)
                self._file.assess([assessment(self._run, one, self._trace(one)) for one in records])
        elif self._server:
            self._send(self._server, records)

    def finish(self, records: Sequence[Record], end: End | None, whole: Whole) -> str:
        """Write parameters, metrics, table of attempts, files, and the version of the model."""
        shown = tuple(within(records, whole()))
        found = RecordedRun(path=records_file(self._folder), run=self._run, records=shown, end=end)
        addresses = self.links(records).items()
        report, problem = draw_report(
            found, {name_of(*attempt): {"mlflow": address} for attempt, address in addresses}
        )
        client = self._client
        with _ours(self._settings):
            identity = self._tracked.info.run_id
            if version := register(client, self._run, identity):
                client.set_tag(identity, "llmops.model_version", version)
            if report:
                client.log_parts(self._tracked, [report.encode()], REPORT)
            lines = chain([self._run], whole(), [end] if end else [])
            client.log_parts(self._tracked, (encode(line) + b"\n" for line in lines), RECORDS)
            quality = quality_figures(self._folder, self._run)
            log_run(client, self._tracked, self._run, records, end, quality=quality)
        return problem

    def links(self, records: Sequence[Record]) -> dict[Key, str]:
        """Addresses of the traces in the server's pages; none without a server."""
        if self._settings.local:
            return {}
        base = f"{self._settings.uri}/#/experiments/{self.experiment}/traces"
        return {(one.case, one.sample): f"{base}/{self._trace(one)}" for one in records}

    def page(self) -> str:
        """Address of the run; none without a server."""
        place = f"{self._settings.uri}/#/experiments/{self.experiment}"
        return "" if self._settings.local else f"{place}/runs/{self._tracked.info.run_id}"

    @property
    def _client(self) -> "Server | FileClient":
        client = self._file or self._server
        assert client
        return client

    def _trace(self, record: Record) -> str:
        return f"tr-{trace_id(self._run.id, record.case, record.sample)}"

    def _spans(self, records: Sequence[Record]) -> list[ReadableSpan]:
        found: list[ReadableSpan] = []
        for record in records:
            trace = trace_of(self._run, record)
            found += readable(trace, self._about, words_of(record, trace), MLFLOW_NAMES)
        return found

    def _send(self, server: Server, records: Sequence[Record]) -> None:
        """Send spans part by part, and beside each part the assessments of those before."""
        if self._known:  # an assessment that is there cannot be made again
            there = server.assessed([self._trace(one) for one in records])
            self._assessed |= {one for one, made in there.items() if assessment_id(one) in made}

        def assess(record: Record) -> None:
            server.assess(assessment(self._run, record, self._trace(record)))
            self._assessed.add(self._trace(record))

        with ThreadPoolExecutor(AT_ONCE) as threads:
            begun = []
            for start in range(0, len(records), PART):
                part = records[start : start + PART]
                self.line.check(self._exporter.export(self._spans(part)).name == "SUCCESS")
                new = [one for one in part if self._trace(one) not in self._assessed]
                begun += [threads.submit(assess, one) for one in new]
            for one in begun:
                one.result()


def _opened(uri: str) -> "FileClient":
    # The client library takes a second and 150 MB; a server needs none of it.
    from pytest_llmops.sinks.mlflow.tracking_file import FileClient  # noqa: PLC0415

    return FileClient(uri)


@contextmanager
def _ours(settings: Mlflow) -> Iterator[None]:
    """Failures of the client library are ours; a server is asked without it."""
    if not settings.local:
        yield
        return
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see `_opened`
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    try:
        yield
    except MlflowException as error:
        kind = RejectedError if error.error_code == "INVALID_PARAMETER_VALUE" else DeliveryError
        raise kind(f"{settings.uri}: {str(error).splitlines()[0][:300]}") from None
    except SQLAlchemyError as error:  # before MLflow makes its own of it
        raise DeliveryError(f"{settings.uri}: {str(error).splitlines()[0][:300]}") from None
