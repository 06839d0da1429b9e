"""The process that starts the model, sends all requests and writes all records.

There is one a session. Without xdist it runs the attempts too, and so is a worker of itself.
"""

import threading
import time
from collections.abc import Mapping
from functools import cached_property

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.errors import CompareError, Decided, EndpointError
from pytest_llmops.generation.broker import Address, BrokerServer
from pytest_llmops.generation.keys import Key
from pytest_llmops.grading.grade import Grade
from pytest_llmops.report.terminal import Live
from pytest_llmops.runs.ids import draw_id
from pytest_llmops.runs.record import End, Record
from pytest_llmops.session.agents import open_agent
from pytest_llmops.session.answers import Answers, check_model, open_answers
from pytest_llmops.session.asking import Requests, require_model
from pytest_llmops.session.attempt import make_record
from pytest_llmops.session.attendance import Attendance
from pytest_llmops.session.bench import Bench, encoding
from pytest_llmops.session.describing import describe, open_gate
from pytest_llmops.session.gating import Gate
from pytest_llmops.session.options import Options
from pytest_llmops.session.recording import Recording, reach
from pytest_llmops.session.rounds import Rounds
from pytest_llmops.session.telling import head, left_out, tail
from pytest_llmops.session.worker import Worker
from pytest_llmops.tasks.selection import Selection

_decoder = msgspec.json.Decoder(Record)


