"""A trusted process that lives beside this one and reads what nobody has to trust.

It answers one request at a time: a line of JSON goes in, a line of JSON comes out, and bytes behind
it where the line says so. It may read the folders that it is given and nothing else, in namespaces
without a network wherever the sandbox has them. A text that makes it hang or die costs that one
request: the process is replaced.
"""

import os
import select
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox.binaries import find_bwraps
from pytest_llmops.sandbox.cage import reading
from pytest_llmops.sandbox.refusal import refusal


class DiedError(Exception):
    """The process ended or hung in the middle of an answer."""


class Companion:
    """One such process, started when it is first asked; for one thread at a time.

    Args:
        node: The Node binary.
        reads: Folders that it may read; the program is in one of them.
        arguments: Flags of Node, the program, and its arguments.
        patience: Seconds for one answer.
        name: Of the thread that starts it.
    """

    def __init__(
        self,
        node: Path,
        reads: Sequence[Path],
        arguments: Sequence[str],
        *,
        patience: float,
        name: str,
    ) -> None:
        self._node = node
        self._reads = tuple(reads)
        self._confined: list[str] = []
        allowed = (f"--allow-fs-read={path}" for path in reads)
        self._argv = [str(node), "--permission", *allowed, "--no-warnings", *arguments]
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        # The kernel ends a confined process with the thread that started it.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix=name)

    def confine(self, bwrap: Path) -> None:
        """From now on start in namespaces: what it runs reads hostile text."""
        self._confined = reading(bwrap, self._node, *self._reads)

    def confine_or_refuse(self) -> None:
        """Confine with the first bubblewrap of this machine that works.

        Raises:
            SandboxError: None does; says why.
        """
        said = "bubblewrap is not installed"
        for bwrap in find_bwraps():
            confined = reading(bwrap, self._node, *self._reads)
            probe = [*confined, str(self._node), "--version"]
            try:
                tried = subprocess.run(probe, env={}, capture_output=True, text=True, check=False)
            except OSError as error:
                said = str(error)
                continue
            if not tried.returncode:
                self._confined = confined
                return
            said = tried.stderr
        raise SandboxError(refusal(said))

    def ask(self, line: bytes, *, patience: float | None = None) -> "Answer":
        """Send a line; the answer is read with what is returned.

        Args:
            line: JSON, with its line break.
            patience: Seconds for this answer, where they are not the usual ones.

        Raises:
            DiedError: The process has ended.
            SandboxError: It cannot be started.
        """
        process = self._started()
        patience = self._patience if patience is None else patience
        deadline = time.monotonic() + patience
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            # The process reads all of a line before it answers, so this cannot block for good.
            process.stdin.write(line)
            process.stdin.flush()
        except OSError as error:
            raise DiedError(str(error)) from None
        return Answer(process.stdout.fileno(), deadline, patience)

    def kill(self) -> None:
        """Kill the process under the hands of who waits for it; from any thread."""
        if process := self._process:
            process.kill()

    def end(self) -> None:
        """End the process; the next request starts another."""
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

    def close(self) -> None:
        """End the process for good."""
        self.end()
        self._starter.shutdown()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.end()
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


class Answer:
    """Reads a pipe up to a deadline."""

    def __init__(self, descriptor: int, deadline: float, patience: float) -> None:
        self._descriptor = descriptor
        self._deadline = deadline
        self._patience = patience
        self._held: list[bytes] = []

    def line(self) -> bytes:
        """What comes up to the end of the line."""
        parts = self._held
        while not parts or b"\n" not in parts[-1]:
            parts.append(self._more(65536))
        last, _, rest = parts.pop().partition(b"\n")
        self._held = [rest]
        return b"".join([*parts, last])

    def exactly(self, length: int) -> bytes:
        """So many bytes behind the line."""
        parts, self._held = self._held, []
        have = sum(map(len, parts))
        while have < length:
            parts.append(self._more(length - have))
            have += len(parts[-1])
        return b"".join(parts)

    def _more(self, size: int) -> bytes:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        left = self._deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise DiedError(f"no answer within {self._patience:.0f} s")
        data = os.read(self._descriptor, size)
        if not data:
            raise DiedError("it ended")
        return data
