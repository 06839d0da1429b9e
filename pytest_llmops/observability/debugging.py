"""How far it is from a failing case to its prompt, its completion and its error or test output.

Measured on the attempts that were not solved: the median number of requests and of seconds from
the case id to everything the tool has of the attempt, and the share of texts on record that those
answers held.
"""

import json
import re
import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_llmops.observability.backend import Backend
from pytest_llmops.observability.reading import Reading, Readings
from pytest_llmops.observability.values import Debugging
from pytest_llmops.runs.record import Record
from pytest_llmops.sinks.links import Links, name_of

_TRACE_ID = re.compile(r"[0-9a-f]{32}")

DEPTH = 4
"""JSON in a text in JSON is taken apart so often at most."""


def debugging(found: Readings, links: Links, sink: str, *, opens: bool | None) -> Debugging:
    """Measure the way to the failing attempts of a run.

    Args:
        found: What was read back.
        links: Of the run.
        sink: Whose addresses count.
        opens: See `Debugging.opens`.
    """
    failing = [one for one in found.attempts if not one.record.solved]
    addresses = [link_of(one.record, links, sink) for one in failing]
    return Debugging(
        failing=len(failing),
        queries=_median([one.queries for one in failing]),
        seconds=_median([one.seconds for one in failing]),
        prompt=_share(failing, "prompt"),
        completion=_share(failing, "completion"),
        error=_share(failing, "error"),
        linked=sum(map(bool, addresses)) / len(failing) if failing else 0.0,
        opens=opens,
    )


def first_link_opens(found: Readings, links: Links, sink: str, backend: Backend) -> bool | None:
    """Whether the link of the first failing attempt that has one names the trace of that attempt.

    The pages of the tools pick the trace in the browser, so the trace that the address names is
    asked for instead, as the tool is asked for everything else. None without a link.
    """
    for one in found.attempts:
        address = link_of(one.record, links, sink)
        if address and not one.record.solved:
            named = _TRACE_ID.findall(address)
            stored = backend.fetch(named[-1]) if named else None
            return stored is not None and one.sent.root.id in {span.id for span in stored.spans}
    return None


def link_of(record: Record, links: Links, sink: str) -> str:
    """The address of an attempt in a tool; "" where there is none."""
    return links.get(name_of(record.case, record.sample), {}).get(sink, "")


def wanted(record: Record, part: str) -> tuple[str, ...]:
    """The texts on record that a person looks for; none where they were not kept.

    Args:
        record: A failing attempt.
        part: `prompt`, `completion` or `error`.
    """
    detail = record.grade.detail if record.grade else ""
    found = {
        "prompt": tuple(one.content for one in record.prompt),
        "completion": (record.text or record.refusal,),
        "error": (record.error or detail,),
    }[part]
    return tuple(text for text in found if text.strip())


def holds(answer: Any, text: str) -> bool:
    """Whether a text is in an answer, however often it was wrapped in JSON on its way."""
    return any(text in one for one in _texts(answer, DEPTH))


def _share(failing: list[Reading], part: str) -> float | None:
    """Of the attempts with such a text on record, the share that came back with all of it."""
    asked = [(one, texts) for one in failing if (texts := wanted(one.record, part))]
    if not asked:
        return None
    answers = [(one.stored and getattr(one.stored, part), texts) for one, texts in asked]
    return sum(all(holds(answer, text) for text in texts) for answer, texts in answers) / len(asked)


def _texts(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
        if depth and value[:1] in {"[", "{", '"'}:
            try:
                inner = json.loads(value)
            except ValueError:
                return
            yield from _texts(inner, depth - 1)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one, depth)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, depth)


def _median(values: list[float] | list[int]) -> float | None:
    return float(statistics.median(values)) if values else None
