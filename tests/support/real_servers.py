"""A real collector on loopback with the repository's own YAML, and what stands behind it in tests.

The second configuration that the collector is given changes addresses and folders alone. Programs
come from tools/servers.py: named, kept, or made where Go is.
"""

import importlib.util
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import grpc
import httpx
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services
from otlp_receiver import wait_until

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "openllmetry-collector-config.yaml"
KEY_BYTES = 65_000
"""Largest key of Badger, of which each attribute of a span becomes one."""


def free_port():
    """A port below those that the system gives to outgoing connections: it stays free."""
    while True:
        port = random.randrange(12_000, 30_000)
        with socket.socket() as found, suppress(OSError):
            found.bind(("127.0.0.1", port))
            return port


def programs():
    """tools/servers.py as a module."""
    spec = importlib.util.spec_from_file_location("real_programs", ROOT / "tools" / "servers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def is_kept(name):
    """Whether a program is named or was made before."""
    return bool(os.environ.get(f"LLMOPS_{name.upper()}")) or programs().kept(name).is_file()


def path_of(name, *, make):
    """Where a program is; skips the test where it is not and cannot (or shall not) be made."""
    tool, there = programs(), is_kept(name)
    if not there and not make:
        pytest.skip(f"no {name} here: .venv/bin/python tools/servers.py {name}")
    if not there and shutil.which("go") is None:
        pytest.skip(f"no {name} here, and no Go to make it")
    return tool.program(name)


class Program:
    """A started server; a context manager that ends it."""

    def __init__(self, command, folder, health, **environment):
        self._command, self._health = [str(part) for part in command], health
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
        self.log = folder / "log.txt"
        self._process = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.kill()

    def start(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, stdout=log, stderr=log, env=self._environment
            )
        wait_until(self._is_up, 120)
        return self

    def _is_up(self):
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(self._health, timeout=5).is_success
        except httpx.HTTPError:
            return False

    def kill(self):
        self.end(signal.SIGKILL)

    def end(self, how=signal.SIGTERM):
        if self._process and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(60)


class Collector(Program):
    """The collector with our YAML."""

    def __init__(self, path, folder, *, jaeger=1, loki=1, changes=None):
        folder.mkdir(exist_ok=True)
        self.http, self.grpc, self.metrics, health, own = (free_port() for _ in range(5))
        self.url = f"http://127.0.0.1:{self.http}"
        self.scorecard = folder / "scorecard" / "telemetry.jsonl"
        for name in ("queue", "scorecard"):
            (folder / name).mkdir(exist_ok=True)
        addresses = self._addresses(folder, jaeger, loki)
        addresses["extensions"]["health_check"] = {"endpoint": f"127.0.0.1:{health}"}
        puller = {"pull": {"exporter": {"prometheus": {"host": "127.0.0.1", "port": own}}}}
        addresses["service"] = {"telemetry": {"metrics": {"readers": [puller]}}}
        files = [CONFIG]
        for name, content in (("addresses", addresses), ("changes", changes)):
            if content:
                files.append(folder / f"{name}.yaml")
                files[-1].write_text(yaml.safe_dump(content))
        arguments = [f"--config={file}" for file in files]
        super().__init__(
            [path, *arguments],
            folder,
            f"http://127.0.0.1:{health}/",
            LLMOPS_ENVIRONMENT="test",
            GOMEMLIMIT="400MiB",
        )

    def _addresses(self, folder, jaeger, loki):
        protocols = {
            name: {"endpoint": f"127.0.0.1:{getattr(self, name)}"} for name in ("http", "grpc")
        }
        queue = str(folder / "queue")
        return {
            "receivers": {"otlp": {"protocols": protocols}},
            "exporters": {
                "otlp_grpc/jaeger": {"endpoint": f"127.0.0.1:{jaeger}"},
                "otlp_http/loki": {"endpoint": f"http://127.0.0.1:{loki}/otlp"},
                "prometheus": {"endpoint": f"127.0.0.1:{self.metrics}"},
                "file/scorecard": {"path": str(self.scorecard)},
            },
            "extensions": {
                "file_storage": {"directory": queue, "compaction": {"directory": queue}}
            },
        }

    def scrape(self):
        """Samples of what Prometheus would scrape: value by series."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics}/metrics", timeout=10).text
        lines = (line.rpartition(" ") for line in text.splitlines() if line[:1] not in ("#", ""))
        return {series: float(value) for series, _, value in lines}


class JaegerStandIn:
    """Takes spans over gRPC, and refuses attributes that Badger refuses, as if to be sent again.

    A message may have the 32 MiB of deploy/jaeger/config.yaml; 4 without that setting.
    """

    def __init__(self, port=0, mebibytes=32):
        self._mebibytes = mebibytes
        self.spans, self.refused, self.sizes = [], [], []
        self.stalls = threading.Event()
        self._port = port

    def __enter__(self):
        limit = [
            ("grpc.max_receive_message_length", self._mebibytes * 2**20),
            ("grpc.so_reuseport", 0),
        ]
        self._server = grpc.server(ThreadPoolExecutor(16), options=limit)
        services.add_TraceServiceServicer_to_server(self, self._server)
        self.port = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        self._server.start()
        return self

    def __exit__(self, *_):
        self.stalls.clear()
        self._server.stop(0).wait()

    def Export(self, request, context):  # noqa: N802 - a name of the protocol
        while self.stalls.is_set() and context.is_active():
            time.sleep(0.05)
        spans = [
            span
            for about in request.resource_spans
            for scope in about.scope_spans
            for span in scope.spans
        ]
        self.sizes.append(request.ByteSize())
        keys = (len(one.value.string_value.encode()) for span in spans for one in span.attributes)
        if max(keys, default=0) > KEY_BYTES - 100:
            self.refused += spans
            context.abort(grpc.StatusCode.UNAVAILABLE, "Key with size exceeded limit")
        self.spans += spans
        return messages.ExportTraceServiceResponse()

    @property
    def ids(self):
        return {(span.trace_id, span.span_id) for span in self.spans}
