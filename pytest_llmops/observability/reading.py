"""Every attempt of a run, searched for in a tool and read back, with what that took."""

import time
from collections.abc import Sequence

import msgspec

from pytest_llmops.observability.backend import Backend, StoredTrace
from pytest_llmops.runs.record import Record, Run
from pytest_llmops.sinks.spans import Trace, trace_of


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: what was sent by the record, and what came back."""

    record: Record
    sent: Trace
    stored: StoredTrace | None
    """None where the search by case did not lead to it."""
    queries: int
    """From the case id to everything there is of the attempt."""
    seconds: float


class Readings(msgspec.Struct, frozen=True, kw_only=True):
    """All attempts of a run."""

    attempts: tuple[Reading, ...]
    strange: tuple[StoredTrace, ...]
    """Traces of run and cases that no record stands for."""
    run_figures: int


def read_back(backend: Backend, run: Run, records: Sequence[Record]) -> Readings:
    """Ask a tool for every attempt, starting from the id of its case.

    Args:
        backend: The tool, asked about this run.
        run: The run.
        records: All of it, as they were sent.

    Raises:
        SinkError: The tool does not answer.
    """
    by_case: dict[str, list[Record]] = {}
    for record in records:
        by_case.setdefault(record.case, []).append(record)
    found: list[Reading] = []
    strange: list[StoredTrace] = []
    for case, attempts in by_case.items():
        begun, before = time.perf_counter(), backend.seen.queries
        ids = backend.find(case)
        searched, asked = time.perf_counter() - begun, backend.seen.queries - before
        traces = [trace_of(run, record) for record in attempts]
        for record, sent in zip(attempts, traces, strict=True):
            begun, before = time.perf_counter(), backend.seen.queries
            stored = once(backend.fetch(sent.id)) if sent.id in ids else None
            found.append(
                Reading(
                    record=record,
                    sent=sent,
                    stored=stored,
                    queries=asked + backend.seen.queries - before,
                    seconds=searched + time.perf_counter() - begun,
                )
            )
        foreign = [one for one in ids if one not in {trace.id for trace in traces}]
        strange += [trace for trace in map(backend.fetch, foreign) if trace]
    return Readings(attempts=tuple(found), strange=tuple(strange), run_figures=backend.figures())


def once(stored: StoredTrace | None) -> StoredTrace | None:
    """A trace with each span once, and the copies counted: what is sent twice may be read twice."""
    if stored is None:
        return None
    spans = tuple({span.id: span for span in stored.spans}.values())
    copies = len(stored.spans) - len(spans)
    return msgspec.structs.replace(stored, spans=spans, copies=copies)
