"""MLflow read back by its own client, from a server or a database file."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import Seen, StoredSpan, StoredTrace
from pytest_llmops.runs.record import Run
from pytest_llmops.sinks.delivery.child import BOUNDS
from pytest_llmops.sinks.mlflow.tracked import RUN_TAG, experiment_name
from pytest_llmops.sinks.settings import Mlflow

PAGE = 100

CALLS = ("chat ", "invoke_agent ")
"""How the name of a call begins."""

TOKENS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cached",
}
"""Fields of MLflow's own count of a span; it has none for reasoning."""


class Tracking:
    """A tracking server or database, asked about one run.

    A query is one call of the client, which may make more than one request of it.
    """

    def __init__(self, settings: Mlflow, run: Run) -> None:
        """Find the run.

        Raises:
            SinkError: The server does not answer, or does not have the run.
        """
        # The client reads these at each request; without, it retries a dead server for minutes.
        for name, value in BOUNDS.items():
            os.environ.setdefault(name, value)
        self.seen = Seen()
        self._uri = settings.uri
        self.parts = {"traces": settings.uri}
        with self._ours():
            self._client = MlflowClient(settings.uri, settings.uri)
            experiment = self._client.get_experiment_by_name(experiment_name(run))
            self._experiment = experiment.experiment_id if experiment else ""
            found = (
                self._client.search_runs([self._experiment], f"tags.`{RUN_TAG}` = '{run.id}'")
                if experiment
                else []
            )
        if not found:
            raise SinkError(f"{settings.uri} does not have run {run.id}; llmops sync {run.id}")
        self._tracked = found[0]

    def find(self, case: str) -> tuple[str, ...]:
        """Search the traces of the run by the tag that holds the case."""
        quoted = case.replace("\\", "\\\\").replace("'", "\\'")
        found: list[str] = []
        token = None
        while True:
            page = self._ask(
                self._client.search_traces,
                locations=[self._experiment],
                run_id=self._tracked.info.run_id,
                filter_string=f"tag.`llmops.case` = '{quoted}'",
                max_results=PAGE,
                include_spans=False,
                page_token=token,
            )
            found += [one.info.trace_id.removeprefix("tr-") for one in page]
            if not (token := page.token):
                return tuple(found)

    def fetch(self, trace: str) -> StoredTrace | None:
        """Read a trace, which has its assessments with it."""
        try:
            found = self._ask(self._client.get_trace, f"tr-{trace}", display=False)
        except _MissingError:
            return None
        spans = found.data.spans
        asked, answered = _texts(spans)
        return StoredTrace(
            spans=tuple(map(_span, spans)),
            scores=_scores(found.info.assessments),
            prompt=asked,
            completion=answered,
            error=[
                *(one.rationale for one in found.info.assessments if one.rationale),
                *(one.status.description for one in spans if one.status.description),
                *(one.attributes.get("llmops.grade.detail") or "" for one in spans),
            ],
        )

    def figures(self) -> int:
        """Count the metrics of the run."""
        return len(self._ask(self._client.get_run, self._tracked.info.run_id).data.metrics)

    def _ask(self, call: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        self.seen.queries += 1
        with self._ours():
            return call(*arguments, **options)

    @contextmanager
    def _ours(self) -> Iterator[None]:
        """Failures of the client are ours."""
        try:
            yield
        except MlflowException as error:
            kind = _MissingError if error.error_code in _MISSING else SinkError
            raise kind(f"{self._uri}: {str(error).splitlines()[0][:300]}") from None
        except (requests.RequestException, httpx.HTTPError) as error:
            raise SinkError(f"{self._uri} does not answer ({type(error).__name__})") from None


_MISSING = {"RESOURCE_DOES_NOT_EXIST", "NOT_FOUND"}


class _MissingError(SinkError):
    """There is no such trace."""


def _span(one: Any) -> StoredSpan:
    attributes = one.attributes
    usage = attributes.get("mlflow.chat.tokenUsage") or {}
    return StoredSpan(
        id=one.span_id,
        parent=one.parent_id or "",
        name=one.name,
        start=one.start_time_ns,
        end=one.end_time_ns or one.start_time_ns,
        attributes=sum(value is not None for value in attributes.values()),
        events=len(one.events),
        cost=(attributes.get("mlflow.llm.cost") or {}).get("total_cost"),
        tokens={kind: usage[name] for name, kind in TOKENS.items() if usage.get(name) is not None},
    )


def _texts(spans: Any) -> tuple[Any, Any]:
    """Input and output, as sent or as MLflow translated them.

    They are at the call; of an attempt that failed before it, at the case.
    """
    calls = [one for one in spans if one.name.startswith(CALLS)]
    roots = [one for one in spans if not one.parent_id]
    for one in (*calls, *roots)[:1]:
        given = one.attributes
        return (
            [given.get("gen_ai.input.messages"), one.inputs],
            [given.get("gen_ai.output.messages"), one.outputs],
        )
    return None, None


def _scores(assessments: Any) -> dict[str, object]:
    """Assessments by name, and the scores that travel as metadata of one."""
    found: dict[str, object] = {}
    for one in assessments:
        found |= {
            name: value
            for name, value in (one.metadata or {}).items()
            if not name.startswith("mlflow.")
        }
        found[one.name] = one.feedback.value if one.feedback else None
    return found
