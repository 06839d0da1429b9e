"""A run from its first request to its last line; what it needs is imported when it begins."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.keys import Key
from pytest_llmops.grading.graded import Grade
from pytest_llmops.runs.record import End, Record
from pytest_llmops.session.answering.answers import Answers
from pytest_llmops.session.answering.asking import Requests
from pytest_llmops.session.answering.source import open_answers
from pytest_llmops.session.attendance import Attendance
from pytest_llmops.session.bench import Bench
from pytest_llmops.session.describing import describe, open_gate
from pytest_llmops.session.gating import Gate
from pytest_llmops.session.made import make_record
from pytest_llmops.session.options import Options
from pytest_llmops.session.recording import Recording, reach
from pytest_llmops.session.rounds import Rounds
from pytest_llmops.session.telling import left_out
from pytest_llmops.tasks.selection import Selection

if TYPE_CHECKING:  # one direct answer needs none
    from pytest_llmops.agents.settings import Agent

_decoder = msgspec.json.Decoder(Record)


class Running:
    """Model, graders, gate and records file of a run; close it when the session ends."""

    def __init__(self, options: Options, selection: Selection, agent: "Agent | None") -> None:
        """Prepare; nothing is started before `start`."""
        self._options = options
        self._selection = selection
        self._agent = agent
        self._bench = Bench(options, selection)
        self._answers: Answers | None = None
        self._gate: Gate | None = None
        self._rounds: Rounds | None = None
        self.recording: Recording | None = None
        """None until everything is started."""

    @property
    def answers(self) -> Answers:
        """Where completions come from."""
        assert self._answers
        return self._answers

    @property
    def gate_failure(self) -> str:
        """Why the gate fails the finished session; "" where it does not, or there is none."""
        return self._gate.failure if self._gate and self.recording else ""

    def start(self, run: str, keys: Sequence[Key]) -> None:
        """Start the model, the run and its requests.

        Args:
            run: Id of the run.
            keys: The selected attempts.

        Raises:
            LlmopsError: Model, sandbox, records file, cache, baseline or a sink cannot be used.
        """
        options = self._options
        self._gate = open_gate(options, self._selection, keys)
        self._bench.prove(keys)  # like sinks, before a model is loaded in vain
        reached = reach(options)
        bench = self._bench.for_agent(self._agent) if self._agent else None
        self._answers = answers = open_answers(options, self._agent, bench)
        if options.grade:
            answers.source.arrived = self._bench.offer
        answers.meet(judged=bool(options.gate), trusted=options.trust_cache)
        described = describe(run, options, self._selection, keys, answers)
        if self._gate:
            self._gate.begin(described)
        if self._gate and options.gate and options.gate.sequential:
            clusters = {name: self._selection.cases[name].cluster for name, _ in keys}
            self._rounds = Rounds(self._gate.plan(keys, clusters), self._judge)
            keys = self._rounds.first
        requests = Requests(self._selection, keys, answers.identity)  # or a refusal
        self.recording = Recording(described, options, answers, reached)
        answers.source.start(self.recording.noted(requests))

    def _judge(self) -> bool:
        assert self._gate
        assert self.recording
        return self._gate.look(self.recording.so_far().records)

    def await_completion(self, key: Key, timeout: float | None) -> Completion:
        """Wait for an answer, and for the turn of its attempt.

        Raises:
            EndpointError: There is none.
            Decided: None is needed, as the gate has its verdict.
        """
        if self._rounds:
            self._rounds.wait(key, timeout)
        return self._bench.handed(key, self.answers.source.await_completion(key, timeout))

    def await_grade(self, key: Key, changed: Completion | None) -> Grade:
        """Wait for the grade of an answer; see `bench.Bench`."""
        return self._bench.await_grade(key, changed)

    def keep(self, record: Record | str) -> None:
        """Write a record, which comes from a worker as JSON.

        Raises:
            PlaceError: It has none but a fault, as no answer can be graded any more.
            RecordError: The file cannot be written.
        """
        assert self.recording
        record = _decoder.decode(record) if isinstance(record, str) else record
        if record.error:
            self._bench.require_place()
        self.recording.keep(record)

    def keep_fault(self, key: Key, error: str) -> None:
        """Put an attempt on record that left no record.

        Raises:
            PlaceError, RecordError: See `keep`.
        """
        self._bench.require_place()
        assert self.recording
        if key in self.recording.records:
            return
        try:
            completion = self.answers.source.await_completion(key, timeout=0)
        except EndpointError:
            completion = None  # it had not come yet
        case = self._selection.cases[key[0]]
        record = make_record(case, key[1], completion, content=self._options.content)
        self.recording.keep(msgspec.structs.replace(record, error=error))

    def ended(self, key: Key | None) -> list[tuple[str, object]]:
        """An attempt is over, and a sequential gate may let more follow; gives late properties."""
        assert self.recording
        if key and self._rounds and (following := self._rounds.end(key)):
            requests = Requests(self._selection, following, self.answers.identity)
            self.answers.source.extend(self.recording.noted(requests))
            self._rounds.release(following)
        return self.recording.late(key)

    def show_progress(self, total: int) -> None:
        """Draw the progress line from now on."""
        assert self.recording
        speed = self.answers.source.progress
        self.recording.show_progress(total, lambda: speed().tokens_per_second)

    def finish(self, exit_status: int, attendance: Attendance) -> int:
        """Judge the run and write its last line; returns the exit status.

        Raises:
            RecordError: The file cannot be written.
        """
        self._bench.close()
        if self.recording is None:
            return exit_status
        rounds, found = self._rounds, self.recording.records
        asked, decided = (rounds.released, rounds.decided_after) if rounds else (None, None)
        exit_status = exit_status or attendance.check(found, asked)
        end = End(finished=time.time(), exit_status=exit_status, decided_after=decided)
        if self._gate:
            self._gate.decide(self.recording.so_far(end))
            exit_status = exit_status or self._gate.exit_status
            end = msgspec.structs.replace(end, exit_status=exit_status, gate=self._gate.gated)
        self.recording.finish(end)
        return exit_status

    def summary(self, attendance: Attendance, *, width: int, color: bool) -> str:
        """The run in numbers, and what there is to tell below them, for the end of the session.

        Args:
            attendance: Who came.
            width: Of the terminal, in columns.
            color: Whether it shows colours.
        """
        from pytest_llmops.report.terminal import render, summary_parts

        assert self.recording
        told = [*left_out(self._selection), *self.answers.problems(), *self.recording.told]
        told += [*self._bench.told(), *attendance.told()]
        run, seconds = self.recording.so_far(), self.recording.seconds
        wanted = self._rounds.decided_after if self._rounds else None
        quality: list[str] = []
        if self._options.quality:
            from pytest_llmops.quality.beside import told_quality

            quality = told_quality(run)
        parts = summary_parts(run.run, run.records, seconds=seconds, wanted=wanted, quality=quality)
        parts += [*told, *(self._gate.parts() if self._gate else [])]
        return render(parts, width=width, color=color)

    def close(self) -> None:
        """Let go of everything; safe to repeat."""
        if self._rounds:
            self._rounds.close()
        self._bench.close()
        if self._answers:
            self._answers.close()
        if self.recording:
            self.recording.close()
