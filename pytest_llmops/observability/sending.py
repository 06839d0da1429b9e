"""What delivery costs: copies of a run, sent through the sink as a session sends it.

A copy has an id of its own (`<id>-cost-...`), so the run itself and its ledger are left alone; the
copies stay in the tool. Two are sent, of one attempt and of all: the first is the cost of starting,
the difference by the other attempts that of an attempt. Bytes are counted on the way, by a proxy.
"""

import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.values import Sending
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.sinks.delivery.open import open_sinks, reach_sinks
from pytest_llmops.sinks.settings import Langfuse, Mlflow, read

VARIABLES = {
    "langfuse": "LANGFUSE_BASE_URL",
    "mlflow": "MLFLOW_TRACKING_URI",
    "openllmetry": "TRACELOOP_BASE_URL",
}


def measure_sending(name: str, found: RecordedRun, environment: Mapping[str, str]) -> Sending:
    """Send two copies of a run to one sink and say what that took.

    Args:
        name: Of the sink.
        found: The run; of two attempts at least.
        environment: Where settings and keys are read.

    Raises:
        SinkError: The sink is not there or does not take everything, or cannot be measured.
    """
    attempts = len(found.records)
    if attempts < 2:
        raise SinkError(f"{found.run.id}: has {attempts} attempts; a difference needs two")
    with counted(name, environment) as (through, counter):
        alone = _send(name, found, 1, through)
        before = counter.bytes if counter else 0
        all_of_them = _send(name, found, attempts, through)
        sent = counter.bytes - before if counter else None
    return Sending(
        ms=(all_of_them - alone) / (attempts - 1) * 1000,
        start_seconds=alone,
        bytes=sent / attempts if sent is not None else None,
    )


def _send(name: str, found: RecordedRun, attempts: int, environment: Mapping[str, str]) -> float:
    """Deliver the first attempts of a run under another id; gives seconds."""
    run = msgspec.structs.replace(
        found.run, id=f"{found.run.id}-cost-{time.time_ns():x}", attempts=attempts
    )
    records = found.records[:attempts]
    with tempfile.TemporaryDirectory() as home:
        file = RecordFile(Path(home), run)
        for record in records:
            file.write(record)
        if found.end:
            file.write(found.end)
        file.close()
        begun = time.perf_counter()
        reached = reach_sinks([name], required=True, environment=environment)
        sinks = open_sinks(reached, run=run, folder=file.path.parent, content=True)
        (done,) = sinks.close(found.end, records).sinks
        seconds = time.perf_counter() - begun
    if not done.complete:
        raise SinkError(f"sink {name} took {done.delivered} of {attempts}: {done.problem}")
    return seconds


@contextmanager
def counted(
    name: str, environment: Mapping[str, str]
) -> Iterator[tuple[dict[str, str], "Counter | None"]]:
    """An environment in which a sink is behind a counter; no counter for a file.

    Raises:
        SinkError: The sink speaks TLS, which a counter in between would break.
    """
    settings = read(name, environment)
    if isinstance(settings, Mlflow) and settings.local:
        yield dict(environment), None
        return
    url = settings.uri if isinstance(settings, Mlflow) else settings.url
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise SinkError(f"sink {name}: only what is sent over http: can be counted")
    changed = {**environment, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    if isinstance(settings, Mlflow) and settings.user:
        changed["MLFLOW_TRACKING_USERNAME"] = settings.user
        changed["MLFLOW_TRACKING_PASSWORD"] = settings.password
    if isinstance(settings, Langfuse):
        changed.pop("LANGFUSE_HOST", None)
    with Counter(parts.hostname, parts.port or 80) as counter:
        changed[VARIABLES[name]] = f"http://127.0.0.1:{counter.port}{parts.path}"
        yield changed, counter


class Counter:
    """Passes connections on to a server and counts what goes there; a context manager."""

    def __init__(self, host: str, port: int) -> None:
        """Listen on a free port of the loopback address."""
        self.bytes = 0
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        # A server that looks at the name it is called by must see its own.
        self._called = f"127.0.0.1:{self.port}".encode(), f"{host}:{port}".encode()
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> "Counter":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed
            try:
                far = socket.create_connection(self._target, 10)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._open += [near, far]
            threading.Thread(target=self._there, args=(near, far), daemon=True).start()
            threading.Thread(target=_back, args=(far, near), daemon=True).start()

    def _there(self, near: socket.socket, far: socket.socket) -> None:
        with suppress(OSError):
            while data := near.recv(65536):
                with self._lock:
                    self.bytes += len(data)
                far.sendall(data.replace(b"ost: " + self._called[0], b"ost: " + self._called[1]))
            far.shutdown(socket.SHUT_WR)


def _back(far: socket.socket, near: socket.socket) -> None:
    with suppress(OSError):
        while data := far.recv(65536):
            near.sendall(data)
        near.shutdown(socket.SHUT_WR)