class Controller(Worker):
    """The process that starts the model, sends all requests and writes all records."""

    def __init__(self, options: Options, selection: Selection) -> None:
        """Prepare; nothing is started before `announce`.

        Raises:
            ModelError: The model is unknown.
            CompareError: There is no such baseline.
        """
        super().__init__(options, selection, None, run=draw_id(options.model))
        self._bench = Bench(options, selection)
        self._agent = open_agent(options)
        if options.model:
            check_model(options.model, options.models_file)
        if options.gate:
            options.gate.require_known(options.runs)
        self.attendance = Attendance()
        self._ready = threading.Event()
        self._answers: Answers | None = None
        self._recording: Recording | None = None
        self._gate: Gate | None = None
        self._rounds: Rounds | None = None

    @property
    def has_cache(self) -> bool:
        """Whether answers outlive this session in the completion cache."""
        return self._answers is not None and self._answers.cache is not None

    @property
    def announced(self) -> bool:
        """Whether a run is going on."""
        return self._recording is not None

    @property
    def gate_failure(self) -> str:
        """Why the gate fails the finished session; "" where it does not, or there is none."""
        return self._gate.failure if self._gate and self._recording else ""

    @property
    def progress(self) -> Live | None:
        """The progress line, where one is drawn."""
        return self._recording.progress if self._recording else None

    def header(self) -> list[str]:
        """Lines for the head of the session."""
        return head(self.options, self.selection)

    @cached_property
    def broker(self) -> tuple[Address, bytes]:
        """The door for workers, opened when first asked for: its address and key."""
        grades = encoding(self.await_grade) if self.options.grade else None
        server = BrokerServer(self.await_completion, grades)
        self._open.callback(server.close)
        return server.address, server.authkey

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Wait for an answer; before `announce`, for that too.

        Raises:
            EndpointError: There is none.
            Decided: None is needed, as the gate has its verdict or the case cannot be judged here.
        """
        if reason := self.selection.not_run(key[0]):
            raise Decided(reason)
        if not self._ready.is_set():
            self._ready.wait(timeout)
        if self._answers is None:
            said = "nothing was asked for; tests that take `attempt` have no other parameters"
            raise EndpointError(f"{key[0]} (sample {key[1]}): {said}")
        if self._rounds:
            self._rounds.wait(key, timeout)
        return self._bench.handed(key, self._answers.source.await_completion(key, timeout))

    def await_grade(self, key: Key, changed: Completion | None = None) -> Grade:
        """Wait for the grade of an answer; see `bench.Bench`."""
        return self._bench.await_grade(key, changed)

    def announce(self, keys: Mapping[str, Key]) -> None:
        """Start the model, the run and its requests.

        Args:
            keys: The selected attempts by the ids of their tests; for none, nothing is started.

        Raises:
            LlmopsError: Model, sandbox, records file, cache, baseline or a sink cannot be used.
        """
        keys = {name: key for name, key in keys.items() if not self.selection.not_run(key[0])}
        try:
            if keys:
                self._start(keys)
            elif self.options.gate:
                raise CompareError("--gate: no attempt is selected, so there is nothing to judge")
        finally:
            self._ready.set()

    def _start(self, keys: Mapping[str, Key]) -> None:
        self.attendance = Attendance(keys)
        options = self.options
        require_model(options)
        first = list(keys.values())
        self._gate = open_gate(options, self.selection, first)
        self._bench.prove(first)  # like sinks, before a model is loaded in vain
        reached = reach(options)
        self._answers = open_answers(options, self._agent, self._bench.judging)
        if options.grade:
            self._answers.source.arrived = self._bench.offer
        self._answers.meet(judged=bool(options.gate), trusted=options.trust_cache)
        run = describe(self.run, options, self.selection, first, self._answers)
        if self._gate:
            self._gate.begin(run)
        if self._gate and self.sequential:
            self._rounds = Rounds(self._gate.plan(first, self._clusters(first)), self._judge)
            first = self._rounds.first
        requests = Requests(self.selection, first, self._answers.identity)  # or a refusal
        self._recording = Recording(run, options, self._answers, reached)
        self._answers.source.start(self._recording.noted(requests))

    def _judge(self) -> bool:
        assert self._gate
        assert self._recording
        return self._gate.look(self._recording.so_far().records)

    def attempt_ended(self, nodeid: str) -> list[tuple[str, object]]:
        """A test is over, and a sequential gate may let more follow; gives its late properties."""
        key = self.attendance.key(nodeid)
        assert self._answers
        assert self._recording
        if key and self._rounds and (following := self._rounds.end(key)):
            requests = Requests(self.selection, following, self._answers.identity)
            self._answers.source.extend(self._recording.noted(requests))
            self._rounds.release(following)
        return self._recording.late(key)

    def show_progress(self) -> None:
        """Draw the progress line from now on."""
        assert self._answers
        assert self._recording
        speed = self._answers.source.progress
        self._recording.show_progress(len(self.attendance), lambda: speed().tokens_per_second)

    def keep(self, record: Record | str) -> None:
        """Write the record of a finished attempt, which comes from a worker as JSON.

        Raises:
            RecordError: The file cannot be written.
        """
        assert self._recording
        self._recording.keep(_decoder.decode(record) if isinstance(record, str) else record)

    def keep_fault(self, nodeid: str, error: str) -> None:
        """Put an attempt on record that left none: its set-up failed or its worker died.

        Raises:
            RecordError: The file cannot be written.
        """
        key = self.attendance.key(nodeid)
        assert self._answers
        assert self._recording
        if key is None or key in self._recording.records:
            return
        try:
            completion = self._answers.source.await_completion(key, timeout=0)
        except EndpointError:
            completion = None  # it had not come yet
        case = self.selection.cases[key[0]]
        record = make_record(case, key[1], completion, content=self.options.content)
        self._recording.keep(msgspec.structs.replace(record, error=error))

    def finish(self, exit_status: int) -> int:
        """Judge the run, write its last line and let go of everything; returns the exit status.

        Raises:
            RecordError: The file cannot be written.
        """
        self._bench.close()
        if self._recording:
            rounds, found = self._rounds, self._recording.records
            asked, decided = (rounds.released, rounds.decided_after) if rounds else (None, None)
            exit_status = exit_status or self.attendance.check(found, asked)
            end = End(finished=time.time(), exit_status=exit_status, decided_after=decided)
            if self._gate:
                self._gate.decide(self._recording.so_far(end))
                exit_status = exit_status or self._gate.exit_status
                end = msgspec.structs.replace(end, exit_status=exit_status, gate=self._gate.gated)
            self._recording.finish(end)
        self.close()
        return exit_status

    def summary(self, *, width: int, color: bool) -> str:
        """The run in numbers, for the end of the session."""
        assert self._recording
        told = [*left_out(self.selection), *(self._answers.problems() if self._answers else [])]
        told += [*self._recording.told, *self._bench.told(), *self.attendance.told()]
        wanted = self._rounds.decided_after if self._rounds else None
        parts = [*told, *(self._gate.parts() if self._gate else [])]
        return tail(self._recording, wanted, parts, width=width, color=color)

    def close(self) -> None:
        """Let go of everything; safe to repeat."""
        self._ready.set()
        if self._rounds:
            self._rounds.close()
        self._bench.close()
        if self._answers:
            self._answers.close()
        super().close()
        if self._recording:
            self._recording.close()
