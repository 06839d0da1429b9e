"""Langfuse, and what is behind a collector, as far as `llmops observability` reads them.

Each takes what the sinks send over real sockets and answers the read API in the form that the
tool's documentation gives, from what it received. Answers of the read API carry a header that says
they are a stand-in's. They are no more than that: what a real server stores is not shown by them.
"""

import json
import re
import socket
import time
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from otlp_receiver import MOMENT, Receiver, _answer, attributes

from pytest_llmops.observability.backend import STAND_IN

SERVICE_SCOPE = "pytest_llmops.sinks"

SIZES = {"/api/public/scores": 2**20, "/api/public/dataset-items": 4_500_000}
"""Bytes above which Langfuse answers 413."""

LIMITS = {"/api/public/v2/observations": 1000, "/api/public/v3/scores": 100}
"""Entries that a page may have at most."""

PRICES = {"gpt-4o-mini": (0.15e-6, 0.6e-6)}
"""Of its own list of models: dollars per input and output token."""


class StandIn(Receiver):
    """A receiver that answers questions too; its answers may be changed before they go out."""

    def __init__(self, **options):
        self.spoil = lambda _path, body: body
        """Planted faults: what goes out instead."""
        super().__init__(**options)

    def _serve(self, exchange, path, body):
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(exchange.path).query).items()
        }
        found = self.read(path, query) if exchange.command == "GET" else None
        if found is None:
            super()._serve(exchange, path, body)
            return
        data = json.dumps(self.spoil(path, found)).encode()
        # Headers and body are two writes; together they would wait for an acknowledgement.
        exchange.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        exchange.send_response(200)
        exchange.send_header("content-type", "application/json")
        exchange.send_header("content-length", str(len(data)))
        exchange.send_header(STAND_IN, "1")
        exchange.end_headers()
        exchange.wfile.write(data)


class LangfuseStandIn(StandIn):
    """`/api/public/v2/observations` and `/api/public/v3/scores`, as server 4.16 was seen to answer.

    What was sent twice is there twice (until ClickHouse merges: `merged`), metadata is flat with
    dotted keys and holds what became fields, empty fields are "", costs have 12 decimals and are
    invented for known models where none was sent, environments have other names, bodies that are
    too large are refused, and scores can be read `delay` seconds after their answer (11 there).
    """

    delay = 0.0
    merged = False

    def _serve(self, exchange, path, body):
        query = parse_qs(urlsplit(exchange.path).query)
        if len(body) > SIZES.get(path, len(body)):
            _answer(exchange, 413, {"message": "Body exceeded its limit"})
        elif int(query.get("limit", ["0"])[0]) > LIMITS.get(path, 2**63):
            _answer(exchange, 400, {"message": "Invalid request data: limit"})
        elif exchange.headers.get("x-langfuse-ingestion-version", "4") > "4":
            _answer(exchange, 400, {"message": "Unsupported ingestion version"})
        else:
            super()._serve(exchange, path, body)

    def _export(self, exchange, signal, body):
        try:
            ExportTraceServiceRequest.FromString(body)
        except DecodeError:
            _answer(exchange, 200, {})  # as good as any
        else:
            super()._export(exchange, signal, body)

    def _taken(self, exchange, _):
        _answer(exchange, 200, {})

    def _score(self, exchange, found):
        wrong = [one for one in found if not is_score(one)]
        if wrong:
            _answer(exchange, 400, {"message": f"Invalid request data: {wrong[0]['name']}"})
            return
        super()._score(exchange, found)
        self.readable = time.monotonic() + self.delay

    def read(self, path, query):
        if path == "/api/public/v2/observations":
            return {"data": self._observations(query), "meta": {}}
        if path == "/api/public/v3/scores":
            return {"data": self._found_scores(query), "meta": {"limit": 100}}
        return None

    def _observations(self, query):
        kept = {span.span_id: span for span in self.spans}.values() if self.merged else self.spans
        return [
            observation(span)
            for span in kept
            if query.get("traceId") in {None, span.trace_id.hex()}
            and query.get("name") in {None, span.name}
            and query.get("sessionId") in {None, attributes(span).get("session.id")}
        ]

    def _found_scores(self, query):
        if self.delay and time.monotonic() < self.readable:
            return []
        return [
            score_v3(one)
            for one in self.scores.values()
            if query.get("traceId") in {None, one.get("traceId")}
            and query.get("experimentId") in {None, one.get("datasetRunId")}
        ]


def is_score(one):
    """Whether the server takes a score; the rest it answers with 400."""
    value, kind = one.get("value"), one.get("dataType")
    fits = {
        "BOOLEAN": type(value) in (int, float) and value in (0, 1),
        "NUMERIC": type(value) in (int, float),
        "CATEGORICAL": type(value) is str,
    }
    return fits.get(kind, False) and ("traceId" in one) != ("datasetRunId" in one)


def observation(span):
    """A span as an observation, in the form of API v2; times in milliseconds."""
    given = attributes(span)
    usage = given.get("langfuse.observation.usage_details")
    model = given.get("langfuse.observation.model.name")
    cost = given.get("langfuse.observation.cost_details") or invented_cost(model, usage)
    return {
        "id": span.span_id.hex(),
        "traceId": span.trace_id.hex(),
        "projectId": "p1",
        "parentObservationId": span.parent_span_id.hex() or None,
        "isRootObservation": not span.parent_span_id,
        "startTime": _iso(span.start_time_unix_nano),
        "endTime": _iso(span.end_time_unix_nano),
        "type": given.get("langfuse.observation.type", "span").upper(),
        "name": span.name,
        "level": given.get(
            "langfuse.observation.level", "ERROR" if span.status.code == 2 else "DEFAULT"
        ),
        "statusMessage": given.get("langfuse.observation.status_message", span.status.message),
        "environment": environment_name(given.get("langfuse.environment", "default")),
        "sessionId": given.get("session.id"),
        "input": given.get("langfuse.observation.input"),
        "output": given.get("langfuse.observation.output"),
        "metadata": {f"attributes.{name}": value for name, value in given.items()}
        | {"scope.name": SERVICE_SCOPE},
        "model": model,
        "usageDetails": json.loads(usage) if usage else {},
        "costDetails": {
            name: float(f"{value:.12f}") for name, value in json.loads(cost or "{}").items()
        },
        "traceName": given.get("langfuse.trace.name"),
        "tags": given.get("langfuse.trace.tags"),
        "release": given.get("langfuse.release"),
    }


