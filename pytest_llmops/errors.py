"""Errors a user can act on.

Every message says what was found, where, and what to do. The plugin turns an `LlmopsError` raised
before the first test into a usage error (exit status 4), and one raised inside a test into an
error of that test: a broken harness is never mistaken for a wrong answer.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

EXTRA_OF = {
    "torch": "local",
    "transformers": "local",
    "peft": "local",
    "datasets": "local",
    "gguf": "local",
    "safetensors": "local",
    "starlette": "local",
    "uvicorn": "local",
    "accelerate": "finetune",
    "tomlkit": "finetune",
    "rapidfuzz": "cases",
    "numpy": "gate",
    "scipy": "gate",
    "jinja2": "report",
    "plotly": "report",
    "pyarrow": "report",
    "langfuse": "langfuse",
    "mlflow": "mlflow",
    "opentelemetry": "openllmetry",
    "traceloop": "traceloop",
    "ray": "ray",
}
"""Top-level packages that the core does without, and the extra that brings each."""


class LlmopsError(Exception):
    """Base of all errors this package raises on purpose."""


class CaseError(LlmopsError):
    """A case or a manifest is broken, or does not match its source tree."""


class SourceError(LlmopsError):
    """The source tree of a suite cannot be reached or is not the pinned one."""


class ModelError(LlmopsError):
    """A model name or its configuration cannot be used."""


class AgentError(LlmopsError):
    """An agent's name or configuration cannot be used, or its program is not installed."""


class EndpointError(LlmopsError):
    """The endpoint did not answer a request, or not as the protocol says."""

    status = 0
    """The HTTP status that it refused the request with; 0 where it did not."""


class SandboxError(LlmopsError):
    """The sandbox or the Node runtime cannot be used; says nothing about a candidate."""


class PackagesError(SandboxError):
    """The npm packages that tests of a suite need cannot be installed."""


class QualityError(LlmopsError):
    """The quality of code cannot be measured; says nothing about the code."""


class PlaceError(LlmopsError):
    """The place that `--run-on` names does not exist or cannot be used."""


class LostError(LlmopsError):
    """A machine that did something for this one has gone, and what it did with it."""


class RecordError(LlmopsError):
    """A records file cannot be written, or holds something that is not a record."""


class CompareError(LlmopsError):
    """Two runs cannot be compared, so there is no verdict."""


class MissingExtraError(LlmopsError):
    """What was asked for needs a package that only an extra brings."""


class SinkError(LlmopsError):
    """A sink cannot be reached or is not configured."""


class Decided(LlmopsError):  # noqa: N818 - it ends an attempt, but nothing is wrong
    """A sequential gate has its verdict, or a case cannot be judged here: it is not attempted."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean A or B?` where names that are known are near, else ""."""
    from difflib import get_close_matches  # noqa: PLC0415 - for those who erred alone

    near = get_close_matches(name, dict.fromkeys(known), n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""


@contextmanager
def naming_extras() -> Iterator[None]:
    """Say which extra to install where a package of one is missing.

    Raises:
        MissingExtraError: In place of the ModuleNotFoundError of such a package.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in EXTRA_OF:
            raise
        raise MissingExtraError(
            f"this needs {package}: pip install 'pytest-llmops[{EXTRA_OF[package]}]'"
        ) from None
