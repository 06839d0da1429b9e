"""Whether a sink is there, asked before the first test with a short time-out.

A probe sends nothing of a run. It needs no SDK of a tool, which would take seconds to import.
"""

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from pytest_llmops.errors import SinkError
from pytest_llmops.runs.traces import digest
from pytest_llmops.sinks.settings import Collector, Langfuse, Mlflow, Settings, bare

TIMEOUT = 2.0
"""Seconds to connect, and again to answer."""

LANGFUSE_SERVER = (4, 59)
"""The oldest server that takes what SDK 5 sends, as its documentation has it."""

EXPORTER = "opentelemetry.exporter.otlp.proto.http"
MODULES = {
    "langfuse": ("langfuse", EXPORTER),
    "mlflow": ("mlflow", EXPORTER),
    "openllmetry": ("opentelemetry.semconv_ai", EXPORTER),
}
"""What must be installed for a sink; the extra has the sink's name."""


def place(settings: Settings) -> str:
    """Where a sink is, as it is shown and kept in the ledger: no secrets.

    Of a Langfuse project only its public key is known here; a digest of it tells projects apart.
    """
    if isinstance(settings, Mlflow):
        return bare(settings.uri) if not settings.local else settings.uri
    if isinstance(settings, Langfuse):
        return f"{bare(settings.url)} (project {digest(settings.public_key, size=4)})"
    return bare(settings.url)


def probe(found: Sequence[tuple[str, Settings]]) -> list[str]:
    """Ask all sinks at the same time.

    Returns:
        For each, what is wrong with it; "" for nothing.
    """
    with ThreadPoolExecutor(max_workers=max(1, len(found))) as threads:
        return list(threads.map(lambda one: _problem(*one), found))


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of a package that it is in
        return False


def _problem(name: str, settings: Settings) -> str:
    if not all(map(_is_installed, MODULES[name])):
        return f"sink {name} needs: pip install 'pytest-llmops[{name}]'"
    try:
        if isinstance(settings, Langfuse):
            _langfuse(settings)
        elif isinstance(settings, Mlflow):
            _mlflow(settings)
        else:
            _collector(settings)
    except SinkError as error:
        return f"sink {name}: {place(settings)} {error}"
    except httpx.TimeoutException:
        return f"sink {name}: {place(settings)} does not answer within {TIMEOUT:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return (
            f"sink {name}: {place(settings)} cannot be reached ({type(error).__name__}); is it "
            "running, and is the address right? See `llmops docs sinks`"
        )
    return ""


def _langfuse(settings: Langfuse) -> None:
    health = _ask(lambda client: client.get(f"{settings.url}/api/public/health"))
    if health.status_code == 200:
        _check_version(health)
    keys = settings.public_key, settings.secret_key
    projects = _ask(lambda client: client.get(f"{settings.url}/api/public/projects", auth=keys))
    _check_status(projects, "LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY")


def _check_version(health: httpx.Response) -> None:
    try:
        version = str(_json(health).get("version", ""))
        found = tuple(int(part) for part in version.split("-", maxsplit=1)[0].split(".")[:2])
    except ValueError:
        return
    if found and found < LANGFUSE_SERVER:
        least = ".".join(map(str, LANGFUSE_SERVER))
        raise SinkError(f"runs Langfuse {version}; the SDK needs a server of {least} or newer")


def _mlflow(settings: Mlflow) -> None:
    if settings.local:
        _check_database(Path(settings.uri.removeprefix("sqlite:///")))
        return
    keys = "MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN"
    _check_status(_ask(lambda client: client.get(f"{settings.uri}/health")), keys)
    try:
        found = _ask(
            lambda client: client.post(
                f"{settings.uri}/api/2.0/mlflow/experiments/search",
                json={"max_results": 1},
                headers=settings.authorization,
            )
        )
    except httpx.ReadTimeout:
        return  # it is there: its first request sets up its database, which takes seconds
    _check_status(found, keys)


def _check_database(path: Path) -> None:
    if not path.parent.is_dir():
        raise SinkError(f"cannot be made: there is no folder {path.parent}")
    if not path.exists():
        return
    try:
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=TIMEOUT)
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise SinkError(f"is no database that can be used: {error}") from None


def _collector(settings: Collector) -> None:
    """Send an export of nothing, which is a whole and valid message of no bytes."""
    headers = {**settings.headers, "content-type": "application/x-protobuf"}
    found = _ask(lambda client: client.post(f"{settings.url}/v1/traces", headers=headers))
    if found.status_code != 400:  # some receivers want at least one span
        _check_status(found, "TRACELOOP_HEADERS or TRACELOOP_API_KEY")


def _ask(request: Callable[[httpx.Client], httpx.Response]) -> httpx.Response:
    with httpx.Client(timeout=TIMEOUT) as client:
        return request(client)


def _check_status(response: httpx.Response, keys: str) -> None:
    if response.status_code in {401, 403}:
        raise SinkError(f"refuses the credentials; check {keys}")
    if not response.is_success:
        path = response.url.path
        raise SinkError(f"answers {response.status_code} to {path}; is it the right server?")


def _json(response: httpx.Response) -> dict[str, Any]:
    found = response.json()
    return found if isinstance(found, dict) else {}
