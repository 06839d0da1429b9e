"""One sandboxed process: started ahead, given one job, watched, and thrown away."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.cage import Cage, refusal
from pytest_llmops.sandbox.channel import Channel, LateError, Message
from pytest_llmops.sandbox.job import Status, TestReport
from pytest_llmops.sandbox.limits import Limits

BOOT = 60.0
"""Seconds a process may take to get ready."""
MEMORY_SIGNS = (
    "heap out of memory",
    "process out of memory",
    "Array buffer allocation failed",
    "Allocation failed",
    "std::bad_alloc",
    "Cannot allocate memory",
)
"""What Node says on stderr, or throws, where memory runs out."""


class Cell:
    """A started process. Start cells from a thread that outlives them: they die with it."""

    def __init__(self, cage: Cage, limits: Limits) -> None:
        self._folder = cage.make_folder()
        self._tells_child = cage.tells_child
        self._reports, reports = os.pipe()
        self._info, info = os.pipe()
        try:
            self._process = subprocess.Popen(
                cage.argv(limits, reports, info, self._folder),
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=cage.environment(self._folder),
                cwd=self._folder or "/",
                pass_fds=(reports, info),
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
            os.close(info)
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        stdin, stderr = self._process.stdin.fileno(), self._process.stderr.fileno()
        self._channel = Channel(stdin, self._reports, stderr)
        self._node = 0
        self._peak = 0
        self._ended = False

    def wait_ready(self) -> None:
        """Wait until the process can take a job; once it can, this returns at once.

        Raises:
            SandboxError: It ended instead, or is not ready in time.
        """
        if self._node:
            return
        try:
            ready = self._channel.await_ready(time.monotonic() + BOOT)
        except LateError:
            ready = False
        if not ready:
            self.end()
            raise SandboxError(refusal(self._channel.noise))
        self._node = self._process.pid
        if self._tells_child:
            self._node = msgspec.json.decode(os.read(self._info, 4096))["child-pid"]

    def judge(self, payload: bytes, timeout: float) -> TestReport:
        """Hand over a job and wait for its report; ends the process in any case."""
        started = time.monotonic()
        deadline = started + timeout
        message, late = None, False
        try:
            self._channel.send(payload, deadline)
            message = self._channel.receive(deadline)
        except LateError:
            late = True
        finally:
            self.end()
        seconds = time.monotonic() - started
        if message is not None:
            return _reported(message, seconds)
        status, detail = self._verdict(late, timeout)
        return TestReport(status=status, detail=detail, seconds=seconds, peak_memory=self._peak)

    def end(self) -> None:
        """Kill whatever still runs, and give everything back."""
        if self._ended:
            return
        self._ended = True
        self._peak = _peak_of(self._node) if self._node else 0
        for pid, kill in ((self._node, os.kill), (self._process.pid, os.killpg)):
            if pid:
                try:
                    kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self._channel.drain()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        self._peak = max(self._peak, usage.ru_maxrss * 1024)
        self._give_back()

    def _verdict(self, late: bool, timeout: float) -> tuple[Status, str]:
        """What to call a process that gave no report."""
        if late:
            return "timeout", f"no report within {timeout:g} s"
        noise, code = self._channel.noise, self._process.returncode
        if any(sign in noise for sign in MEMORY_SIGNS):
            return "out_of_memory", _last_lines(noise)
        if code in (128 + signal.SIGXCPU, -signal.SIGXCPU):
            return "timeout", "used up its processor time"
        return "crashed", f"ended with status {code} and no valid report\n{_last_lines(noise)}"

    def _give_back(self) -> None:
        os.close(self._reports)
        os.close(self._info)
        process = getattr(self, "_process", None)
        if process is not None:
            for pipe in (process.stdin, process.stderr):
                pipe.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _reported(message: Message, seconds: float) -> TestReport:
    status = message.status
    starved = any(sign in message.detail for sign in MEMORY_SIGNS) or any(
        sign in result.message for result in message.results for sign in MEMORY_SIGNS
    )
    return TestReport(
        status="out_of_memory" if starved else status,
        results=message.results,
        detail=message.detail,
        seconds=seconds,
        peak_memory=message.peak_memory,
    )


def _peak_of(pid: int) -> int:
    """Largest resident set of a running process, bytes; 0 when it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return 0
    peak = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    return int(peak[0]) * 1024 if peak else 0


def _last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-8:])[-1000:]
