"""A Ray cluster: one judge on each of its free processors.

The controller alone connects. It hands a job to a free judge and waits. A judge whose worker or
node dies has its job taken away, which goes to another one, so every job has one report. What is
sent are jobs and reports; a source tree goes to the object store once, and to every node once. Of
trees of changes, a node gets the files that it has not had with another one.

If the head dies, the session's own node, or all nodes, nothing is judged any more: `lost` says why,
and whoever waits for a report hears it. What is on record by then is in the file, and the next
session goes on from there.
"""

import threading
import time
from pathlib import Path
from queue import Empty, Queue

from pytest_llmops.errors import PlaceError, SandboxError
from pytest_llmops.places.baggage import Baggage
from pytest_llmops.places.cores import cores
from pytest_llmops.places.hosts import RayHosts
from pytest_llmops.places.link import PULSE, Link
from pytest_llmops.places.remote import Work, reports
from pytest_llmops.places.seats import AT_ONCE, Seat, Seats, why
from pytest_llmops.places.travel import texts_of
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.cell import LONGEST
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.own_lock import OwnLock

OVERTIME = 120.0
"""Seconds beyond its longest time after which a job counts as lost with its judge."""
TRIES = 3
"""Judges that one job may lose."""
INSTALLED = 1800.0
"""Seconds that a node may take to install the packages of a repository."""


class RayPlace:
    """Judges on the nodes of a Ray cluster, one job per processor."""

    def __init__(self, address: str, isolation: Isolation) -> None:
        """Connect, and start the judges.

        Raises:
            PlaceError: Ray or the cluster is missing or full, or has other versions; or no node of
                it can judge.
        """
        self._link = Link(address)
        self._free: Queue[Seat] = Queue()
        self._seats = Seats(self._link.ray, address, isolation)
        self.hosts = RayHosts(self._link, self._seats)
        self._baggage = Baggage(self._link.ray.put)
        self._equipping = threading.Lock()
        self._equipped: set[OwnLock] = set()
        try:
            for seat in self._seats.take_all():
                self._offer(seat)
        except BaseException:
            self.close()
            raise
        self.size = AT_ONCE * len(self._seats) + cores()
        """Jobs in hand at once; one that has no judge yet is being prepared."""

    @property
    def lost(self) -> str:
        """Why nothing is judged any more; "" while it is."""
        return self._link.lost

    def judge(self, tree: SourceTree) -> Judge:
        """What has jobs of a tree judged somewhere in the cluster.

        Raises:
            PlaceError: No node can have the packages that the tree's own vitest needs.
        """
        if isinstance(tree.lock, OwnLock):
            self._equip(tree, tree.lock)
        return _RayJudge(self, tree)

    def prove(self, tree: SourceTree) -> None:
        """Have the nodes prepare for what takes long; they have proved their sandboxes before."""
        self.judge(tree)

    def told(self) -> list[str]:
        """Nodes left out and nodes lost."""
        return self._seats.told() + self.hosts.told()

    def run(self, tree: SourceTree, job: TestJob) -> TestReport:
        """Judge a job, on another node where the first is lost.

        Raises:
            SandboxError: See `NodePool.run`; or nobody is left to judge.
        """
        with self._link.holding():
            for _ in range(TRIES):
                seat = self._next()
                report = self._run_at(seat, tree, job)
                if report:
                    self._free.put(seat)
                    return report
                self._link.check()
                self._seats.replace(seat, self._offer)
        raise SandboxError(
            f"{', '.join(job.tests)}: {TRIES} judges of the Ray cluster were lost over it; "
            f"the last was on {seat.node}"
        )

    def _offer(self, seat: Seat) -> None:
        """Let a judge be given jobs."""
        for _ in range(AT_ONCE):
            self._free.put(seat)

    def _next(self) -> Seat:
        while True:
            self._link.check()
            try:
                if (seat := self._free.get(timeout=PULSE)) in self._seats:
                    return seat
            except Empty:
                if not len(self._seats):
                    self._link.lose("no node of the cluster is left")

    def _equip(self, tree: SourceTree, lock: OwnLock) -> None:
        """Have every node install the packages of a tree; one that cannot gets no work."""
        with self._link.holding(), self._equipping:
            if lock in self._equipped:
                return
            needs, archives = self._baggage.needs(tree, tree.root)
            asked = [
                (seat, seat.judge.prepare.remote(needs, archives)) for seat in self._seats.each()
            ]
            late = time.monotonic() + INSTALLED
            for seat, pending in asked:
                try:
                    self._link.awaited(pending, late - time.monotonic())
                except self._link.ray.exceptions.RayError as error:
                    self._seats.leave_out(seat, why(error))
            if not len(self._seats):
                raise PlaceError(f"{self._link.name}: {'; '.join(self.told())}")
            self._equipped.add(lock)

    def _run_at(self, seat: Seat, tree: SourceTree, job: TestJob) -> TestReport | None:
        """The report of a judge; None where it was lost over the job."""
        errors = self._link.ray.exceptions
        root = job.root if tree.within else tree.root
        needs, archives = self._baggage.needs(tree, root)
        try:
            if needs.is_listed and needs not in seat.has:
                self._lay_out(seat, root)
            pending = seat.judge.run.remote(
                Work(job, needs).encoded(), {} if needs in seat.has else archives
            )
            report = reports.decode(self._link.awaited(pending, LONGEST * job.timeout + OVERTIME))
        except errors.RayTaskError as error:
            self._free.put(seat)
            said = str(error.cause) if isinstance(error.cause, SandboxError) else ""
            raise SandboxError(said or f"{seat.node}: {error.cause!r}") from None
        except errors.RayError:
            return None
        seat.has.add(needs)
        return report

    def _lay_out(self, seat: Seat, root: Path) -> None:
        """Have a node make a tree from the files that it has, and from those that it lacks."""
        listing, texts = self._baggage.listing(root), dict[str, bytes]()
        while True:
            lacking = self._link.awaited(seat.judge.lay.remote(listing, texts), OVERTIME)
            if not lacking:
                return
            texts = texts_of(root, listing, lacking)

    def close(self) -> None:
        """End the judges with what they judge, and let go of the cluster; safe to repeat."""

        def end(patience: float | None) -> None:
            self.hosts.close()
            self._seats.close(patience=patience)

        self._link.close(end)


class _RayJudge:
    """The judge of one source tree; a `sandbox.Judge`."""

    def __init__(self, place: RayPlace, tree: SourceTree) -> None:
        self._place, self._tree = place, tree

    def run(self, job: TestJob) -> TestReport:
        """Judge a job; see `RayPlace.run`."""
        return self._place.run(self._tree, job)
