"""A Ray cluster: one judge on each of its free processors.

The controller alone connects. It hands a job to a free judge and waits. A judge whose worker or
node dies has its job taken away, which goes to another one, so every job has one report. What is
sent are jobs and reports; a source tree goes to the object store once, and to every node once.

If the head dies, the session's own node, or all nodes, nothing is judged any more: `lost` says why,
and whoever waits for a report hears it. What is on record by then is in the file, and the next
session goes on from there.
"""

import threading
import time
from hashlib import sha256
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from pytest_llmops.errors import PlaceError, SandboxError
from pytest_llmops.places.cores import cores
from pytest_llmops.places.head import Watch, connect, named
from pytest_llmops.places.remote import Work, packed, reports
from pytest_llmops.places.seats import AT_ONCE, Seat, Seats
from pytest_llmops.sandbox import Judge, TestJob, TestReport
from pytest_llmops.sandbox.cage import Isolation
from pytest_llmops.sandbox.cell import LONGEST
from pytest_llmops.sandbox.node.installation import installed
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.trees.locks import PackageLock

OVERTIME = 120.0
"""Seconds beyond its longest time after which a job counts as lost with its judge."""
TRIES = 3
"""Judges that one job may lose."""
PULSE = 0.5
"""Seconds between two looks at whether there is anything left to wait for."""
CODE = frozenset({".js", ".cjs", ".mjs", ".json"})
"""Files of npm packages that can be loaded."""
CLOSED = "nothing is judged any more: the session has ended"


class RayPlace:
    """Judges on the nodes of a Ray cluster, one job per processor."""

    def __init__(self, address: str, isolation: Isolation) -> None:
        """Connect, and start the judges.

        Raises:
            PlaceError: Ray or the cluster is missing or full, or has other versions; or no node of
                it can judge.
        """
        self._ray = connect(address)
        self._where = address
        self._free: SimpleQueue[Seat] = SimpleQueue()
        self._seats = Seats(self._ray, address, isolation)
        self._sending = threading.Lock()
        self._trees: dict[tuple[Path, PackageLock | None], dict[str, Any]] = {}
        self._folders: dict[Path, tuple[str, Any]] = {}
        self._settled = threading.Condition()
        self._at_work = 0
        self._closed = False
        self.lost = ""
        """Why nothing is judged any more; "" while it is."""
        self._watch = Watch(self._ray, self._lose)
        try:
            for seat in self._seats.take_all():
                self._offer(seat)
        except BaseException:
            self.close()
            raise
        self.size = AT_ONCE * len(self._seats) + cores()
        """Jobs in hand at once; one that has no judge yet is being prepared."""

    def judge(self, tree: SourceTree) -> Judge:
        """What has jobs of a tree judged somewhere in the cluster.

        Raises:
            PlaceError: The tree is one of many, which a cluster has no room for.
        """
        if tree.within:
            raise PlaceError("a tree of many; judge it here, with --run-on=local")
        return _RayJudge(self, tree)

    def prove(self, tree: SourceTree) -> None:
        """Nothing to do: every node has proved its sandbox before it took its seat."""

    def told(self) -> list[str]:
        """Nodes left out and nodes lost."""
        return self._seats.told()

    def run(self, tree: SourceTree, job: TestJob) -> TestReport:
        """Judge a job, on another node where the first is lost.

        Raises:
            SandboxError: See `NodePool.run`; or nobody is left to judge.
        """
        with self._settled:
            self._check()
            self._at_work += 1
        try:
            for _ in range(TRIES):
                seat = self._next()
                report = self._run_at(seat, tree, job)
                if report:
                    self._free.put(seat)
                    return report
                self._check()
                self._seats.replace(seat, self._offer)
        finally:
            with self._settled:
                self._at_work -= 1
                self._settled.notify_all()
        raise SandboxError(
            f"{', '.join(job.tests)}: {TRIES} judges of the Ray cluster were lost over it; "
            f"the last was on {seat.node}"
        )

    def _offer(self, seat: Seat) -> None:
        """Let a judge be given jobs."""
        for _ in range(AT_ONCE):
            self._free.put(seat)

    def _lose(self, why: str) -> None:
        """Judge nothing any more."""
        self.lost = self.lost or f"{named(self._where)}: {why}"

    def _check(self) -> None:
        """Raise where nothing is judged any more."""
        if self._closed or self.lost:
            raise SandboxError(self.lost or CLOSED)

    def _next(self) -> Seat:
        while True:
            self._check()
            try:
                if (seat := self._free.get(timeout=PULSE)) in self._seats:
                    return seat
            except Empty:
                if not len(self._seats):
                    self._lose("no node of the cluster is left")

    def _run_at(self, seat: Seat, tree: SourceTree, job: TestJob) -> TestReport | None:
        """The report of a judge; None where it was lost over the job."""
        errors = self._ray.exceptions
        archives = self._archives(tree)
        work = Work(job, tree.language, *archives)
        told = {} if work.needs in seat.has else {name: [at] for name, at in archives.items()}
        pending = seat.judge.run.remote(work.encoded(), told)
        try:
            report = reports.decode(self._awaited(pending, LONGEST * job.timeout + OVERTIME))
        except errors.RayTaskError as error:
            self._free.put(seat)
            cause = error.cause
            said = str(cause) if isinstance(cause, SandboxError) else f"{seat.node}: {cause!r}"
            raise SandboxError(said) from None
        except errors.RayError:
            return None
        seat.has.add(work.needs)
        return report

    def _awaited(self, pending: Any, seconds: float) -> bytes:
        """What a judge returns; looks up now and then, as Ray does not see a head die."""
        late = time.monotonic() + seconds
        while True:
            self._check()
            try:
                found: bytes = self._ray.get(pending, timeout=PULSE)
            except self._ray.exceptions.GetTimeoutError:
                if time.monotonic() > late:
                    raise
            else:
                return found

    def _archives(self, tree: SourceTree) -> dict[str, Any]:
        """Digests of a tree and of its packages, with where they are in the object store."""
        lock = tree.lock if isinstance(tree.lock, PackageLock) else None  # see `require_room`
        with self._sending:
            if (tree.root, lock) not in self._trees:
                archives = dict([self._archive(tree.root)])
                if lock:
                    archives.update([self._archive(installed(lock).folder, CODE)])
                self._trees[tree.root, lock] = archives
            return self._trees[tree.root, lock]

    def _archive(self, folder: Path, endings: frozenset[str] = frozenset()) -> tuple[str, Any]:
        if folder not in self._folders:
            archive = packed(folder, endings=endings)
            digest = sha256(archive).hexdigest()[:32]
            self._folders[folder] = digest, self._ray.put(archive)
        return self._folders[folder]

    def close(self) -> None:
        """End the judges with what they judge, and let go of the cluster; safe to repeat."""
        with self._settled:
            if self._closed:
                return
            self._closed = True
        self._watch.close()
        self._seats.close(patience=PULSE if self.lost else None)
        with self._settled:
            quiet = self._settled.wait_for(lambda: not self._at_work, timeout=OVERTIME)
        if quiet:  # else it goes with this process, which a shut down in the middle of a call ends
            self._ray.shutdown()


class _RayJudge:
    """The judge of one source tree; a `sandbox.Judge`."""

    def __init__(self, place: RayPlace, tree: SourceTree) -> None:
        self._place, self._tree = place, tree

    def run(self, job: TestJob) -> TestReport:
        """Judge a job; see `RayPlace.run`."""
        return self._place.run(self._tree, job)
