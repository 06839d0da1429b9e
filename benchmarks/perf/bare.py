"""The requests that the MLflow sink makes, sent by a client that does nothing else: the floor.

They are taken from the sink itself, which is run before the clock starts: its spans and
assessments are kept instead of sent. Then they go to the server in the sink's own order and as many
at once. The time that this takes is the server's for the fewest requests that its API has for a
run: one for each batch of spans, one for each assessment.
"""

import gzip
import http.client
import socket
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit

import httpx
import msgspec
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from pytest_llmops.runs.record import Record, Run
from pytest_llmops.sinks.delivery.backlog import LARGE_BATCH
from pytest_llmops.sinks.mlflow import sink as mlflow
from pytest_llmops.sinks.mlflow.rest import Server
from pytest_llmops.sinks.settings import Mlflow


class Request(NamedTuple):
    """One that would have been sent."""

    path: str
    headers: dict[str, str]
    body: bytes
    spans: bool


class Bare:
    """The requests of a run, and a way to send them."""

    def __init__(self, url: str, run: Run, records: Sequence[Record]) -> None:
        """Start the run at the server; keep the rest."""
        self._port = urlsplit(url).port or 80
        self._kept: list[Request] = []
        self._mine = threading.local()
        with tempfile.TemporaryDirectory() as folder:
            tracking = mlflow.connect(Mlflow(uri=url), run, Path(folder))
            self._about = {
                "x-mlflow-experiment-id": tracking.experiment,
                "x-mlflow-run-id": tracking.tracked,
            }
            with (
                mock.patch.object(OTLPSpanExporter, "export", self._keep_spans),
                mock.patch.object(tracking.line, "check"),
                mock.patch.object(Server, "request", self._keep),
            ):
                for start in range(0, len(records), LARGE_BATCH):
                    tracking.send(records[start : start + LARGE_BATCH])

    def send(self) -> float:
        """Send all of them; gives the seconds that took."""
        began = time.perf_counter()
        with ThreadPoolExecutor(mlflow.AT_ONCE) as threads:
            begun = []
            for one in self._kept:
                if one.spans:  # what is assessed must be there
                    self._post(one)
                else:
                    begun.append(threads.submit(self._post, one))
            for waiting in begun:
                waiting.result()
        return time.perf_counter() - began

    def _keep_spans(self, spans: Sequence[Any]) -> SpanExportResult:
        body = gzip.compress(encode_spans(spans).SerializeToString())
        kind = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        self._kept.append(Request("/v1/traces", {**kind, **self._about}, body, True))
        return SpanExportResult.SUCCESS

    def _keep(self, method: str, path: str, **content: Any) -> httpx.Response:
        del method
        kind = {"content-type": "application/json"}
        body = content.get("content") or msgspec.json.encode(content["json"])
        self._kept.append(Request(path, kind, body, False))
        return httpx.Response(200, json={})

    def _post(self, one: Request) -> None:
        connection = getattr(self._mine, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self._port)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._mine.connection = connection
        connection.request("POST", one.path, one.body, one.headers)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # as the sink does
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{one.path}: {answer.status} {told[:200]!r}")
