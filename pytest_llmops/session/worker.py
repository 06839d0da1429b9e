"""A process that runs attempts; completions and grades come from the controller."""

from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.traces import traceparent
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.selection import Selection

if TYPE_CHECKING:  # what a session does not do, it does not load
    from pytest_llmops.generation.broker import Address, BrokerClient
    from pytest_llmops.grading.graded import Grade
    from pytest_llmops.session.attempt import Attempt


class Worker:
    """A process that runs attempts."""

    def __init__(
        self,
        options: Options,
        selection: Selection,
        broker: "tuple[Address, bytes] | None",
        *,
        run: str,
    ) -> None:
        """Prepare; nothing is started before it is needed.

        Args:
            options: The command line.
            selection: The cases.
            broker: Where completions come from; None in the controller.
            run: Id of the run that attempts belong to.
        """
        self.run = run
        self.options = options
        self.selection = selection
        self.attempts = selection.attempts()
        self._broker = broker
        self._open = ExitStack()

    @cached_property
    def _client(self) -> "BrokerClient":
        from pytest_llmops.generation.broker import BrokerClient

        assert self._broker
        client = BrokerClient(*self._broker)
        self._open.callback(client.close)
        return client

    @cached_property
    def _grades(self) -> "msgspec.msgpack.Decoder[Grade]":
        from pytest_llmops.grading.graded import Grade

        return msgspec.msgpack.Decoder(Grade)

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Wait for an answer; see `broker.BrokerClient`."""
        return self._client.await_completion(key, timeout)

    def await_grade(self, key: Key, changed: Completion | None = None) -> "Grade":
        """Wait for the grade of an answer, or of one that a test has put in its place.

        Raises:
            SandboxError: The sandbox cannot be used.
        """
        return self._grades.decode(self._client.await_grade(key, changed))

    @property
    def sequential(self) -> bool:
        """Whether attempts are made only while a gate is undecided."""
        return self.options.gate is not None and self.options.gate.sequential

    def order(self, keys: Sequence[Key]) -> list[Key]:
        """Attempts in the order in which a sequential gate asks for them."""
        from pytest_llmops.session.gating import in_order

        return in_order(keys, self._clusters(keys))

    def _clusters(self, keys: Sequence[Key]) -> dict[str, str]:
        return {name: self.selection.cases[name].cluster for name, _ in keys}

    def attempt(self, key: Key) -> "Attempt":
        """The attempt a test works with."""
        from pytest_llmops.session.attempt import Attempt

        await_grade = self.await_grade if self.options.grade else None
        parent = traceparent(self.run, *key) if self.run else ""
        return Attempt(key, self.selection, self.await_completion, await_grade, traceparent=parent)

    def close(self) -> None:
        """Let go of connections; may be called twice."""
        self._open.close()
