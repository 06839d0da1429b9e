"""The process that starts the model, sends all requests and writes all records.

There is one a session. Without xdist it runs the attempts too, and so is a worker of itself. What a
run needs is in `running`, and loaded when a run begins; whoever lists tests does without.
"""

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_llmops.completions import Completion
from pytest_llmops.errors import CompareError, Decided, EndpointError
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.ids import draw_id
from pytest_llmops.session.agents import open_agent
from pytest_llmops.session.attendance import Attendance
from pytest_llmops.session.models import check_model, require_model
from pytest_llmops.session.options import Options
from pytest_llmops.session.telling import head
from pytest_llmops.session.worker import Worker
from pytest_llmops.tasks.selection import Selection

if TYPE_CHECKING:
    from pytest_llmops.generation.broker import Address
    from pytest_llmops.grading.graded import Grade
    from pytest_llmops.report.terminal import Live
    from pytest_llmops.runs.record import Record
    from pytest_llmops.session.running import Running


class Controller(Worker):
    """The process that starts the model, sends all requests and writes all records."""

    def __init__(self, options: Options, selection: Selection) -> None:
        """Prepare; nothing is started before `announce`.

        Raises:
            ModelError: The model is unknown.
            CompareError: There is no such baseline.
        """
        super().__init__(options, selection, None, run=draw_id(options.model))
        self._agent = open_agent(options)
        if options.model:
            check_model(options.model, options.models_file)
        if options.gate:
            options.gate.require_known(options.runs)
        self.attendance = Attendance()
        self._ready = threading.Event()
        self._running: Running | None = None

    @property
    def running(self) -> "Running":
        """What a run consists of."""
        assert self._running
        return self._running

    @property
    def has_cache(self) -> bool:
        """Whether answers outlive this session in the completion cache."""
        return self.announced and self.running.answers.cache is not None

    @property
    def announced(self) -> bool:
        """Whether a run is going on."""
        return self._running is not None and self._running.recording is not None

    @property
    def gate_failure(self) -> str:
        """Why the gate fails the finished session; "" where it does not, or there is none."""
        return self._running.gate_failure if self._running else ""

    @property
    def progress(self) -> "Live | None":
        """The progress line, where one is drawn."""
        recording = self._running.recording if self._running else None
        return recording.progress if recording else None

    def header(self) -> list[str]:
        """Lines for the head of the session."""
        return head(self.options, self.selection)

    @cached_property
    def broker(self) -> "tuple[Address, bytes]":
        """The door for workers, opened when first asked for: its address and key."""
        from pytest_llmops.generation.broker import BrokerServer
        from pytest_llmops.session.bench import encoding

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
        if self._running is None:
            said = "nothing was asked for; tests that take `attempt` have no other parameters"
            raise EndpointError(f"{key[0]} (sample {key[1]}): {said}")
        return self._running.await_completion(key, timeout)

    def await_grade(self, key: Key, changed: Completion | None = None) -> "Grade":
        """Wait for the grade of an answer; see `bench.Bench`."""
        return self.running.await_grade(key, changed)

    def announce(self, keys: Mapping[str, Key]) -> None:
        """Start the model, the run and its requests.

        Args:
            keys: The selected attempts by the ids of their tests; for none, nothing is started.

        Raises:
            LlmopsError: Model, sandbox, records file, cache, baseline or a sink cannot be used.
        """
        from pytest_llmops.session.running import Running

        keys = {name: key for name, key in keys.items() if not self.selection.not_run(key[0])}
        try:
            if keys:
                self.attendance = Attendance(keys)
                require_model(self.options)
                self._running = Running(self.options, self.selection, self._agent)
                self._running.start(self.run, list(keys.values()))
            elif self.options.gate:
                raise CompareError("--gate: no attempt is selected, so there is nothing to judge")
        finally:
            self._ready.set()

    def attempt_ended(self, nodeid: str) -> list[tuple[str, object]]:
        """A test is over, and a sequential gate may let more follow; gives its late properties."""
        return self.running.ended(self.attendance.key(nodeid))

    def show_progress(self) -> None:
        """Draw the progress line from now on."""
        self.running.show_progress(len(self.attendance))

    def keep(self, record: "Record | str") -> None:
        """Write the record of a finished attempt; see `running.Running`.

        Raises:
            PlaceError: It has none but a fault, as no answer can be graded any more.
            RecordError: The file cannot be written.
        """
        self.running.keep(record)

    def keep_fault(self, nodeid: str, error: str) -> None:
        """Put an attempt on record that left none: its set-up failed or its worker died.

        Raises:
            PlaceError, RecordError: See `keep`.
        """
        if key := self.attendance.key(nodeid):
            self.running.keep_fault(key, error)

    def finish(self, exit_status: int) -> int:
        """Judge the run, write its last line and let go of everything; returns the exit status.

        Raises:
            RecordError: The file cannot be written.
        """
        if self._running:
            exit_status = self._running.finish(exit_status, self.attendance)
        self.close()
        return exit_status

    def summary(self, *, width: int, color: bool) -> str:
        """The run in numbers, for the end of the session."""
        return self.running.summary(self.attendance, width=width, color=color)

    def close(self) -> None:
        """Let go of everything; safe to repeat."""
        self._ready.set()
        if self._running:
            self._running.close()
        super().close()
