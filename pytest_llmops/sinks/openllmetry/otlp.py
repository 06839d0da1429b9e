"""OTLP over HTTP: traces become spans of the OpenTelemetry SDK, and its exporters send them.

No tracer provider is involved, global or private: spans are built complete, with the ids and times
that the records give, and each exporter is called directly, because its result can be believed.
(`force_flush` of a batch processor says True even when everything was dropped.)
"""

import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
import requests
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from requests.adapters import HTTPAdapter

from pytest_llmops import __version__
from pytest_llmops.sinks.attributes import Value
from pytest_llmops.sinks.delivery.destination import DeliveryError, RejectedError
from pytest_llmops.sinks.settings import bare
from pytest_llmops.sinks.spans import Span, Trace

SERVICE = "pytest-llmops"
"""`service.name` of everything that is sent."""

SCOPE = InstrumentationScope("pytest_llmops.sinks", __version__)

REFUSALS = {400, 411, 413, 415, 422}
"""HTTP statuses that speak of what was sent, not of the server or of who sent it."""

ASKING = {429, 503}
"""HTTP statuses whose Retry-After is kept to."""

Words = Mapping[str, Mapping[str, Value | None]]
"""Attributes, by kind of span, that one tool understands; None takes out one that the span has."""


class Line:
    """One way to a server: an HTTP session, and how its last request ended."""

    def __init__(self, url: str, headers: Mapping[str, str], *, timeout: float) -> None:
        """Prepare; nothing is sent.

        Args:
            url: Full URL of the endpoint.
            headers: Sent with each request; keys belong here and are shown nowhere.
            timeout: Seconds for one request with the repetitions a server asks for (429, 503).
        """
        self._url = url
        self._witness = _Witness()
        session = _Direct()
        session.mount("http://", self._witness)
        session.mount("https://", self._witness)
        self._options: dict[str, Any] = {
            "endpoint": url,
            "headers": dict(headers),
            "timeout": timeout,
            "compression": Compression.Gzip,
            "session": session,
        }

    def spans(self) -> OTLPSpanExporter:
        """An exporter of spans on this line."""
        return OTLPSpanExporter(**self._options)

    def metrics(self) -> OTLPMetricExporter:
        """An exporter of metrics on this line."""
        return OTLPMetricExporter(**self._options)

    def logs(self) -> OTLPLogExporter:
        """An exporter of log records on this line."""
        return OTLPLogExporter(**self._options)

    def check(self, success: bool) -> None:
        """Make an exception of what an exporter did not deliver.

        Raises:
            RejectedError: The server refused what was sent, or a part of it.
            DeliveryError: There was no answer, or one that says nothing of what was sent.
        """
        response, where = self._witness.response, bare(self._url)
        if success and response is not None and 200 <= response.status_code < 300:
            refused = _refused(response)
            if refused is None:
                kind = response.headers.get("content-type") or "no content type"
                raise DeliveryError(
                    f"{where} answered {response.status_code} with {kind}, which is no answer of"
                    " OTLP: something else is listening there"
                )
            if refused:
                raise RejectedError(f"{where} refused {refused} items of a batch")
            return
        if response is None:
            raise DeliveryError(
                f"{where} does not answer ({self._witness.error or 'no connection'})"
            )
        status = response.status_code
        error = (RejectedError if status in REFUSALS else DeliveryError)(
            f"{where} answered {status} {response.reason}"
            + "; name the address where it is now, redirects are not followed"
            * (300 <= status < 400)
        )
        if status in ASKING:
            error.retry_after = retry_after(response.headers.get("retry-after", ""))
        raise error


class _Direct(requests.Session):
    """Follows no redirect: a POST would become a GET, and keys in headers go to another host."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        del resp
        return None


class _Witness(HTTPAdapter):
    """Remembers how the last request ended.

    A connection that cannot be made is tried once more, in case it was a stale one, and then given
    up at once: the exporter would go on for as long as its whole time-out allows.
    """

    def __init__(self) -> None:
        super().__init__()
        self.response: requests.Response | None = None
        self.error = ""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        self.response, self.error = None, ""
        for last in (False, True):
            try:
                self.response = super().send(*arguments, **options)
                break
            except requests.Timeout as error:
                self._give_up(error)
            except requests.ConnectionError as error:
                if last:
                    self._give_up(error)
        assert self.response is not None
        return self.response

    def _give_up(self, error: requests.RequestException) -> None:
        self.error = type(error).__name__
        raise requests.RequestException(self.error) from error


def _refused(response: requests.Response) -> int | None:
    """Spans, log records or points that a good answer says were not taken; None for no answer.

    The answers to all three signals have one form, in protobuf; Langfuse answers in JSON.
    """
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "application/x-protobuf":
            found = ExportTraceServiceResponse.FromString(response.content)
            return int(found.partial_success.rejected_spans)
        if kind == "application/json":
            told = msgspec.json.decode(response.content, type=dict[str, Any])
            partial = told.get("partialSuccess") or {}
            return sum(int(n) for name, n in partial.items() if name.startswith("rejected"))
    except (DecodeError, msgspec.DecodeError, ValueError, AttributeError):
        return None
    return None


def retry_after(text: str) -> float:
    """Seconds that a header Retry-After asks for, as a number or a date; 0 where it does not."""
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return 0.0


def resource(**attributes: str) -> Resource:
    """What a batch is about, beside the name of this service."""
    return Resource({"service.name": SERVICE, "service.version": __version__, **attributes})


def readable(
    trace: Trace, about: Resource, words: Words, names: Mapping[str, str] | None = None
) -> list[ReadableSpan]:
    """Make spans of the OpenTelemetry SDK.

    Args:
        trace: As values.
        about: What the batch is about.
        words: See `Words`.
        names: What one tool calls attributes of ours.
    """
    found = []
    for span in trace.spans:
        said = {**span.attributes, **words.get(span.kind, {})}
        kept = {name: value for name, value in said.items() if value is not None}
        if names:
            kept = {names.get(name, name): value for name, value in kept.items()}
        found.append(_readable(trace, span, about, kept))
    return found


def context(trace: Trace, span: str) -> SpanContext:
    """The identity of a span within a trace."""
    return SpanContext(int(trace.id, 16), int(span, 16), False, TraceFlags(TraceFlags.SAMPLED))


def _readable(trace: Trace, span: Span, about: Resource, said: Mapping[str, Value]) -> ReadableSpan:
    return ReadableSpan(
        name=span.name,
        context=context(trace, span.id),
        parent=context(trace, span.parent) if span.parent else None,
        resource=about,
        attributes=said,
        events=[Event(one.name, one.attributes, one.time) for one in span.events],
        kind=SpanKind.CLIENT if span.kind == "chat" else SpanKind.INTERNAL,
        instrumentation_scope=SCOPE,
        status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.OK),
        start_time=span.start,
        end_time=span.end,
    )
