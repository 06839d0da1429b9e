"""Records on their way to one sink: in batches while the run goes on, the rest when it ends.

The records file is the queue. A sink that fails is left alone for a while and tried once more at
the end; what it has not taken by then waits for `llmops sync`.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from pytest_llmops.runs.record import Record
from pytest_llmops.sinks.delivery.backlog import BATCH, Backlog, batches
from pytest_llmops.sinks.delivery.destination import DeliveryError, Destination, RejectedError
from pytest_llmops.sinks.delivery.ledger import Entry, Key, Ledger

INTERVAL = 1.0
"""Seconds between two looks at what has come."""

PAUSE = 30.0
"""Seconds for which a sink that failed is left alone."""


class Carrier:
    """One sink's part of a run."""

    def __init__(
        self,
        sink: str,
        where: str,
        connect: Callable[[], Destination],
        ledger: Ledger,
        *,
        most: int = BATCH,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            sink: Name of the sink.
            where: Its place, as the ledger has it.
            connect: Opens the way to it; may fail as `Destination.send` does.
            ledger: Of the run.
            most: Attempts a batch.
        """
        self.sink = sink
        self.problem = ""
        """Why not everything is delivered, or what the sink did without; the last reason."""
        self.done = False
        """Whether it has come to its end, well or not."""
        self._where = where
        self._connect = connect
        self._ledger = ledger
        self._most = most
        self._destination: Destination | None = None
        self._delivered = ledger.delivered(sink, where)
        self._half = ledger.half(sink, where)
        self._refused: set[Key] = set()

    def run(self, backlog: Backlog) -> None:
        """Deliver until the backlog is complete and empty, or the sink fails at the end."""
        resume = told = 0.0
        while True:
            last = backlog.complete.is_set()
            if last and told > time.monotonic():
                time.sleep(min(told - time.monotonic(), PAUSE))
            if last or time.monotonic() >= resume:
                try:
                    self._deliver(backlog, last=last)
                except Exception as error:  # noqa: BLE001 - SDKs raise anything; this is a boundary
                    self.problem = _reason(error)
                    asked = error.retry_after if isinstance(error, DeliveryError) else 0.0
                    told = time.monotonic() + asked
                    resume = told if asked else told + PAUSE
            if last:
                self.done = True
                return
            backlog.complete.wait(INTERVAL)

    def links(self, records: Sequence[Record]) -> dict[Key, str]:
        """Where the traces of delivered attempts are."""
        if self._destination is None:
            return {}
        return self._destination.links([one for one in records if _key(one) in self._delivered])

    def page(self) -> str:
        """Where the run as a whole is."""
        return self._destination.page() if self._destination else ""

    def _deliver(self, backlog: Backlog, *, last: bool) -> None:
        kept = list(backlog.kept)
        taken = self._delivered | self._refused
        waiting = [one for one in kept if _key(one.record) not in taken]
        finished = not last or self._ledger.finished(self.sink, self._where)
        if not waiting and finished and (last or self._destination):
            return
        if self._destination is None:
            self._destination = self._connect()
        for batch in batches(waiting, self._most):
            self._send(self._destination, list(backlog.whole(batch)))
        if not self._refused:
            self.problem = ""
        if not finished:
            records = [one.record for one in kept]
            problem = self._destination.finish(records, backlog.end, partial(backlog.whole, kept))
            self.problem = problem or self.problem
            self._ledger.add(Entry(sink=self.sink, where=self._where, finished=True))

    def _send(self, destination: Destination, batch: Sequence[Record]) -> None:
        """Send a batch; one that is refused goes in halves, until those refused are single."""
        try:
            destination.send(batch, self._half)
        except DeliveryError as error:
            if error.half:
                self._note_half(batch)
            if not isinstance(error, RejectedError):
                raise
            self.problem = f"{error}; sent again as it is, it would be refused again"
            if len(batch) == 1:
                self._refused.add(_key(batch[0]))
                return
            middle = len(batch) // 2
            self._send(destination, batch[:middle])
            self._send(destination, batch[middle:])
            return
        keys = tuple(map(_key, batch))
        self._ledger.add(Entry(sink=self.sink, where=self._where, attempts=keys))
        self._delivered.update(keys)

    def _note_half(self, batch: Sequence[Record]) -> None:
        keys = tuple(key for key in map(_key, batch) if key not in self._half)
        if keys:
            self._ledger.add(Entry(sink=self.sink, where=self._where, half=keys))
            self._half.update(keys)


def _key(record: Record) -> Key:
    return record.case, record.sample


def _reason(error: Exception) -> str:
    """Why it failed, in one line: SDKs add statements and stacks."""
    said = str(error).strip().split("\n", maxsplit=1)[0][:300]
    return said if isinstance(error, DeliveryError) else f"{type(error).__name__}: {said}"
