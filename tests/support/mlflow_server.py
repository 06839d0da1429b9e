"""A real MLflow tracking server on loopback, with its database and artifacts in a folder."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import httpcore  # noqa: F401 - httpx imports it within a test, which pytester would undo
import httpx

START_SECONDS = 180
"""A busy machine imports the server for a minute."""


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def mlflow_server(folder, port=0, workers=1, artifacts="--artifacts-destination={}"):
    """Serve; gives the URL. A folder that was served before still holds everything."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--workers", str(workers)]
    places = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    places += [*artifacts.format(f"{folder}/artifacts").split(), "--port", str(port)]
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command + places,
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **quiet},
            start_new_session=True,
        )
        try:
            _wait(server, url, folder)
            yield url
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(server, url, folder):
    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            # The first request that needs the database sets it up, which takes seconds.
            search = f"{url}/api/2.0/mlflow/experiments/search"
            if httpx.post(search, json={"max_results": 1}, timeout=30).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    raise AssertionError((folder / "server.log").read_text()[-2000:])


class Forwarder:
    """A way to a server that can be cut; a context manager. A new one may take its port."""

    def __init__(self, url, port=0):
        self._target = ("127.0.0.1", int(url.rpartition(":")[2]))
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open = []
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.cut()

    def cut(self):
        """Refuse new connections and break those there are."""
        for one in (self._listener, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._thread.join(5)

    def _accept(self):
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, sink), daemon=True).start()


def _copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
