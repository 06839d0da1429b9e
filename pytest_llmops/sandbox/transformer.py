"""The trusted Node process that turns TypeScript into plain JavaScript for the sandbox.

It parses what candidates wrote and never runs it, keeps the compiled source tree between jobs, and
may read that tree and nothing else, in namespaces without a network wherever the sandbox has them.
A text that makes the parser hang or die is a syntax error of that text: the process is replaced and
the next job does not notice.
"""

import os
import select
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Literal

import msgspec

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.cage import reading
from pytest_llmops.sandbox.job import TestJob
from pytest_llmops.sandbox.judge import judge_folder

RUNTIME = Path(__file__).parent
PATIENCE = 20.0
"""Seconds for one job; a tree of thousands of files takes a few when it is first seen."""


class Transformed(msgspec.Struct, frozen=True):
    """A job's code as `runner.mjs` reads it, or why there is none."""

    status: Literal["ready", "syntax_error", "load_error", "forbidden_import"]
    detail: str
    payload: bytes = b""
    files: tuple[str, ...] = ()
    """Of a survey; see `TestReport`."""
    missing: tuple[str, ...] = ()


class _Head(msgspec.Struct, frozen=True):
    status: Literal["ready", "syntax_error", "load_error", "forbidden_import", "no_test", "fault"]
    detail: str
    length: int
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class _DiedError(Exception):
    """The process ended or hung in the middle of an answer."""


class Transformer:
    """One such process for one source tree; thread-safe."""

    def __init__(self, node: Path, root: Path) -> None:
        judge = judge_folder()
        self._reads = (root, RUNTIME, judge)
        self._node = node
        self._confined: list[str] = []
        self._argv = [
            str(node),
            "--permission",
            *(f"--allow-fs-read={path}" for path in self._reads),
            "--allow-addons",
            "--allow-child-process",
            "--no-warnings",
            str(RUNTIME / "transform.mjs"),
            str(judge),
        ]
        self._lock = Lock()
        self._abandoned = False
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ends a confined process with the thread that started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="llmops-transformer")

    def confine(self, bwrap: Path) -> None:
        """From now on start in namespaces: the compilers are native code and read hostile text."""
        self._confined = reading(bwrap, self._node, *self._reads)

    def transform(self, job: TestJob, root: Path) -> Transformed:
        """Parse and resolve everything a job needs.

        Raises:
            SandboxError: A test file is not in the tree, or the process cannot be started.
        """
        options = {"falsify": job.falsify, "wary": job.wary}
        request = {
            "root": str(root),
            "tests": job.tests,
            "overlay": job.overlay,
            "trusted": job.trusted,
            "survey": job.survey,
            "options": options,
        }
        line = msgspec.json.encode(request) + b"\n"
        with self._lock:
            if self._abandoned:
                raise SandboxError("the compiler was ended with its session")
            try:
                head, payload = self._ask(line)
            except _DiedError as error:
                self._end()
                return Transformed("syntax_error", f"the parser gave up on this text: {error}")
            if head.status == "fault":
                self._end()
        if head.status == "no_test":
            raise SandboxError(f"{root}: no test file {head.detail!r} in this tree")
        if head.status == "fault":
            return Transformed("syntax_error", f"the parser failed: {head.detail}")
        return Transformed(head.status, head.detail, payload, head.files, head.missing)

    def abandon(self) -> None:
        """Kill the process under the hands of who waits for it; from any thread."""
        self._abandoned = True
        if process := self._process:
            process.kill()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()
            self._starter.shutdown()

    def _ask(self, line: bytes) -> tuple[_Head, bytes]:
        process = self._started()
        deadline = time.monotonic() + PATIENCE
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            # The process reads all of a line before it answers, so this cannot block for good.
            process.stdin.write(line)
            process.stdin.flush()
        except OSError as error:
            raise _DiedError(str(error)) from None
        answer = _Reader(process.stdout.fileno(), deadline)
        head = msgspec.json.decode(answer.line(), type=_Head)
        return head, answer.exactly(head.length)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            try:
                self._process = self._starter.submit(self._start).result()
            except OSError as error:
                raise SandboxError(f"{self._argv[0]}: Node does not start: {error}") from None
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._confined, *self._argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # a request it did not live to read is still in the buffer


class _Reader:
    """Reads a pipe up to a deadline."""

    def __init__(self, descriptor: int, deadline: float) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self._held = b""

    def line(self) -> bytes:
        while b"\n" not in self._held:
            self._held += self._more(65536)
        line, _, self._held = self._held.partition(b"\n")
        return line

    def exactly(self, length: int) -> bytes:
        parts, have = [self._held], len(self._held)
        while have < length:
            parts.append(self._more(length - have))
            have += len(parts[-1])
        return b"".join(parts)

    def _more(self, size: int) -> bytes:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise _DiedError(f"no answer within {PATIENCE:.0f} s")
        data = os.read(self._descriptor, size)
        if not data:
            raise _DiedError("it ended")
        return data
