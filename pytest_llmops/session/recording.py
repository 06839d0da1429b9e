"""The run in progress: its records, completed with what only the controller knows, and kept."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_llmops.errors import RecordError
from pytest_llmops.generation.keys import Key
from pytest_llmops.hiding import PIECE
from pytest_llmops.models import USUAL
from pytest_llmops.runs.reading import RecordedRun
from pytest_llmops.runs.record import End, Record, RecordFile, Run
from pytest_llmops.runs.trajectory import write_trajectory
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.session.answering.asking import Requests
from pytest_llmops.session.options import Options
from pytest_llmops.session.written import measure_run
from pytest_llmops.sinks.withhold import redactor, without_secrets

if TYPE_CHECKING:
    from pytest_llmops.report.terminal import Live
    from pytest_llmops.sinks.delivery.open import Reached, Sinks


def reach(options: Options) -> "Reached | None":
    """See which sinks are there; None where none is named, which costs nothing.

    Raises:
        SinkError: One that the user named for this session is not.
    """
    if not options.sinks:
        return None
    from pytest_llmops.sinks.delivery.open import reach_sinks

    return reach_sinks(options.sinks, required=options.sinks_required, environment=os.environ)


def _open(reached: "Reached | None", run: Run, folder: Path, *, content: bool) -> "Sinks | None":
    if reached is None:
        return None
    from pytest_llmops.sinks.delivery.open import open_sinks

    return open_sinks(reached, run=run, folder=folder, content=content)


INTERRUPTED = 2
"""Exit status of a session that somebody wanted to end."""


class Recording:
    """Keeps the records of one run, in the file first."""

    def __init__(
        self, run: Run, options: Options, answers: Answers, reached: "Reached | None"
    ) -> None:
        """Create the records file and open the sinks.

        Args:
            run: What all records have in common.
            options: The command line.
            answers: What is asked.
            reached: The sinks, where any were named; see `reach`.

        Raises:
            RecordError: The file cannot be written.
        """
        self.records: dict[Key, Record] = {}
        self._asked: dict[Key, Requests] = {}
        self.progress: Live | None = None
        self.told: list[str] = []
        """What the sinks had to say at the end, and why code quality was not measured."""
        self._content = options.content
        self._options = options
        self._answers = answers
        self._hide = redactor(os.environ)
        self._hide_written = redactor(os.environ, PIECE)
        """For what a model wrote, of which a word that is somebody's password is left alone."""
        self._began = time.monotonic()
        self._file = RecordFile(options.runs, run)
        self._sinks = _open(reached, run, self._file.path.parent, content=options.content)
        self._closed = False

    @property
    def run(self) -> Run:
        """What all records have in common."""
        return self._file.run

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._began

    def noted(self, requests: Requests) -> Requests:
        """The same requests, noted: a record gets its prompt from there."""
        self._asked |= dict.fromkeys(requests, requests)
        return requests

    def show_progress(self, total: int, tokens_per_second: Callable[[], float]) -> None:
        """Draw the progress line from now on."""
        from pytest_llmops.report.terminal import Live

        self.progress = Live(total, tokens_per_second)

    def keep(self, record: Record) -> None:
        """Write a record with what only the controller knows, and without secrets.

        Raises:
            RecordError: The file cannot be written, or the attempt is on record already.
        """
        key = record.case, record.sample
        if key in self.records:
            self._file.broken = True
            raise RecordError(f"{record.case} (sample {record.sample}): attempted twice in a run")
        record = without_secrets(self._broken(record), self._hide, self._hide_written)
        record = msgspec.structs.replace(record, **self._known(record))
        self._file.write(record)
        write_trajectory(self._file.path.parent, self.run, record)
        # The file has the texts; what counts, and what a gate compares, does without them.
        self.records[key] = msgspec.structs.replace(record, prompt=(), text="")
        if self._sinks:
            self._sinks.emit(record)
        if self.progress:
            self.progress.advance(record)

    def late(self, key: Key | None) -> list[tuple[str, object]]:
        """Properties of an attempt that are not known where it is made."""
        priced = self.records[key].priced if key in self.records else None
        return [] if priced is None else [("llmops.priced_tokens", round(priced, 1))]

    def _broken(self, record: Record) -> Record:
        """A failed attempt with what its agent had done by then."""
        loop = self._answers.broken.get((record.case, record.sample))
        if loop is None or record.usage:
            return record
        return msgspec.structs.replace(
            record, loop=loop if self._content else loop.without_content()
        )

    def _known(self, record: Record) -> Mapping[str, Any]:
        known: dict[str, Any] = {}
        key = record.case, record.sample
        if key in self._asked:
            request = self._asked[key][key]
            known["prompt"] = request.messages if self._content else ()
            known["prompt_sha256"] = request.prompt_sha256
        if (prices := self._answers.prices) and record.spent:
            known["cost"] = prices.cost(record.spent)
        if record.loop and record.spent:
            known["priced"] = (self._answers.prices or USUAL).priced(record.spent)
        if engine := self._answers.engine:
            known["engine_memory"] = engine.peak_memory()
        return known

    def so_far(self, end: End | None = None) -> RecordedRun:
        """The run as a reader would find it."""
        records = tuple(self.records.values())
        return RecordedRun(path=self._file.path, run=self.run, records=records, end=end)

    def finish(self, end: End) -> None:
        """Write the last line, then let the sinks deliver.

        Raises:
            RecordError: The file cannot be written.
        """
        if self._closed:
            return
        named = {record.served_model for record in self.records.values()} - {""}
        end = msgspec.structs.replace(end, served=tuple(sorted(named)))
        if not self._file.broken:
            self._file.write(end)
            if self._options.quality and end.exit_status != INTERRUPTED:
                self.told += measure_run(self._file.path, self.run, self._options)
        self._close(end)

    def close(self) -> None:
        """Let go of everything; safe to repeat."""
        self._close(None)

    def _close(self, end: End | None) -> None:
        if self._closed:
            return
        self._closed = True
        if self.progress:
            self.progress.stop()
        self._file.close()
        if self._sinks:
            self._sinks.close(end, list(self.records.values()))
            self.told += self._sinks.lines()
