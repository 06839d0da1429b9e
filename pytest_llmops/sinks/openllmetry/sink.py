"""OpenLLMetry: traces, metrics and logs to a collector.

`Traceloop.init` sets the tracer, meter and logger providers of the whole process, prints, and adds
a handler to the root logger; and it instruments calls as they are made, which those of an engine
in another process are not. So the spans, metrics and logs that it would make are made here from
the records, with the names and attributes of its conventions. All three signals go to one
collector, that of its variable `TRACELOOP_BASE_URL`; those variables that part the signals or
switch one off are not read. `TRACELOOP_TRACE_CONTENT=false` keeps texts out, as there.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.trace import NonRecordingSpan, set_span_in_context

from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.runs.traces import digest, trace_id
from pytest_llmops.sinks.attributes import Value, run_attributes
from pytest_llmops.sinks.delivery.destination import DeliveryError, Whole
from pytest_llmops.sinks.delivery.ledger import Key
from pytest_llmops.sinks.dialects import openllmetry as words_of
from pytest_llmops.sinks.openllmetry.metrics import metrics_of
from pytest_llmops.sinks.openllmetry.otlp import SCOPE, Line, context, readable, resource
from pytest_llmops.sinks.run_scores import figures
from pytest_llmops.sinks.settings import Collector
from pytest_llmops.sinks.spans import Trace, trace_of
from pytest_llmops.sinks.withhold import without_texts
from pytest_llmops.sinks.written import quality_figures

TIMEOUT = 10.0
"""Seconds for one request."""


def connect(settings: Collector, run: Run, folder: Path) -> "Pipeline":
    """Open the way to a collector; nothing is sent yet."""
    return Pipeline(settings, run, folder)


class Pipeline:
    """A collector, for the attempts of one run."""

    def __init__(self, settings: Collector, run: Run, folder: Path) -> None:
        """Use `connect`."""
        self._run = run
        self._folder = folder
        self._template = settings.trace_url
        self._content = settings.content
        self._about = resource(
            **{"service.instance.id": run.id, "llmops.model": run.identity.model}
        )
        lines = {
            signal: Line(f"{settings.url}/v1/{signal}", settings.headers, timeout=TIMEOUT)
            for signal in ("traces", "metrics", "logs")
        }
        self._lines = lines
        self._spans = lines["traces"].spans()
        self._metrics = lines["metrics"].metrics()
        self._logs = lines["logs"].logs()

    def send(self, records: Sequence[Record], half: Collection[Key] = ()) -> None:
        """Send a log record for each attempt, and the traces.

        A back end that gets a log record twice can tell by its uid; a connector that counts spans
        cannot. So the spans go last, and nothing that may fail comes after them.
        """
        shown = records if self._content else [without_texts(one) for one in records]
        traces = [(record, trace_of(self._run, record)) for record in shown]
        spans = [
            span
            for record, trace in traces
            for span in readable(trace, self._about, words_of(self._run, record))
        ]
        logs = [
            log_of(self._run, record, trace, self._about)
            for record, trace in traces
            if (record.case, record.sample) not in half
        ]
        if logs:
            self._log(logs)
        try:
            self._lines["traces"].check(self._spans.export(spans).name == "SUCCESS")
        except DeliveryError as error:
            error.half = True
            raise

    def finish(self, records: Sequence[Record], end: End | None, whole: Whole) -> str:
        """Send the metrics, and a log record of the run."""
        del whole  # figures hold no texts
        quality = quality_figures(self._folder, self._run)
        data = metrics_of(self._run, records, end, self._about, quality=quality)
        self._lines["metrics"].check(self._metrics.export(data).name == "SUCCESS")
        self._log([_log_of_run(self._run, figures(records, quality), end, self._about)])
        return ""

    def links(self, records: Sequence[Record]) -> dict[Key, str]:
        """Addresses of the traces, where `LLMOPS_TRACE_URL` says how they read."""
        if not self._template:
            return {}
        return {
            (one.case, one.sample): self._template.replace(
                "{trace_id}", trace_id(self._run.id, one.case, one.sample)
            )
            for one in records
        }

    def page(self) -> str:
        """None: a collector has no pages."""
        return ""

    def _log(self, found: Sequence[ReadableLogRecord]) -> None:
        self._lines["logs"].check(self._logs.export(found).name == "SUCCESS")


def log_of(run: Run, record: Record, trace: Trace, about: Resource) -> ReadableLogRecord:
    """Say in one line how an attempt ended; an error where the harness failed."""
    usage = record.spent
    tokens = f", {usage.input} + {usage.output} tokens" if usage else ""
    attributes: dict[str, Value] = {
        **{name: value for name, value in trace.root.attributes.items() if name in _LOGGED},
        "log.record.uid": digest(trace.id, "log", size=16),
        "session.id": run.id,
    }
    if usage:
        attributes["gen_ai.usage.input_tokens"] = usage.input
        attributes["gen_ai.usage.output_tokens"] = usage.output
    if record.error:
        attributes["error.type"] = record.error.partition(":")[0]
    return ReadableLogRecord(
        LogRecord(
            timestamp=trace.root.end,
            context=set_span_in_context(NonRecordingSpan(context(trace, trace.root.id))),
            severity_number=SeverityNumber.ERROR if record.error else SeverityNumber.INFO,
            severity_text="ERROR" if record.error else "INFO",
            body=f"{record.case}@{record.sample} {record.error or record.outcome}{tokens}",
            attributes=attributes,
            event_name="llmops.attempt",
        ),
        about,
        SCOPE,
    )


_LOGGED = {"llmops.run.id", "llmops.case.id", "llmops.sample", "llmops.outcome", "llmops.model"}


def _log_of_run(
    run: Run, found: Mapping[str, float], end: End | None, about: Resource
) -> ReadableLogRecord:
    time = end.finished if end else run.started
    ended = f"exit status {end.exit_status}" if end else "interrupted"
    return ReadableLogRecord(
        LogRecord(
            timestamp=round(time * 1e9),
            severity_number=SeverityNumber.INFO if end else SeverityNumber.WARN,
            severity_text="INFO" if end else "WARN",
            body=f"run {run.id}: {found['solved']:.0f} of {found['attempts']:.0f} solved, {ended}",
            attributes={
                **run_attributes(run),
                **{f"llmops.{name}": value for name, value in found.items()},
                "log.record.uid": digest(run.id, "log", size=16),
            },
            event_name="llmops.run",
        ),
        about,
        SCOPE,
    )
