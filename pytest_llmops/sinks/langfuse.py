"""Langfuse: suites as datasets, runs as experiments, attempts as traces with scores.

Sent as SDK 5 sends it, with its own API client: spans by OTLP, scores as a list to
`/api/public/scores`. Every id is given by us, so what is sent twice is kept once.
"""

import base64
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from langfuse import __version__ as sdk_version
from langfuse.api import LangfuseAPI
from langfuse.api.core import ApiError
from langfuse.api.scores.types.create_score_batch_results import CreateScoreBatchResults

from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.runs.traces import digest, span_id, trace_id
from pytest_llmops.sinks.destination import DeliveryError, RejectedError
from pytest_llmops.sinks.dialects import LANGFUSE_NAMES, item_id
from pytest_llmops.sinks.dialects import langfuse as words_of
from pytest_llmops.sinks.ledger import Key
from pytest_llmops.sinks.otlp import REFUSALS, Line, readable, resource
from pytest_llmops.sinks.run_scores import run_scores
from pytest_llmops.sinks.scores import Score, scores
from pytest_llmops.sinks.settings import Langfuse, bare
from pytest_llmops.sinks.spans import trace_of

TIMEOUT = 10.0
"""Seconds for one request."""

SCORES = 200
"""Scores a request; the server takes a mebibyte."""

AT_ONCE = 8
"""Dataset items written at the same time; there is no request for several."""

PAGE = 100

Result = TypeVar("Result")


def connect(settings: Langfuse, run: Run) -> "Project":
    """Open the way to a project.

    Raises:
        DeliveryError: It cannot be reached, or refuses the keys.
    """
    return Project(settings, run)


