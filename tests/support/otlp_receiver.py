"""A server on loopback that stands in for a collector and for Langfuse: real sockets and protobuf.

It keeps every request as it came (`bodies`, decompressed, and `headers`), decodes what it knows,
and can be told to break: `kill` closes its socket for good, `answer_with` sets a status, `hang`
accepts and never answers. A place that was killed can be served again by a new receiver.
"""

import base64
import gzip
import json
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

STAND_IN = "x-llmops-stand-in"
"""Header that says of all answers here that they are a stand-in's."""

MESSAGES = {
    "traces": (ExportTraceServiceRequest, ExportTraceServiceResponse),
    "metrics": (ExportMetricsServiceRequest, ExportMetricsServiceResponse),
    "logs": (ExportLogsServiceRequest, ExportLogsServiceResponse),
}
MOMENT = "2026-01-01T00:00:00Z"


class Receiver:
    """One server; a context manager."""

    def __init__(self, port=0, secret_key="", version="4.60.0"):
        self.secret_key = secret_key
        self.version = version
        self.paths, self.headers, self.bodies = [], [], []
        self.requests = defaultdict(list)
        """Decoded export requests, by signal."""
        self.scores, self.items, self.datasets = {}, {}, {}
        self.score_posts = []
        self.status = 200
        self.dies_after = None
        """Export requests that are still taken; then the server is gone."""
        self.stalls = False
        """Exports wait, while it is set, before they are taken."""
        self.refuses = lambda _: False
        """Spans for which a batch is answered 400."""
        self._hung = threading.Event()
        self._hanging = False
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._hung.set()
        self.kill()
        self._thread.join(5)

    def hang(self):
        self._hanging = True

    def kill(self):
        """Close the socket; whoever is being answered still gets it."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def spans(self):
        """All spans as they came, repetitions too."""
        return [
            span
            for request in self.requests["traces"]
            for about in request.resource_spans
            for scope in about.scope_spans
            for span in scope.spans
        ]

    @property
    def logs(self):
        return [
            record
            for request in self.requests["logs"]
            for about in request.resource_logs
            for scope in about.scope_logs
            for record in scope.log_records
        ]

    @property
    def metrics(self):
        """By name; the last of a name stays."""
        return {
            metric.name: metric
            for request in self.requests["metrics"]
            for about in request.resource_metrics
            for scope in about.scope_metrics
            for metric in scope.metrics
        }

    def _handler(receiver):  # noqa: N805 - the handler's own `self` is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # As real servers do; or the body of an answer waits up to 40 ms for word of its head.
            disable_nagle_algorithm = True

            def log_message(self, *_):
                pass

            def do_GET(self):
                receiver._handle(self, b"")

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver._handle(self, body)

        return Handler

    def _handle(self, exchange, body):
        path = urlsplit(exchange.path).path
        self.paths.append(path)
        self.headers.append(dict(exchange.headers))
        self.bodies.append(body)
        if self._hanging:
            self._hung.wait(60)
            exchange.close_connection = True
            return
        if self.status != 200:
            _answer(exchange, self.status, {"message": "as told"})
        elif path.startswith("/api/public/") and not self._authorized(exchange):
            if path == "/api/public/health":
                _answer(exchange, 200, {"status": "OK", "version": self.version})
            else:
                _answer(exchange, 401, {"message": "Invalid credentials"})
        else:
            self._serve(exchange, path, body)

    def _authorized(self, exchange):
        kind, _, value = exchange.headers.get("authorization", "").partition(" ")
        keys = base64.b64decode(value).decode() if kind == "Basic" else ":"
        return not self.secret_key or keys.partition(":")[2] == self.secret_key

    def _serve(self, exchange, path, body):
        signal = path.rpartition("/v1/")[2]
        if signal in MESSAGES:
            self._export(exchange, signal, body)
        elif path == "/api/public/health":
            _answer(exchange, 200, {"status": "OK", "version": self.version})
        elif path == "/api/public/projects":
            organization = {"id": "o1", "name": "ours"}
            project = {"id": "p1", "name": "bench", "organization": organization, "metadata": {}}
            _answer(exchange, 200, {"data": [project]})
        elif path == "/api/public/scores":
            self._score(exchange, json.loads(body))
        elif path == "/api/public/v2/datasets":
            name = json.loads(body)["name"]
            found = {"id": f"d-{name}", "name": name, "projectId": "p1", "metadata": None}
            self.datasets[name] = found
            _answer(exchange, 200, {**found, "createdAt": MOMENT, "updatedAt": MOMENT})
        elif path == "/api/public/dataset-items":
            self._item(exchange, body)
        else:
            _answer(exchange, 404, {"message": path})

    def _export(self, exchange, signal, body):
        request, response = MESSAGES[signal]
        if body and self.dies_after is not None:
            self.dies_after -= 1
            if self.dies_after < 0:
                exchange.close_connection = True
                exchange.connection.close()
                threading.Thread(target=self.kill).start()
                return
        while body and self.stalls:
            time.sleep(0.02)
        decoded = request.FromString(body)
        if signal == "traces" and any(
            self.refuses(span)
            for about in decoded.resource_spans
            for scope in about.scope_spans
            for span in scope.spans
        ):
            _answer(exchange, 400, {"message": "refused"})
            return
        if body:
            self.requests[signal].append(decoded)
        self._taken(exchange, response)

    def _taken(self, exchange, response):
        _answer(exchange, 200, response().SerializeToString(), "application/x-protobuf")

    def _score(self, exchange, found):
        assert isinstance(found, list)
        self.score_posts.append(found)
        self.scores |= {score["id"]: score for score in found}
        _answer(exchange, 202, {"message": "Accepted"})

    def _item(self, exchange, body):
        if not body:
            wanted = parse_qs(urlsplit(exchange.path).query)["datasetName"][0]
            found = [one for one in self.items.values() if one["datasetName"] == wanted]
            meta = {"page": 1, "limit": 100, "totalItems": len(found), "totalPages": 1}
            _answer(exchange, 200, {"data": found, "meta": meta})
            return
        given = json.loads(body)
        empty = {"expectedOutput": None, "metadata": None, "input": None, "mediaReferences": []}
        times = {"status": "ACTIVE", "createdAt": MOMENT, "updatedAt": MOMENT}
        item = {**empty, **times, **given, "datasetId": f"d-{given['datasetName']}"}
        self.items[given["id"]] = item
        _answer(exchange, 200, item)


def _answer(exchange, status, body, kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        exchange.send_response(status)
        exchange.send_header("content-type", kind)
        exchange.send_header("content-length", str(len(data)))
        exchange.send_header(STAND_IN, "1")
        exchange.end_headers()
        exchange.wfile.write(data)
    except OSError:
        exchange.close_connection = True


def attributes(holder):
    """The attributes of a span, log record or point, as Python values."""
    return {one.key: _value(one.value) for one in holder.attributes}


def _value(value):
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(one) for one in value.array_value.values]
    return getattr(value, kind)


def wait_until(met, seconds=30.0):
    """Wait for what another thread or process does."""
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
