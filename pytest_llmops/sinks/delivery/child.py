"""The delivering process as its parent sees it: started, told to end, and asked what went wrong."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import IO

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.delivery.process import Order, Word
from pytest_llmops.sinks.settings import Collector, Mlflow, Settings
from pytest_llmops.sinks.withhold import redactor

LEAVE_SECONDS = 5.0
"""For the process to end by itself after its time."""

QUIET = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "TRACELOOP_TELEMETRY": "FALSE",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Nothing is sent but to the sinks: the SDKs' own telemetry is off."""

BOUNDS = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
}
"""MLflow's client would retry a dead server for minutes."""

FOREIGN = ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "PYTHONWARNINGS")
"""Variables that are meant for another program."""


class Process:
    """The delivering process, as its parent sees it."""

    def __init__(self, order: Order, environment: Mapping[str, str], claim: IO[bytes]) -> None:
        """Start it; it costs the parent some milliseconds.

        Args:
            order: What to deliver.
            environment: With all settings.
            claim: See `ledger.claim`; from here on the process holds it, and lets go when it ends.

        Raises:
            SinkError: It cannot be started.
        """
        self._hide = redactor(environment)
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe could fill up
        command = [sys.executable, "-P", "-m", "pytest_llmops.sinks.delivery.process"]
        try:
            self._process = subprocess.Popen(
                [*command, msgspec.json.encode(order).decode()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=dict(environment),
                pass_fds=[claim.fileno()],
                start_new_session=True,  # an interrupt from the terminal is not for it
            )
        except OSError as error:
            raise SinkError(f"the delivery to sinks cannot be started: {error}") from None

    def finish(self, word: Word) -> dict[str, str]:
        """Say the last word and wait; returns problems by sink, under "" those of all."""
        try:
            output, _ = self._process.communicate(
                msgspec.json.encode(word), timeout=word.seconds + LEAVE_SECONDS
            )
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return {"": f"the delivery did not end within {word.seconds:.0f} s"}
        try:
            return msgspec.json.decode(output, type=dict[str, str])
        except msgspec.DecodeError:
            return {"": f"the delivery broke off: {self._last_words()}"}
        finally:
            self._errors.close()

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
        return self._hide(lines[-1] if lines else f"exit status {self._process.returncode}")


def delivery_environment(
    environment: Mapping[str, str], found: Mapping[str, Settings]
) -> dict[str, str]:
    """The environment of the process: that of the session, with the settings as they were read.

    Headers meant for the collector are given to it alone: the OpenTelemetry exporters would add
    them, keys and all, to what goes to the other sinks too.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if name not in FOREIGN
        and not (name.startswith("OTEL_EXPORTER_OTLP") and name.endswith("HEADERS"))
    }
    for settings in found.values():
        if isinstance(settings, Mlflow):
            kept["MLFLOW_TRACKING_URI"] = settings.uri
            if settings.user:
                kept["MLFLOW_TRACKING_USERNAME"] = settings.user
                kept["MLFLOW_TRACKING_PASSWORD"] = settings.password
        elif isinstance(settings, Collector) and "OTEL_EXPORTER_OTLP_HEADERS" in environment:
            kept.setdefault("TRACELOOP_HEADERS", environment["OTEL_EXPORTER_OTLP_HEADERS"])
    return kept | QUIET | BOUNDS
