"""What runs and attempts hold, read from their files when somebody looks at them."""

from collections.abc import Sequence
from threading import Lock
from typing import Any

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.report.cases_table import details
from pytest_llmops.report.subject import Subject, read_links, subject_of
from pytest_llmops.runs.lines import record_at
from pytest_llmops.runs.reading import RecordedRun, read_run
from pytest_llmops.runs.record import Record
from pytest_llmops.viewer.shown import Shown

KEPT = 4
"""Comparisons that are kept, the last ones: each holds its runs, without their texts."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt with its texts."""

    shown: Shown
    record: Record
    links: dict[str, str]
    """Addresses of its traces, by sink."""
    samples: tuple[int, ...]
    """Of the same case in the same run."""


class Closer:
    """Reads, and keeps what it compared last."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], Subject] = {}
        self._lock = Lock()

    def subject(self, runs: Sequence[Shown]) -> Subject:
        """The report on runs, the first of them the baseline of the others; without texts.

        Raises:
            RecordError: A run, or the links beside it, cannot be read.
        """
        key = tuple((run.path, run.stamp) for run in runs)
        with self._lock:  # whoever asks twice waits for the first answer
            if key not in self._kept:
                self._kept[key] = subject_of([_read(run) for run in runs])
            while len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
            return self._kept[key]


def _read(shown: Shown) -> RecordedRun:
    if shown.broken:
        raise RecordError(shown.broken)
    return read_run(shown.path, content=False)


def texts(runs: Sequence[Shown], case: str) -> dict[str, Any]:
    """What the page of a report shows of one case when it is opened.

    Raises:
        RecordError: A file cannot be read, or no run has the case.
    """
    found = [
        RecordedRun(
            path=run.path,
            run=run.run,
            records=tuple(record_at(run.path, one.place) for one in run.by_case.get(case, ())),
            end=None,
        )
        for run in runs
    ]
    subject = Subject(runs=tuple(found), links=tuple(read_links(run.path) for run in runs))
    if not subject.cases:
        raise RecordError(f"{case}: no attempt at it in these runs")
    return details(subject)[0]


def attempt(shown: Shown, case: str, sample: int) -> Attempt:
    """One attempt.

    Raises:
        RecordError: There is none, or its file cannot be read.
    """
    entry = shown.entries.get((case, sample))
    if entry is None:
        raise RecordError(f"{shown.name}: no attempt at {case!r}, sample {sample}")
    links = read_links(shown.path).get(f"{case}@{sample}", {})
    return Attempt(
        shown=shown,
        record=record_at(shown.path, entry.place),
        links=dict(links),
        samples=tuple(one.sample for one in shown.by_case[case]),
    )
