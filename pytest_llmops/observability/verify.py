"""What sinks took, read back: each attempt with its spans and scores, and the summary of the run.

Some servers acknowledge what they lose later (a queue's job dies, a store refuses). What cannot be
read back is written into the ledger as lost, so that the next delivery sends it again.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec

from pytest_llmops.errors import SinkError
from pytest_llmops.observability.backend import Backend
from pytest_llmops.observability.measure import connect
from pytest_llmops.observability.reading import Reading
from pytest_llmops.observability.traceability import has_all
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import Record
from pytest_llmops.sinks.delivery.ledger import Entry, Key, Ledger, claim
from pytest_llmops.sinks.probe import place
from pytest_llmops.sinks.settings import read as read_settings
from pytest_llmops.sinks.spans import trace_of

PATIENCE = 45.0
"""Seconds in which what was taken must become readable: Langfuse shows scores after eleven."""

PAUSE = 2.0
"""Seconds between two looks at what is missing."""

AT_ONCE = 4
"""Attempts read at the same time."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a run in one sink."""

    sink: str
    verified: int = 0
    lost: int = 0
    """Attempts that were taken and are not there, or not whole; or 1 for the summary of the run."""
    problem: str = ""
    """Why it could not be asked, or what of it did not answer."""


def verify(
    found: RecordedRun,
    names: Sequence[str],
    environment: Mapping[str, str],
    *,
    patience: float = PATIENCE,
) -> list[Checked]:
    """Read back what the ledger holds as delivered, and write down what was found.

    Args:
        found: The run.
        names: Of sinks.
        environment: Where settings, keys and places are read.
        patience: See `PATIENCE`.

    Raises:
        SinkError: The run is being delivered, or its ledger cannot be used.
    """
    folder = found.path.parent
    with claim(folder):
        ledger = Ledger(folder)
        return [_verify(one, found, environment, ledger, patience) for one in names]


def _verify(
    name: str, found: RecordedRun, environment: Mapping[str, str], ledger: Ledger, patience: float
) -> Checked:
    """Verify one sink; one that cannot be asked keeps what the ledger says."""
    try:
        settings = read_settings(name, environment)
        where = place(settings)
        delivered = ledger.delivered(name, where)
        records = [one for one in found.records if _key(one) in delivered]
        backend = connect(name, settings, found.run, environment)
    except SinkError as error:
        return Checked(sink=name, problem=str(error))
    try:
        missing, summary = _missing(backend, found, records, time.monotonic() + patience)
    except SinkError as error:
        return Checked(sink=name, problem=str(error))
    finally:
        backend.seen.close()
    there = tuple(sorted(set(map(_key, records)) - missing))
    ledger.add(
        Entry(
            sink=name,
            where=where,
            verified=there,
            lost=tuple(sorted(missing)),
            unfinished=not summary and ledger.finished(name, where),
        )
    )
    problem = "; ".join(backend.seen.problems)
    lost = len(missing) + (not summary)
    return Checked(sink=name, verified=len(there), lost=lost, problem=problem)


def _missing(
    backend: Backend, found: RecordedRun, records: Sequence[Record], deadline: float
) -> tuple[set[Key], bool]:
    """Attempts that are not there whole by a time, and whether the summary of the run is."""

    def is_there(record: Record) -> bool:
        sent = trace_of(found.run, record)
        stored = backend.fetch(sent.id)
        return has_all(Reading(record=record, sent=sent, stored=stored, queries=0, seconds=0))

    missing, summary = list(records), False
    while True:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(is_there, missing))
        missing = [one for one, there in zip(missing, answers, strict=True) if not there]
        summary = summary or backend.figures() != 0
        if (not missing and summary) or time.monotonic() > deadline:
            return set(map(_key, missing)), summary
        time.sleep(PAUSE)


def _key(record: Record) -> Key:
    return record.case, record.sample