class Project:
    """A Langfuse project, for the attempts of one run."""

    def __init__(self, settings: Langfuse, run: Run) -> None:
        """Ask for the project; see `connect`."""
        self._run = run
        self._url = settings.url
        self._environment = settings.environment
        self._api = LangfuseAPI(
            base_url=settings.url,
            username=settings.public_key,
            password=settings.secret_key,
            x_langfuse_sdk_name="python",
            x_langfuse_sdk_version=sdk_version,
            x_langfuse_public_key=settings.public_key,
            httpx_client=httpx.Client(timeout=TIMEOUT),
            timeout=TIMEOUT,
        )
        keys = f"{settings.public_key}:{settings.secret_key}".encode()
        self._line = Line(
            f"{settings.url}/api/public/otel/v1/traces",
            {
                "authorization": f"Basic {base64.b64encode(keys).decode()}",
                "x-langfuse-sdk-name": "python",
                "x-langfuse-sdk-version": sdk_version,
                "x-langfuse-public-key": settings.public_key,
                "x-langfuse-ingestion-version": "4",
            },
            timeout=TIMEOUT,
        )
        self._exporter = self._line.spans()
        self._about = resource()
        self._datasets: dict[str, str] = {}
        self._items: dict[str, str] = {}
        self._project = self._asked(self._api.projects.get).data[0].id

    def send(self, records: Sequence[Record], half: Collection[Key] = ()) -> None:
        """Write the cases as dataset items, then scores, then the traces that they judge.

        A score that is sent again takes the place of the first; a span is there twice until the
        server merges its tables. So the spans go last, and nothing that may fail comes after them.
        """
        del half
        for suite in {record.suite for record in records}:
            self._ensure_dataset(suite)
        new = {item_id(record): record for record in records if self._is_new(record)}
        with ThreadPoolExecutor(AT_ONCE) as threads:
            list(threads.map(self._write_item, new.values()))
        spans = []
        for record in records:
            trace = trace_of(self._run, record)
            dataset = self._datasets[record.suite]
            words = words_of(self._run, record, trace, dataset, self._environment)
            spans += readable(trace, self._about, words, LANGFUSE_NAMES)
        self._write_scores([one for record in records for one in self._scores(record)])
        self._line.check(self._exporter.export(spans).name == "SUCCESS")

    def finish(self, records: Sequence[Record], end: End | None) -> str:
        """Score the experiment as a whole."""
        time = end.finished if end else self._run.started
        found = run_scores(records)
        self._write_scores(
            [{"datasetRunId": self._run.id, **self._score(one, time)} for one in found]
        )
        return ""

    def links(self, records: Sequence[Record]) -> dict[Key, str]:
        """Addresses of the traces."""
        base = f"{bare(self._url)}/project/{quote(self._project, safe='')}/traces"
        return {
            (one.case, one.sample): f"{base}/{trace_id(self._run.id, one.case, one.sample)}"
            for one in records
        }

    def page(self) -> str:
        """Address of the experiment: other pages hide its environment until it is chosen there."""
        base = f"{bare(self._url)}/project/{quote(self._project, safe='')}"
        return f"{base}/experiments/results?baseline={quote(self._run.id, safe='')}"

    def _ensure_dataset(self, suite: str) -> None:
        if suite in self._datasets:
            return
        name = f"llmops {suite}"
        found = self._asked(
            lambda: self._api.datasets.create(
                name=name, description=f"Cases of suite {suite} of pytest-llmops"
            )
        )
        page, pages = 0, 1
        while page < pages:
            page += 1
            listed = self._list_items(name, page)
            pages = listed.meta.total_pages
            for item in listed.data:
                known = item.metadata if isinstance(item.metadata, dict) else {}
                self._items[item.id] = str(known.get("prompt_sha256"))
        self._datasets[suite] = found.id

    def _list_items(self, name: str, page: int) -> Any:
        return self._asked(
            lambda: self._api.dataset_items.list(dataset_name=name, page=page, limit=PAGE)
        )

    def _is_new(self, record: Record) -> bool:
        known = self._items.get(item_id(record))
        return known is None or bool(record.prompt_sha256 and known != record.prompt_sha256)

    def _write_item(self, record: Record) -> None:
        texts = [{"role": one.role, "content": one.content} for one in record.prompt]
        self._asked(
            lambda: self._api.dataset_items.create(
                dataset_name=f"llmops {record.suite}",
                id=item_id(record),
                input=texts or None,
                metadata={
                    "case": record.case,
                    "sample": record.sample,
                    "split": record.split,
                    "difficulty": record.difficulty,
                    "cluster": record.cluster,
                    "prompt_sha256": record.prompt_sha256,
                },
            )
        )
        self._items[item_id(record)] = record.prompt_sha256

    def _scores(self, record: Record) -> list[dict[str, Any]]:
        trace = trace_id(self._run.id, record.case, record.sample)
        timing = record.timing
        time = max(timing.started, self._run.started) if timing else self._run.started
        judged = {"traceId": trace, "observationId": span_id(trace, "case")}
        return [{**judged, **self._score(score, time, trace)} for score in scores(record)]

    def _score(self, score: Score, time: float, about: str = "") -> dict[str, Any]:
        value = float(score.value) if isinstance(score.value, bool) else score.value
        found = {
            "id": digest(self._run.id, about, score.name, size=16),
            "name": score.name,
            "value": value,
            "dataType": score.kind,
            "environment": self._environment,
            "timestamp": datetime.fromtimestamp(time, UTC).isoformat(),
        }
        return {**found, "comment": score.comment} if score.comment else found

    def _write_scores(self, found: list[dict[str, Any]]) -> None:
        for start in range(0, len(found), SCORES):
            batch: Any = found[start : start + SCORES]
            answer = self._asked(partial(self._api.scores.create, request=batch))
            if isinstance(answer, CreateScoreBatchResults) and answer.rejected:
                reason = answer.errors[0].message if answer.errors else "no reason given"
                raise RejectedError(f"{bare(self._url)} refused {answer.rejected} scores: {reason}")

    def _asked(self, request: Callable[[], Result]) -> Result:
        """Make a request; its failures are ours."""
        try:
            return request()
        except ApiError as error:
            kind = RejectedError if error.status_code in REFUSALS else DeliveryError
            raise kind(f"{bare(self._url)} answered {error.status_code}") from None
        except httpx.HTTPError as error:
            raise DeliveryError(
                f"{bare(self._url)} does not answer ({type(error).__name__})"
            ) from None
