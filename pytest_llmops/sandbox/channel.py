"""The private channel to a sandboxed process, and what counts as a report on it.

The parent sends one job, headed by a fresh nonce; the runner answers with one message that repeats
the nonce. Anything else that arrives there was written by code that does not know the nonce, and
makes the report void. Descriptors are read with deadlines: a process that is silent, floods the
channel or does not take its job costs its own time only.
"""

import os
import secrets
import select
import time

import msgspec

from pytest_llmops.sandbox.job import Status, TestResult

NONCE = 32
"""Bytes of the nonce: hex digits."""
LENGTH = 16
"""Bytes of a length: hex digits."""
REPORT_LIMIT = 32 * 1024 * 1024
"""Bytes on the channel after which nobody listens any more."""
STDERR_LIMIT = 16 * 1024
"""Last bytes of stderr that are kept, to tell what a process died of."""


class Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `runner.mjs` reports."""

    status: Status
    results: tuple[TestResult, ...]
    detail: str
    peak_memory: int


class LateError(Exception):
    """The deadline came first."""


class Channel:
    """The parent's three descriptors of one process."""

    def __init__(self, stdin: int, reports: int, stderr: int) -> None:
        self._stdin = stdin
        self._reports = reports
        self._stderr = stderr
        self._nonce = b""
        self._received = bytearray()
        self._noise = bytearray()
        self._input = select.poll()
        self._input.register(reports, select.POLLIN)
        self._input.register(stderr, select.POLLIN)

    @property
    def noise(self) -> str:
        """The end of what the process wrote to stderr."""
        return self._noise.decode("utf-8", "replace")

    def await_ready(self, deadline: float) -> bool:
        """Whether the process said that it is ready; False when it ended.

        Raises:
            LateError: It said nothing.
        """
        while not self._received and self._receive(deadline):
            pass
        ready, self._received = bytes(self._received), bytearray()
        return ready == b"R"

    def send(self, payload: bytes, deadline: float) -> None:
        """Hand over a job under a new nonce; an ended process is found out by `receive`.

        Raises:
            LateError: The process does not take it.
        """
        self._nonce = secrets.token_hex(NONCE // 2).encode()
        header = self._nonce + b"%016x" % len(payload)
        job = memoryview(header.ljust(64, b"\0") + payload)
        os.set_blocking(self._stdin, False)
        output = select.poll()
        output.register(self._stdin, select.POLLOUT)
        while job:
            _wait(output, deadline)
            try:
                job = job[os.write(self._stdin, job) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                return

    def receive(self, deadline: float) -> Message | None:
        """The report; None when the process ended without one or wrote something else.

        Raises:
            LateError: The deadline came first.
        """
        while not self._is_decided():
            if not self._receive(deadline):
                break
        return self._message()

    def drain(self) -> None:
        """Take what is left on stderr of an ended process, without waiting."""
        os.set_blocking(self._stderr, False)
        try:
            while data := os.read(self._stderr, 65536):
                self._keep(data)
        except BlockingIOError:
            return

    def _is_decided(self) -> bool:
        received = self._received
        if not self._nonce.startswith(received[:NONCE]) or len(received) > REPORT_LIMIT:
            return True
        length = _length(received)
        return length is not None and len(received) >= NONCE + LENGTH + length

    def _message(self) -> Message | None:
        received = bytes(self._received)
        length = _length(received)
        if not secrets.compare_digest(received[:NONCE], self._nonce) or length is None:
            return None
        try:
            return msgspec.json.decode(received[NONCE + LENGTH :], type=Message)
        except msgspec.DecodeError:
            return None

    def _receive(self, deadline: float) -> bool:
        """Read what there is; False at the end of the channel."""
        for descriptor in _wait(self._input, deadline):
            data = os.read(descriptor, 65536)
            if descriptor == self._reports:
                if not data:
                    return False
                self._received += data
            elif data:
                self._keep(data)
            else:
                self._input.unregister(descriptor)
        return True

    def _keep(self, data: bytes) -> None:
        self._noise += data
        del self._noise[:-STDERR_LIMIT]


def _length(received: bytes | bytearray) -> int | None:
    digits = bytes(received[NONCE : NONCE + LENGTH])
    if len(digits) < LENGTH:
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return 0


def _wait(poll: select.poll, deadline: float) -> list[int]:
    left = deadline - time.monotonic()
    ready = poll.poll(left * 1000) if left > 0 else []
    if not ready:
        raise LateError
    return [descriptor for descriptor, _ in ready]
