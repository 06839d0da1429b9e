"""Sandboxed processes kept ready, so that a job pays for its tests and not for a start.

Every job has a process of its own, used once and thrown away. A few wait in reserve: they have
loaded the test runtime, know nothing of any job, and block on their input. One thread of the pool
starts all of them and outlives them, because the kernel kills a sandboxed process when the thread
that started it ends; that is what leaves nothing behind when this process is killed.
"""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import BoundedSemaphore, Lock
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.cage import BwrapCage, Cage, Isolation, Program, make_cages
from pytest_llmops.sandbox.cell import Cell
from pytest_llmops.sandbox.job import MEMORY, TIMEOUT, TestJob, TestReport, Transformed
from pytest_llmops.sandbox.limits import Limits

ABANDONED = "this pool was closed while it judged; make a new one"


class Preparer(Protocol):
    """Makes of a job what a process is handed; trusted, and runs nothing of it."""

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Give a job's code, or say why there is none; raises SandboxError for other faults."""

    def confine(self, bwrap: Path) -> None:
        """Work in namespaces from now on, where it has a process of its own."""

    def abandon(self) -> None:
        """End what it does under the hands of who waits for it; from any thread."""

    def close(self) -> None:
        """End it."""


class Runtime(NamedTuple):
    """What a language is judged with."""

    program: Program
    """What judges jobs in the sandbox."""
    preparer: Preparer
    """What makes jobs ready for it; closed with the pool."""


class Pool:
    """Judges jobs of one source tree, up to `size` at a time; thread-safe.

    Args:
        root: Folder of the source tree.
        runtime: What judges them.
        many: It is a folder of trees, each of which is judged by itself.
        size: Jobs judged at the same time; as many processes wait in reserve.
        isolation: "bwrap", or "process" for everything but namespaces.

    Raises:
        SandboxError: The sandbox cannot be set up; says why, and how to go on without it.
    """

    def __init__(
        self,
        root: Path,
        runtime: Runtime,
        *,
        size: int = 1,
        isolation: Isolation = "bwrap",
        many: bool = False,
    ) -> None:
        self._root = root.resolve()
        self._many = many
        self._preparer = runtime.preparer
        self._size = size
        self._slots = BoundedSemaphore(size)
        self._lock = Lock()
        self._limits = Limits(MEMORY, TIMEOUT)
        self._reserve: deque[Future[Cell]] = deque()
        self._judging: set[Cell] = set()
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="llmops-sandbox")
        self._closed = False
        self._abandoned = False
        try:
            self._cage, first = self._first(make_cages(isolation, runtime.program))
            if isinstance(self._cage, BwrapCage):
                self._preparer.confine(self._cage.bwrap)
        except SandboxError:
            self.close()
            raise
        self._keep(first)
        self._refill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def run(self, job: TestJob) -> TestReport:
        """Judge one job; blocks while `size` others are being judged.

        Raises:
            SandboxError: The pool is closed or of another tree, a test file is missing, or no
                process can be started. Nothing that the job's code does raises.
        """
        root = job.root.resolve()
        if (root.parent if self._many else root) != self._root:
            raise SandboxError(f"{job.root}: this pool judges the tree at {self._root}")
        with self._slots:
            self._check_open()
            code = self._preparer.transform(job, root)
            if code.status != "ready":
                report = TestReport(status=code.status, detail=code.detail)
            elif job.survey:
                report = TestReport(
                    status="finished",
                    files=code.files,
                    missing=code.missing,
                    packages=code.packages,
                )
            else:
                report = self._judged(job, code.payload)
            if self._abandoned:  # what was killed says nothing of the candidate
                raise SandboxError(ABANDONED)
            return report

    def abandon(self) -> None:
        """Close, and end the jobs in flight instead of waiting for them; they raise."""
        self._abandoned = True
        with self._lock:
            judging = list(self._judging)
        self._preparer.abandon()
        for cell in judging:
            cell.kill()
        self.close()

    def close(self) -> None:
        """End all processes, after the jobs in flight."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            reserve, self._reserve = self._reserve, deque()
        for _ in range(self._size):
            self._slots.acquire()
        self._slots.release(self._size)
        for waiting in reserve:
            waiting.result().end()
        self._starter.shutdown()
        self._preparer.close()

    def _first(self, cages: list[Cage]) -> tuple[Cage, Cell]:
        """The first of several cages in which a process starts, and that process."""
        *others, last = cages
        for cage in others:
            try:
                return cage, self._started(cage)
            except SandboxError:
                continue  # the reason that counts is that of the last
        return last, self._started(last)

    def _started(self, cage: Cage) -> Cell:
        cell = self._starter.submit(Cell, cage, self._limits).result()
        cell.wait_ready()
        return cell

    def _start(self) -> Future[Cell]:
        return self._starter.submit(Cell, self._cage, self._limits)

    def _keep(self, cell: Cell) -> None:
        kept: Future[Cell] = Future()
        kept.set_result(cell)
        self._reserve.append(kept)

    def _refill(self) -> None:
        with self._lock:
            while not self._closed and len(self._reserve) < self._size:
                self._reserve.append(self._start())

    def _check_open(self) -> None:
        if self._closed:
            raise SandboxError("this pool is closed; make a new one")

    def _judged(self, job: TestJob, payload: bytes) -> TestReport:
        cell = self._take(Limits(job.memory, job.timeout))
        with self._lock:
            self._judging.add(cell)
        if self._abandoned:
            cell.kill()
        try:
            cell.wait_ready()
            return cell.judge(payload, job.timeout)
        finally:
            with self._lock:
                self._judging.discard(cell)

    def _take(self, limits: Limits) -> Cell:
        """A process with those limits; the reserve follows what jobs ask for.

        Where one is bound to more processor time than a job has, that is seen to by who waits.
        """
        with self._lock:
            stale: deque[Future[Cell]] = deque()
            if limits.memory != self._limits.memory or limits.seconds > self._limits.seconds:
                self._limits = limits
                stale, self._reserve = self._reserve, stale
            waiting = self._reserve.popleft() if self._reserve else self._start()
        for other in stale:
            other.result().end()
        self._refill()
        return waiting.result()
