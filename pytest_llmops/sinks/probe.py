"""Whether a sink is there, asked before the first test with a short time-out.

A probe sends nothing of a run. It needs no SDK of a tool, which would take seconds to import.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

from pytest_llmops.runs.traces import digest
from pytest_llmops.sinks.settings import Langfuse, Mlflow, Settings, bare

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
    from pytest_llmops.sinks.asked import problem  # noqa: PLC0415 - httpx comes with the extra

    return problem(name, settings, place(settings))
