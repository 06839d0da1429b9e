"""A process that runs attempts: it owns a sandbox and waits for completions from the controller."""

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from pytest_llmops.agents.settings import DIRECT
from pytest_llmops.cases import Case
from pytest_llmops.completions import Completion
from pytest_llmops.generation.broker import Address, BrokerClient
from pytest_llmops.generation.keys import Key
from pytest_llmops.runs.traces import traceparent
from pytest_llmops.sandbox import NodePool
from pytest_llmops.session.attempt import Attempt
from pytest_llmops.session.gating import in_order
from pytest_llmops.session.options import Options
from pytest_llmops.tasks.materialize import Task
from pytest_llmops.tasks.selection import Selection


class Worker:
    """A process that runs attempts."""

    def __init__(
        self,
        options: Options,
        selection: Selection,
        broker: tuple[Address, bytes] | None,
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
        self._pools: dict[Path, NodePool] = {}
        self._opening = threading.Lock()
        self._at_once = 1 if broker or options.agent.name == DIRECT else 4

    @cached_property
    def _client(self) -> BrokerClient:
        assert self._broker
        client = BrokerClient(*self._broker)
        self._open.callback(client.close)
        return client

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Wait for an answer; see `broker.BrokerClient`."""
        return self._client.await_completion(key, timeout)

    @property
    def sequential(self) -> bool:
        """Whether attempts are made only while a gate is undecided."""
        return self.options.gate is not None and self.options.gate.sequential

    def order(self, keys: Sequence[Key]) -> list[Key]:
        """Attempts in the order in which a sequential gate asks for them."""
        return in_order(keys, self._clusters(keys))

    def _clusters(self, keys: Sequence[Key]) -> dict[str, str]:
        return {name: self.selection.cases[name].cluster for name, _ in keys}

    def attempt(self, key: Key) -> Attempt:
        """The attempt a test works with."""
        pool: Callable[[Case], NodePool] | None = self._pool if self.options.grade else None
        parent = traceparent(self.run, *key) if self.run else ""
        return Attempt(key, self.selection, self.await_completion, pool, traceparent=parent)

    def _pool(self, case: Case) -> NodePool:
        root = self.selection.tree(case).root
        with self._opening:
            if root not in self._pools:
                pool = NodePool(root, size=self._at_once, isolation=self.options.sandbox)
                self._pools[root] = self._open.enter_context(pool)
            return self._pools[root]

    def bench(self, case_id: str) -> tuple[Task, NodePool]:
        """What an agent has an answer judged by between its turns; for any thread."""
        task = self.selection.task(case_id)
        return task, self._pool(task.case)

    def prove_sandbox(self, keys: Iterable[Key]) -> None:
        """Start a sandbox and end it, before anything is asked of a model and paid for.

        Raises:
            SandboxError: It does not start; says why, and how to go on without it.
        """
        first = next(iter(keys), None)
        if self.options.grade and first:
            root = self.selection.tree(self.selection.cases[first[0]]).root
            NodePool(root, isolation=self.options.sandbox).close()

    def close(self) -> None:
        """Let go of sandboxes and connections; may be called twice."""
        self._open.close()
