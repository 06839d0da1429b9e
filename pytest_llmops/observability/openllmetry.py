"""OpenLLMetry read back from what is behind the collector: Jaeger, Prometheus and Loki.

A collector has no memory, so its back ends of docker-compose.yml are asked, each at its own query
API: Jaeger's JSON API (`/api/traces`), Prometheus' `/api/v1/series`, Loki's
`/loki/api/v1/query_range`.
"""

import json
import time
from collections.abc import Mapping
from typing import Any

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import Asking, Seen, StoredSpan, StoredTrace
from pytest_llmops.runs.record import Run
from pytest_llmops.sinks.settings import bare

SERVICE = "pytest-llmops"
"""As `sinks.otlp` says it, without the SDK that sending needs."""

PLACES = {
    "LLMOPS_JAEGER_URL": "http://127.0.0.1:16686",
    "LLMOPS_PROMETHEUS_URL": "http://127.0.0.1:9090",
    "LLMOPS_LOKI_URL": "http://127.0.0.1:3100",
}
"""Variables that say where each is, and where docker-compose.yml puts it."""

BEFORE, AFTER = 3600, 30 * 86_400
"""Seconds around the start of a run in which it is looked for; Loki takes 30 days at most."""

LIMIT = 1000

TOKENS = {
    "gen_ai.usage.input_tokens": "input",
    "gen_ai.usage.output_tokens": "output",
    "gen_ai.usage.cache_read.input_tokens": "cached",
    "gen_ai.usage.reasoning.output_tokens": "reasoning",
}

SCORE = "llmops.score."

PARTS = ("_bucket", "_sum", "_count", "_created")
"""Endings of the series that are one histogram together."""


def places(environment: Mapping[str, str]) -> dict[str, str]:
    """Where the back ends are, by variable."""
    return {
        name: (environment.get(name) or usual).strip().rstrip("/") for name, usual in PLACES.items()
    }


def shown(environment: Mapping[str, str]) -> str:
    """The places, as they may be shown."""
    return ", ".join(dict.fromkeys(map(bare, places(environment).values())))


class Pipeline:
    """The back ends of a collector, asked about one run."""

    def __init__(self, environment: Mapping[str, str], run: Run) -> None:
        """Prepare; nothing is sent."""
        self.seen = Seen()
        self._run = run
        jaeger, prometheus, loki = places(environment).values()
        self.parts = {"traces": jaeger, "figures of the run": prometheus, "log records": loki}
        self._jaeger = Asking(jaeger, self.seen)
        self._prometheus = Asking(prometheus, self.seen)
        self._loki = Asking(loki, self.seen)
        self._no_loki = False
        self._from = int(run.started) - BEFORE
        self._to = self._from + AFTER

    def find(self, case: str) -> tuple[str, ...]:
        """Search Jaeger by the attributes that hold run and case."""
        tags = json.dumps({"llmops.run.id": self._run.id, "llmops.case.id": case})
        found = self._jaeger.get(
            "/api/traces",
            {
                "service": SERVICE,
                "tags": tags,
                "start": self._from * 1_000_000,
                "end": self._to * 1_000_000,
                "limit": LIMIT,
            },
        )
        return tuple(dict.fromkeys(_hex(one["traceID"], 32) for one in _data(found)))

    def fetch(self, trace: str) -> StoredTrace | None:
        """Read a trace from Jaeger, and its log records from Loki."""
        found = _data(self._jaeger.get(f"/api/traces/{trace}", {}))
        spans = [span for one in found for span in one["spans"]]
        if not spans:
            return None
        tags = {span["spanID"]: _pairs(span["tags"]) for span in spans}
        every = list(tags.values())
        logs = self._logs(trace)
        return StoredTrace(
            spans=tuple(_span(one, tags[one["spanID"]]) for one in spans),
            scores={
                name.removeprefix(SCORE): value
                for one in every
                for name, value in one.items()
                if name.startswith(SCORE)
            },
            logs=len(logs),
            prompt=_all(every, "gen_ai.input.messages"),
            completion=_all(every, "gen_ai.output.messages"),
            error=[
                *_all(every, "llmops.grade.detail"),
                *_all(every, "otel.status_description"),
                *logs,
            ],
        )

    def figures(self) -> int:
        """Count the metrics of the run in Prometheus, a histogram as one.

        They have the time of their scrape, which is later than the run where it was sent later.
        """
        until = max(self._to, int(time.time()) + BEFORE)
        asked: dict[str, str | int] = {
            "match[]": f'{{instance="{self._run.id}"}}',
            "start": self._from,
            "end": until,
        }
        try:
            found = self._prometheus.get("/api/v1/series", asked)
        except SinkError as error:
            self.seen.note(error)
            return -1
        return len({_metric(one["__name__"]) for one in _data(found)})

    def _logs(self, trace: str) -> list[str]:
        """Lines of the log records of a trace, one a record; none where Loki does not answer."""
        if self._no_loki:
            return []
        try:
            return self._read_logs(trace)
        except SinkError as error:
            self._no_loki = True  # its time-out once, and not for each attempt
            self.seen.note(error)
            return []

    def _read_logs(self, trace: str) -> list[str]:
        found = self._loki.get(
            "/loki/api/v1/query_range",
            {
                "query": f'{{service_name="{SERVICE}"}} | trace_id = `{trace}`',
                "start": self._from * 1_000_000_000,
                "end": self._to * 1_000_000_000,
                "limit": LIMIT,
            },
        )
        if found is None:
            raise SinkError("LLMOPS_LOKI_URL: answered 404; is it Loki?")
        lines = [
            (stream["stream"].get("log_record_uid"), value[1])
            for stream in found["data"]["result"]
            for value in stream["values"]
        ]
        unnamed = [line for uid, line in lines if not uid]
        return [*{uid: line for uid, line in lines if uid}.values(), *unnamed]


def _data(found: Any) -> list[Any]:
    return (found or {}).get("data") or []


def _hex(text: str, size: int) -> str:
    """An id with the zeros in front that Jaeger may leave out."""
    return text.zfill(size)


def _pairs(tags: Any) -> dict[str, Any]:
    return {one["key"]: one["value"] for one in tags}


def _all(every: list[dict[str, Any]], name: str) -> list[Any]:
    return [one[name] for one in every if one.get(name)]


def _metric(series: str) -> str:
    for part in PARTS:
        series = series.removesuffix(part)
    return series


def _span(one: Any, tags: dict[str, Any]) -> StoredSpan:
    start = one["startTime"] * 1000
    parents = [ref["spanID"] for ref in one.get("references") or () if ref["refType"] == "CHILD_OF"]
    return StoredSpan(
        id=_hex(one["spanID"], 16),
        parent=_hex(parents[0], 16) if parents else "",
        name=one["operationName"],
        start=start,
        end=start + one["duration"] * 1000,
        attributes=len(tags),
        events=len(one.get("logs") or ()),
        cost=tags.get("llmops.cost.usd"),
        tokens={kind: int(tags[name]) for name, kind in TOKENS.items() if name in tags},
    )