def environment_name(name):
    """What the server makes of the name of an environment."""
    name = name.removeprefix("langfuse-")[:40]
    return name if re.fullmatch(r"[a-z0-9_-]+", name) else "default"


def invented_cost(model, usage):
    """The cost that the server works out for a model of its list where none was sent."""
    if model not in PRICES or not usage:
        return "{}"
    tokens = json.loads(usage)
    asked, answered = PRICES[model]
    return json.dumps({"total": tokens["input"] * asked + tokens["output"] * answered})


def score_v3(score):
    value = bool(score["value"]) if score["dataType"] == "BOOLEAN" else score["value"]
    subject = {"kind": "trace", "id": score.get("traceId") or ""}
    return {
        **{name: score[name] for name in ("id", "name", "dataType", "timestamp", "environment")},
        "value": value,
        "projectId": "p1",
        "source": "API",
        "comment": score.get("comment"),
        "createdAt": MOMENT,
        "updatedAt": MOMENT,
        "subject": subject,
    }


class CollectorStandIn(StandIn):
    """Jaeger, Prometheus and Loki at one address.

    A span that came again is there once (the key of Jaeger's store is trace, start and span), a log
    record twice; its uid is a label, as Loki gives structured metadata back.
    """

    def read(self, path, query):
        if path == "/api/traces":
            wanted = json.loads(query["tags"])
            found = [one for one in self.spans if wanted.items() <= attributes(one).items()]
            return {"data": [self._trace(one) for one in {span.trace_id for span in found}]}
        if path.startswith("/api/traces/"):
            identity = bytes.fromhex(path.rpartition("/")[2])
            known = any(span.trace_id == identity for span in self.spans)
            return {"data": [self._trace(identity)] if known else []}
        if path == "/api/v1/series":
            return {"status": "success", "data": list(self._series(query["match[]"]))}
        if path == "/loki/api/v1/query_range":
            return {"status": "success", "data": {"result": list(self._streams(query["query"]))}}
        return None

    def _trace(self, identity):
        kept = {
            (span.start_time_unix_nano, span.span_id): span
            for span in self.spans
            if span.trace_id == identity
        }
        spans = [jaeger_span(span) for span in kept.values()]
        return {"traceID": identity.hex().lstrip("0"), "spans": spans, "processes": {}}

    def _series(self, selector):
        for request in self.requests["metrics"]:
            for about in request.resource_metrics:
                if f'instance="{attributes(about.resource)["service.instance.id"]}"' in selector:
                    for metric in (one for scope in about.scope_metrics for one in scope.metrics):
                        name = metric.name.replace(".", "_")
                        ends = (
                            ("_bucket", "_sum", "_count") if metric.HasField("histogram") else ("",)
                        )
                        yield from ({"__name__": name + end} for end in ends)

    def _streams(self, selector):
        for record in self.logs:
            if f"`{record.trace_id.hex()}`" in selector:
                values = [[str(record.time_unix_nano), record.body.string_value]]
                labels = {"service_name": "pytest-llmops"}
                labels["log_record_uid"] = attributes(record)["log.record.uid"]
                yield {"stream": labels, "values": values}


def jaeger_span(span):
    """A span in the form of Jaeger's JSON API; times in microseconds."""
    parent = span.parent_span_id.hex()
    link = {"refType": "CHILD_OF", "traceID": span.trace_id.hex(), "spanID": parent}
    tags = attributes(span) | {"span.kind": span.kind}
    if span.status.message:
        tags["otel.status_description"] = span.status.message
    return {
        "traceID": span.trace_id.hex().lstrip("0"),
        "spanID": span.span_id.hex(),
        "operationName": span.name,
        "references": [link] if parent else [],
        "startTime": span.start_time_unix_nano // 1000,
        "duration": (span.end_time_unix_nano - span.start_time_unix_nano) // 1000,
        "tags": [{"key": name, "type": "string", "value": value} for name, value in tags.items()],
        "logs": [{"timestamp": one.time_unix_nano // 1000, "fields": []} for one in span.events],
    }


def _iso(nanoseconds):
    moment = datetime.fromtimestamp(nanoseconds / 1e9, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def environment_of(langfuse=None, collector=None, **more):
    """The variables that lead to stand-ins, for sending and for reading."""
    found = dict(more)
    if langfuse:
        found |= {
            "LANGFUSE_BASE_URL": langfuse.url,
            "LANGFUSE_PUBLIC_KEY": "pk-lf-1",
            "LANGFUSE_SECRET_KEY": "sk-lf-0123456789abcdef",
        }
    if collector:
        found |= {
            "TRACELOOP_BASE_URL": collector.url,
            "LLMOPS_TRACE_URL": collector.url + "/trace/{trace_id}",
            "LLMOPS_JAEGER_URL": collector.url,
            "LLMOPS_PROMETHEUS_URL": collector.url,
            "LLMOPS_LOKI_URL": collector.url,
        }
    return found
