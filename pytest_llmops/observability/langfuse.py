"""Langfuse read back: the observations and scores of its public API, as client 5 asks for them.

Server 4 has no request for a whole trace any more: its observations are listed by trace id.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from langfuse import __version__ as sdk_version
from langfuse.api import LangfuseAPI
from langfuse.api.core import ApiError
from pydantic import ValidationError

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import TIMEOUT, Seen, StoredSpan, StoredTrace
from pytest_llmops.runs.record import Run
from pytest_llmops.sinks.settings import Langfuse, bare

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

FIELDS = "core,basic,time,io,metadata,model,usage,metrics,trace_context"

PAGE = 100
"""The most scores a request gives."""

IDENTITY = {
    *("id", "trace_id", "project_id", "parent_observation_id", "start_time", "end_time"),
    *("metadata", "created_at", "updated_at"),
}
"""Fields that are no attributes of a span; metadata is counted by its entries."""


class Project:
    """A Langfuse project, asked about one run."""

    def __init__(self, settings: Langfuse, run: Run) -> None:
        """Prepare; nothing is sent."""
        self.seen = Seen()
        self._run = run
        self._url = bare(settings.url)
        self.parts = {"traces": settings.url}
        self._api = LangfuseAPI(
            base_url=settings.url,
            username=settings.public_key,
            password=settings.secret_key,
            x_langfuse_sdk_name="python",
            x_langfuse_sdk_version=sdk_version,
            x_langfuse_public_key=settings.public_key,
            httpx_client=self.seen.client(),
            timeout=TIMEOUT,
        )

    def find(self, case: str) -> tuple[str, ...]:
        """Search the observations of the session by the name of the case."""
        listed = self._pages(
            self._api.observations.get_many,
            name=f"case {case}",
            session_id=self._run.id,
            fields="core",
        )
        return tuple(dict.fromkeys(str(one.trace_id) for one in listed))

    def fetch(self, trace: str) -> StoredTrace | None:
        """List the observations of a trace, then its scores."""
        found = list(
            self._pages(
                self._api.observations.get_many,
                trace_id=trace,
                fields=FIELDS,
                expand_metadata="attributes",
            )
        )
        if not found:
            return None
        scores = list(
            self._pages(self._api.scores.get_many, trace_id=trace, fields="details,subject")
        )
        # An attempt that failed before its call has its texts at the case alone.
        first = next((one for one in found if not one.parent_observation_id), None)
        chat = next((one for one in found if one.type == "GENERATION"), first)
        told = [one.status_message for one in found] + [one.comment for one in scores]
        return StoredTrace(
            spans=tuple(map(_span, found)),
            scores={one.name: one.value for one in scores},
            prompt=chat.input if chat else None,
            completion=chat.output if chat else None,
            error=[text for text in told if text],
        )

    def figures(self) -> int:
        """Count the scores of the experiment."""
        found = self._pages(self._api.scores.get_many, experiment_id=self._run.id)
        return len({one.name for one in found})

    def _pages(self, request: Callable[..., Any], **options: str) -> Iterator[Any]:
        cursor = None
        while True:
            try:
                page = request(limit=PAGE, cursor=cursor, **options)
            except ApiError as error:
                raise SinkError(f"{self._url} answered {error.status_code}") from None
            except httpx.HTTPError as error:
                raise SinkError(f"{self._url} does not answer ({type(error).__name__})") from None
            except ValidationError:
                raise SinkError(f"{self._url} answered in a form that is not Langfuse's") from None
            yield from page.data
            if not (cursor := page.meta.cursor):
                return


def _span(one: Any) -> StoredSpan:
    given = {
        name: value
        for name, value in one.dict(by_alias=False).items()
        if value not in (None, "", [], {}) and name not in IDENTITY and not name.startswith("_")
    }
    start = _nanoseconds(one.start_time)
    return StoredSpan(
        id=one.id,
        parent=one.parent_observation_id or "",
        name=one.name or "",
        start=start,
        end=_nanoseconds(one.end_time) if one.end_time else start,
        attributes=len(given) + _leaves(one.metadata or {}),
        tokens=_tokens(one.usage_details or {}) if one.type == "GENERATION" else {},
        cost=(one.cost_details or {}).get("total"),
    )


def _nanoseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


def _leaves(value: Any) -> int:
    """Entries of nested metadata."""
    return sum(map(_leaves, value.values())) if isinstance(value, dict) else 1


def _tokens(usage: dict[str, int]) -> dict[str, int]:
    """Undo what the sink does: Langfuse's kinds are disjoint, ours are parts of the whole."""
    found = {}
    cached, reasoning = usage.get("input_cached_tokens"), usage.get("output_reasoning_tokens")
    if "input" in usage:
        found["input"] = usage["input"] + (cached or 0)
    if "output" in usage:
        found["output"] = usage["output"] + (reasoning or 0)
    if cached is not None:
        found["cached"] = cached
    if reasoning is not None:
        found["reasoning"] = reasoning
    return found
