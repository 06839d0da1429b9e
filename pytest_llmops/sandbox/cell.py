"""One sandboxed process: started ahead, given one job, watched, and thrown away."""

import os
import re
import select
import signal
import subprocess
import threading
import time

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.memory import peak_of
from pytest_llmops.sandbox.cage import Cage, Given
from pytest_llmops.sandbox.channel import Channel, LateError, Message
from pytest_llmops.sandbox.job import Status, TestReport
from pytest_llmops.sandbox.limits import Limits
from pytest_llmops.sandbox.refusal import refusal
from pytest_llmops.sandbox.syscalls import in_memory
from pytest_llmops.sandbox.waiting import waited

BOOT = 60.0
"""Seconds a process may take to get ready."""
LONGEST = 12
"""Times its limit that a job may take where it waits for processors that others use."""
GRACE = 1.0
"""Seconds a process without a channel has to end by itself, so that its status can be told."""
OUT_OF_MEMORY = re.compile(
    r"^(?:FATAL ERROR: .* (?:JavaScript heap|process) out of memory"
    r"|(?:# )?Fatal (?:JavaScript |process )?out of memory: .*"
    r"|terminate called after throwing an instance of 'std::bad_alloc')$",
    re.MULTILINE,
)
"""What the engine writes to stderr before it ends itself, where memory runs out."""
CAUSE = re.compile(
    r"^(?:[A-Z]\w*Error\b.*|FATAL ERROR: .*|the runner failed: .*|\S*(?:bwrap|sh|node): .*)$",
    re.MULTILINE,
)
"""Lines of stderr that say why a process ended; others quote source code, this package's too."""


class Cell:
    """A started process. Start cells from a thread that outlives them: they die with it."""

    def __init__(self, cage: Cage, limits: Limits) -> None:
        self._folder = cage.make_folder()
        folder = self._folder.path if self._folder else None
        self._tells_child = cage.tells_child
        self._reports, reports = os.pipe()
        # No pipe: bubblewrap ends when it cannot write this; where that is because this process
        # was killed, the process that it has made by then would wait for it for ever.
        self._info = os.memfd_create("llmops-info", 0)
        given = Given(reports, self._info, in_memory(cage.filter))
        try:
            self._process = subprocess.Popen(
                cage.argv(limits, given, folder),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=cage.environment(folder),
                cwd=folder or "/",
                pass_fds=given,
                start_new_session=True,
                user=cage.user,
                group=cage.user,
                extra_groups=None if cage.user is None else (),
            )
        except OSError as error:
            self._give_back()
            raise SandboxError(refusal(str(error))) from None
        finally:
            os.close(reports)
            os.close(given.filter)
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        stdin, stderr = self._process.stdin.fileno(), self._process.stderr.fileno()
        self._channel = Channel(stdin, self._reports, stderr)
        self._node = 0
        self._peak: int | None = None
        self._waited = 0.0
        self._ended = False
        self._ending = threading.Lock()
        self._message: Message | None = None

    def wait_ready(self) -> None:
        """Wait until the process can take a job; once it can, this returns at once.

        Raises:
            SandboxError: It ended instead, or is not ready in time.
        """
        if self._node:
            return
        silence = ""
        try:
            ready = self._channel.await_ready(time.monotonic() + BOOT)
        except LateError:
            ready, silence = False, f"nothing for {BOOT:.0f} s"
        if not ready:
            self.end()
            raise SandboxError(refusal(self._channel.noise or silence))
        self._node = self._process.pid
        if self._tells_child:
            self._node = msgspec.json.decode(os.pread(self._info, 4096, 0))["child-pid"]

    def judge(self, payload: bytes, timeout: float) -> TestReport:
        """Hand over a job and wait for its report; ends the process in any case.

        Time in which the process could have gone on and had no processor is none that it takes.
        """
        started, before = time.monotonic(), waited(self._node)
        late, gone = False, False
        try:
            self._channel.send(payload, started + LONGEST * timeout)
            gone = not self._received(started, before, timeout) and self._has_ended()
        except LateError:
            late = True
        finally:
            self.end()
        seconds = time.monotonic() - started - max(0.0, self._waited - before)
        if self._message is not None and not late:
            further = _seconds(self._message)
            return _reported(self._message, max(0.0, seconds - further), self._peak)
        status, detail = self._verdict(timeout, late=late, gone=gone)
        return TestReport(status=status, detail=detail, seconds=seconds, peak_memory=self._peak)

    def _received(self, started: float, before: float, timeout: float) -> bool:
        """Wait for a report; False where the process ends.

        Raises:
            LateError: It has taken all its time.
        """
        deadline = started + timeout
        while True:
            try:
                return self._channel.receive(deadline, self._look)
            except LateError:
                self._look()
                later = started + min(LONGEST * timeout, timeout + self._waited - before)
                if later <= time.monotonic():
                    raise
                deadline = later

    def kill(self) -> None:
        """Kill the process under the hands of who waits for it, who then ends it; from any thread.

        What is inside dies with it.
        """
        with self._ending:
            if not self._ended:  # until then nobody has waited for it, so the id is its own
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Kill whatever still runs, and give everything back."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
        self._look()  # who has reported waits for this
        for pid, kill in ((self._node, os.kill), (self._process.pid, os.killpg)):
            if pid:
                try:
                    kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self._channel.drain()
        self._process.wait()
        self._message = self._channel.report()
        self._give_back()

    def _look(self) -> None:
        """Note how much memory the process has held so far, and how long it waited."""
        peak = peak_of(self._node) if self._node else None
        self._waited = max(self._waited, waited(self._node) if self._node else 0.0)
        if peak is not None:
            self._peak = max(self._peak or 0, peak)

    def _verdict(self, timeout: float, *, late: bool, gone: bool) -> tuple[Status, str]:
        """What to call a process that gave no report; `gone` where it ended by itself."""
        if late:
            return "timeout", f"no report within {timeout:g} s"
        if not gone:
            return "crashed", "what came on the channel is not a report"
        code = self._process.returncode
        signaled = -code if code < 0 else code - 128
        if signaled > 0 and (sign := OUT_OF_MEMORY.search(self._channel.noise)):
            return "out_of_memory", sign[0]
        if signaled == signal.SIGXCPU:
            return "timeout", "used up its processor time"
        return "crashed", f"ended with status {code} and no valid report{self._cause()}"

    def _has_ended(self) -> bool:
        """Whether the process ends by itself, once it has let go of its channel."""
        ended = select.poll()
        descriptor = os.pidfd_open(self._process.pid)
        try:
            ended.register(descriptor, select.POLLIN)
            return bool(ended.poll(GRACE * 1000))
        finally:
            os.close(descriptor)

    def _cause(self) -> str:
        causes = CAUSE.findall(self._channel.noise)
        return f"; {causes[-1][:500]}" if causes else ""

    def _give_back(self) -> None:
        os.close(self._reports)
        os.close(self._info)
        process = getattr(self, "_process", None)
        if process is not None:
            for pipe in (process.stdin, process.stderr):
                pipe.close()
        if self._folder is not None:
            self._folder.remove()


def _seconds(message: Message) -> float:
    """What all that follows a first look has taken."""
    return sum(one.seconds + _seconds(one) for one in (*message.rounds, *message.sections))


def _reported(message: Message, seconds: float, peak: int | None) -> TestReport:
    return TestReport(
        status=message.status,
        results=message.results,
        detail=message.detail,
        seconds=seconds,
        peak_memory=peak,
        rounds=tuple(_reported(one, one.seconds, peak) for one in message.rounds),
        sections=tuple(_reported(one, one.seconds, peak) for one in message.sections),
    )
