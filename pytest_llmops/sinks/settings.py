"""Where the sinks are: the environment, read in one place.

Every variable has the name that the tool's own SDK gives it; `.env.example` lists them. Keys are
kept out of everything that is shown: `bare` takes them out of URLs.
"""

import base64
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.sinks.named import SINKS
from pytest_llmops.sinks.withhold import without_user_info

EXPERIMENT_ENVIRONMENT = "sdk-experiment"
"""Where Langfuse's own SDK puts experiments; its pages of traces and scores hide it at first."""

_LANGFUSE_ENVIRONMENT = re.compile(r"(?!langfuse)[a-z0-9_-]{1,40}")


class Langfuse(msgspec.Struct, frozen=True, kw_only=True):
    """A Langfuse project."""

    url: str
    """Without a slash at the end."""
    public_key: str
    secret_key: str
    environment: str = EXPERIMENT_ENVIRONMENT


class Mlflow(msgspec.Struct, frozen=True, kw_only=True):
    """An MLflow tracking server, or a database file used without one."""

    uri: str
    """`http(s)://...` without user and password, or `sqlite:///...`."""
    user: str = ""
    password: str = ""
    token: str = ""

    @property
    def local(self) -> bool:
        """Whether there is no server."""
        return self.uri.startswith("sqlite:")

    @property
    def artifacts(self) -> str | None:
        """Without a server: where files go, beside the database wherever the session runs."""
        database = Path(self.uri.removeprefix("sqlite:///"))
        return (database.parent / "mlruns").as_uri() if self.local else None

    @property
    def authorization(self) -> dict[str, str]:
        """The header that a request needs."""
        if self.token:
            return {"authorization": f"Bearer {self.token}"}
        if self.user:
            keys = f"{self.user}:{self.password}".encode()
            return {"authorization": f"Basic {base64.b64encode(keys).decode()}"}
        return {}


class Collector(msgspec.Struct, frozen=True, kw_only=True):
    """An OpenTelemetry collector, as OpenLLMetry sends to it: OTLP over HTTP."""

    url: str
    """Base URL; `/v1/traces`, `/v1/metrics` and `/v1/logs` are added."""
    headers: dict[str, str] = {}
    trace_url: str = ""
    """Where a person looks at a trace, with `{trace_id}` in it; "" where nobody said."""
    content: bool = True
    """Whether prompts and completions may go there."""


Settings = Langfuse | Mlflow | Collector


def read(name: str, environment: Mapping[str, str]) -> Settings:
    """Read the settings of one sink.

    Raises:
        SinkError: There is no such sink, or a variable it needs is missing or no URL.
    """
    if name not in SINKS:
        raise SinkError(f"--sink: {name!r} is none of {', '.join(SINKS)}, all")
    readers: dict[str, Callable[[Mapping[str, str]], Settings]] = {
        "langfuse": _langfuse,
        "mlflow": _mlflow,
        "openllmetry": _collector,
    }
    return readers[name](environment)


def names_of(chosen: Iterable[str]) -> tuple[str, ...]:
    """Resolve `all` and repetitions.

    Raises:
        SinkError: A name is not a sink.
    """
    found: dict[str, None] = {}
    for name in chosen:
        if name != "all" and name not in SINKS:
            raise SinkError(f"--sink: {name!r} is none of {', '.join(SINKS)}, all")
        found |= dict.fromkeys(SINKS if name == "all" else (name,))
    return tuple(found)


def bare(url: str) -> str:
    """A URL as it may be shown: without user, password, query and fragment."""
    parts = urlsplit(url)
    if not parts.hostname:
        return without_user_info(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _langfuse(environment: Mapping[str, str]) -> Langfuse:
    keys = {
        name: environment.get(name, "") for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY")
    }
    if missing := [name for name, value in keys.items() if not value]:
        raise SinkError(
            f"sink langfuse: {' and '.join(missing)} not set; export them, Langfuse shows "
            "them in the settings of a project (see `llmops docs sinks`)"
        )
    url = environment.get("LANGFUSE_BASE_URL") or environment.get("LANGFUSE_HOST")
    name = environment.get("LLMOPS_LANGFUSE_ENVIRONMENT") or EXPERIMENT_ENVIRONMENT
    if not _LANGFUSE_ENVIRONMENT.fullmatch(name):
        raise SinkError(
            f"sink langfuse: LLMOPS_LANGFUSE_ENVIRONMENT is {name!r}, which the server would "
            "change; it takes 1 to 40 of a-z, 0-9, _ and -, and no name that begins with langfuse"
        )
    return Langfuse(
        environment=name,
        url=_checked("langfuse", "LANGFUSE_BASE_URL", url or "http://127.0.0.1:3000"),
        public_key=keys["LANGFUSE_PUBLIC_KEY"],
        secret_key=keys["LANGFUSE_SECRET_KEY"],
    )


def _mlflow(environment: Mapping[str, str]) -> Mlflow:
    uri = environment.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    if uri.startswith("sqlite:"):
        path = uri.removeprefix("sqlite:///")
        return Mlflow(uri=f"sqlite:///{os.path.abspath(path)}")  # noqa: PTH100 - a URI, not a file
    parts = urlsplit(_checked("mlflow", "MLFLOW_TRACKING_URI", uri))
    return Mlflow(
        uri=urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])),
        user=unquote(parts.username or "") or environment.get("MLFLOW_TRACKING_USERNAME", ""),
        password=unquote(parts.password or "") or environment.get("MLFLOW_TRACKING_PASSWORD", ""),
        token=environment.get("MLFLOW_TRACKING_TOKEN", ""),
    )


def _collector(environment: Mapping[str, str]) -> Collector:
    url = environment.get("TRACELOOP_BASE_URL") or environment.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    headers = environment.get("TRACELOOP_HEADERS") or environment.get("OTEL_EXPORTER_OTLP_HEADERS")
    pairs = (pair.partition("=") for pair in (headers or "").split(",") if "=" in pair)
    found = {key.strip().lower(): unquote(value.strip()) for key, _, value in pairs}
    if key := environment.get("TRACELOOP_API_KEY"):
        found.setdefault("authorization", f"Bearer {key}")
    return Collector(
        url=_checked("openllmetry", "TRACELOOP_BASE_URL", url or "http://127.0.0.1:4318"),
        headers=found,
        trace_url=environment.get("LLMOPS_TRACE_URL", ""),
        content=(environment.get("TRACELOOP_TRACE_CONTENT") or "true").lower() == "true",
    )


def _checked(sink: str, variable: str, url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SinkError(
            f"sink {sink}: {variable} is {bare(url)!r}; it must be http:// or https:// and a host"
        )
    return url.strip().rstrip("/")
