"""Start the engine as a process of its own, wait until it serves, and end it. Imports no torch."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Self

import msgspec

from pytest_llmops.caches import user_cache
from pytest_llmops.engine.spec import EngineSpec, Ready, ServedModel
from pytest_llmops.errors import EndpointError, ModelError
from pytest_llmops.memory import descendants, peak_of

_LAST_LINES = 12
"""Lines of the engine's stderr that an error repeats."""
_CAUSE = re.compile(r"\b[A-Z]\w*(?:Error|Exception): .")
"""A line that says why. What follows of other processes' tracebacks may be longer than the tail."""
_HUGE_PAGES = "glibc.malloc.hugetlb=1"
_FAREWELL = 8.0
"""Seconds in which an engine may end by itself."""
MODEL_ERROR_STATUS = 3
"""Exit status of an engine that was asked for a model it cannot serve."""


class EngineProcess:
    """A running engine; a context manager that ends it."""

    def __init__(self, process: subprocess.Popen[bytes], ready: Ready, log: "_Log") -> None:
        self.ready = ready
        self._process = process
        self._log = log

    @property
    def url(self) -> str:
        """Base URL for chat completions, ends in `/v1`."""
        return self.ready.url

    @property
    def models(self) -> Mapping[str, ServedModel]:
        """What is served, by the name that requests use."""
        return self.ready.models

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def peak_memory(self) -> int | None:
        """Return the most memory the engine ever held, bytes; None where the system does not tell.

        Read from the system and not asked of the engine, which is busy, or may be gone. Of an
        engine of several processes, the sum of what each held at most.
        """
        own = peak_of(self.ready.pid)
        others = [peak_of(pid) or 0 for pid in descendants(self.ready.pid)]
        return None if own is None else own + sum(others)

    def last_words(self) -> str:
        """Return the end of the engine's stderr, for messages."""
        return self._log.tail()

    def close(self) -> None:
        """End the engine: politely first, by force after eight seconds."""
        if self._process.stdin:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        _end(self._process)
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Log:
    """Reads the engine's stderr to its end, in a thread: a full pipe would stop the engine."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._cause = ""
        self._stream = stream
        self._thread = threading.Thread(target=self._read, name="engine-log", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stream:
            text = line.decode(errors="replace").rstrip()
            if not self._cause and _CAUSE.search(text):
                self._cause = text
            self._lines.append(text)

    def tail(self) -> str:
        """The last lines, and before them the first that names an error."""
        last = [line for line in list(self._lines) if line]
        if self._cause and self._cause not in last:
            last = [self._cause, "...", *last]
        return "\n".join(last) or "(it wrote nothing)"

    def close(self) -> None:
        self._thread.join(5.0)
        self._stream.close()


def start_engine(spec: EngineSpec, *, timeout: float = 600.0) -> EngineProcess:
    """Start an engine and wait until it serves; `timeout` in seconds covers fetching and loading.

    Raises ModelError for a model that cannot be served, EndpointError when the engine dies or stays
    silent; both end with the last lines it wrote.
    """
    command = [sys.executable, "-P", "-m", "pytest_llmops.engine", *spec.arguments]
    process = subprocess.Popen(
        [*command, "--parent-pid", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=engine_environment(os.environ),
    )
    assert process.stdout
    assert process.stderr
    log = _Log(process.stderr)
    killer = threading.Timer(timeout, _end, (process,))
    killer.start()
    try:
        line = process.stdout.readline()
    finally:
        killer.cancel()
        process.stdout.close()
    if not line:
        raise _never_ready(process, log, timeout)
    return EngineProcess(process, msgspec.json.decode(line, type=Ready), log)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End an engine: politely, so that it can end what it started itself, and then by force."""
    process.terminate()
    try:
        process.wait(_FAREWELL)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def engine_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of an engine: waiting OpenMP threads sleep instead of spinning.

    Spinning threads take the cores from whatever runs beside the engine, such as the tests that
    grade its answers. Compiled kernels are kept with what else can be made again. Large memory of
    malloc lies in huge pages where the kernel gives them: reading all weights is faster so.
    """
    kept = environment.get("NUMBA_CACHE_DIR") or str(user_cache() / "kernels")
    tunables = filter(None, (_HUGE_PAGES, environment.get("GLIBC_TUNABLES")))
    told = {
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "GLIBC_TUNABLES": ":".join(tunables),  # the last of two values holds
    }
    return {**environment, **told, "NUMBA_CACHE_DIR": kept}


def _never_ready(process: subprocess.Popen[bytes], log: _Log, timeout: float) -> Exception:
    """Say why an engine closed its stdout before the ready line."""
    status = process.wait()
    if process.stdin:
        process.stdin.close()
    log.close()
    if status == MODEL_ERROR_STATUS:
        return ModelError(log.tail())
    if status in {-signal.SIGKILL, -signal.SIGTERM, 0}:
        return EndpointError(
            f"the engine was killed before it served (after {timeout:g} s of silence, or for want"
            f" of memory); its last lines:\n{log.tail()}"
        )
    return EndpointError(f"the engine ended with status {status}; its last lines:\n{log.tail()}")
