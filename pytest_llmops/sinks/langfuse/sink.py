"""Langfuse: suites as datasets, runs as experiments, attempts as traces with scores.

Sent as SDK 5 sends it: spans by OTLP, scores as a list to `/api/public/scores`. Every id is given
by us, so what is sent twice is kept once.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_llmops.runs.record import End, Record, Run
from pytest_llmops.runs.traces import digest, span_id, trace_id
from pytest_llmops.sinks.delivery.destination import DeliveryError, RejectedError, Whole
from pytest_llmops.sinks.delivery.ledger import Key
from pytest_llmops.sinks.dialects import LANGFUSE_NAMES, item_id
from pytest_llmops.sinks.dialects import langfuse as words_of
from pytest_llmops.sinks.langfuse.public_api import TIMEOUT, PublicApi, headers
from pytest_llmops.sinks.openllmetry.otlp import Line, readable, resource
from pytest_llmops.sinks.run_scores import run_scores
from pytest_llmops.sinks.scores import Score, scores
from pytest_llmops.sinks.settings import Langfuse, bare
from pytest_llmops.sinks.spans import trace_of
from pytest_llmops.sinks.written import quality_figures

SCORES = 200
"""Scores a request; the server takes a mebibyte."""

AT_ONCE = 8
"""Dataset items written at the same time; there is no request for several."""

PAGE = 100


def connect(settings: Langfuse, run: Run, folder: Path) -> "Project":
    """Open the way to a project.

    Raises:
        DeliveryError: It cannot be reached, or refuses the keys.
    """
    return Project(settings, run, folder)


class Project:
    """A Langfuse project, for the attempts of one run."""

    def __init__(self, settings: Langfuse, run: Run, folder: Path) -> None:
        """Ask for the project; see `connect`."""
        self._run = run
        self._folder = folder
        self._url = settings.url
        self._environment = settings.environment
        self._api = PublicApi(settings)
        self._line = Line(
            f"{settings.url}/api/public/otel/v1/traces",
            {**headers(settings), "x-langfuse-ingestion-version": "4"},
            timeout=TIMEOUT,
        )
        self._exporter = self._line.spans()
        self._about = resource()
        self._datasets: dict[str, str] = {}
        self._items: dict[str, str] = {}
        projects = self._read(self._api.get("projects"), "data")
        if not projects:
            raise DeliveryError(f"{bare(self._url)}: the keys belong to no project")
        self._project = str(projects[0]["id"])

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

    def finish(self, records: Sequence[Record], end: End | None, whole: Whole) -> str:
        """Score the experiment as a whole."""
        del whole  # figures hold no texts
        time = end.finished if end else self._run.started
        found = run_scores(records, quality_figures(self._folder, self._run))
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
        found = self._api.post(
            "v2/datasets",
            {"name": name, "description": f"Cases of suite {suite} of pytest-llmops"},
        )
        page, pages = 0, 1
        while page < pages:
            page += 1
            listed = self._api.get("dataset-items", datasetName=name, page=page, limit=PAGE)
            pages = self._read(listed, "meta")["totalPages"]
            for item in self._read(listed, "data"):
                known = item.get("metadata")
                told = known.get("prompt_sha256") if isinstance(known, dict) else None
                self._items[item["id"]] = str(told)
        self._datasets[suite] = self._read(found, "id")

    def _is_new(self, record: Record) -> bool:
        known = self._items.get(item_id(record))
        return known is None or bool(record.prompt_sha256 and known != record.prompt_sha256)

    def _write_item(self, record: Record) -> None:
        texts = [{"role": one.role, "content": one.content} for one in record.prompt]
        item: dict[str, Any] = {
            "datasetName": f"llmops {record.suite}",
            "id": item_id(record),
            "metadata": {
                "case": record.case,
                "sample": record.sample,
                "split": record.split,
                "difficulty": record.difficulty,
                "cluster": record.cluster,
                "prompt_sha256": record.prompt_sha256,
            },
        }
        self._api.post("dataset-items", {**item, "input": texts or None})
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
            answer = self._api.post("scores", found[start : start + SCORES])
            if refused := answer.get("rejected"):
                told = answer.get("errors") or [{"message": "no reason given"}]
                raise RejectedError(
                    f"{bare(self._url)} refused {refused} scores: {told[0].get('message')}"
                )

    def _read(self, answer: dict[str, Any], name: str) -> Any:
        """A field of an answer, which another server's would not have."""
        if name not in answer:
            raise DeliveryError(f"{bare(self._url)} answered without {name!r}; is it Langfuse?")
        return answer[name]
