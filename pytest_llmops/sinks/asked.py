"""What a sink answers when it is asked whether it is there and takes our keys."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.settings import Collector, Langfuse, Mlflow, Settings

TIMEOUT = 2.0
"""Seconds to connect, and again to answer."""

LANGFUSE_SERVER = (4, 59)
"""The oldest server that takes what SDK 5 sends, as its documentation has it."""


def problem(name: str, settings: Settings, place: str) -> str:
    """Ask a sink.

    Args:
        name: Of the sink.
        settings: Where it is, and the keys.
        place: How it is shown where it is.

    Returns:
        What is wrong with it, in a line; "" for nothing.
    """
    try:
        if isinstance(settings, Langfuse):
            _langfuse(settings)
        elif isinstance(settings, Mlflow):
            _mlflow(settings)
        else:
            _collector(settings)
    except SinkError as error:
        return f"sink {name}: {place} {error}"
    except httpx.TimeoutException:
        return f"sink {name}: {place} does not answer within {TIMEOUT:g} s"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return (
            f"sink {name}: {place} cannot be reached ({type(error).__name__}); is it "
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
