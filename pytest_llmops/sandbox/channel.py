"""The private channel to a sandboxed process, and what counts as a report on it.

The parent sends one job under two fresh words; `channel.mjs` answers with one message that begins
with the first and ends with the second. A report is valid as a whole or void: exactly those words,
a length of 16 lower-case hex digits, a body of exactly that many bytes, and not a byte before or
behind it. The body is a JSON list of fixed form; without keys there are none that occur twice or
that nobody knows. Whatever else arrives was written by code that knows neither word.

Descriptors are read with deadlines: a process that is silent, floods the channel or does not take
its job costs its own time only.
"""

import contextlib
import os
import re
import secrets
import select
import time
from collections.abc import Callable, Iterable
from typing import Annotated, Literal, NamedTuple

import msgspec

from pytest_llmops.sandbox.job import Status, TestResult

WORD = 32
"""Bytes of each word: hex digits."""
LENGTH = 16
"""Bytes of a length: hex digits."""
REPORT_LIMIT = 8 * 1024 * 1024
"""Bytes on the channel after which nobody listens any more."""
GLANCE = 0.02
"""Seconds between looks at a process that is waited for."""
STDERR_LIMIT = 16 * 1024
"""Last bytes of stderr that are kept, to tell what a process died of."""


class Message(NamedTuple):
    """What `runner.mjs`, or `python/runner.py`, reports."""

    status: Status
    results: tuple[TestResult, ...]
    detail: str
    seconds: float = 0.0
    """Of a round or section."""
    rounds: tuple["Message", ...] = ()
    sections: tuple["Message", ...] = ()


class _Row(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    file: str
    title: str
    passed: bool
    message: str
    refuted: Annotated[int, msgspec.Meta(ge=0)]
    held: Annotated[int, msgspec.Meta(ge=0)]
    unsure: Annotated[int, msgspec.Meta(ge=0)]


Judged = Literal["finished", "syntax_error", "load_error", "forbidden_import", "out_of_memory"]


class _Round(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    status: Judged
    rows: tuple[_Row, ...]
    detail: str
    seconds: Annotated[float, msgspec.Meta(ge=0)]


class _Section(_Round, frozen=True, array_like=True, forbid_unknown_fields=True):
    rounds: tuple[_Round, ...] = ()


class _Body(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    status: Judged
    rows: tuple[_Row, ...]
    detail: str
    rounds: tuple[_Round, ...] = ()
    sections: tuple[_Section, ...] = ()


class LateError(Exception):
    """The deadline came first."""


class Channel:
    """The parent's three descriptors of one process."""

    def __init__(self, stdin: int, reports: int, stderr: int) -> None:
        self._stdin = stdin
        self._reports = reports
        self._stderr = stderr
        self._opening = b""
        self._closing = b""
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
        """Hand over a job under new words; an ended process is found out by `receive`.

        Raises:
            LateError: The process does not take it.
        """
        self._opening, self._closing = (secrets.token_hex(WORD // 2).encode() for _ in range(2))
        job = memoryview(self._opening + self._closing + b"%016x" % len(payload) + payload)
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

    def receive(self, deadline: float, glance: Callable[[], None] = lambda: None) -> bool:
        """Wait until a report is complete, or cannot become one; False when the process ended.

        Args:
            deadline: When to stop waiting.
            glance: Called meanwhile, `GLANCE` seconds apart at most.

        Raises:
            LateError: The deadline came first.
        """
        while not self._is_decided():
            glance()
            try:
                if not self._receive(min(deadline, time.monotonic() + GLANCE)):
                    return False
            except LateError:
                if time.monotonic() >= deadline:
                    raise
        return True

    def report(self) -> Message | None:
        """The report of an ended process, with all that it ever wrote; None where it is void."""
        os.set_blocking(self._reports, False)
        with contextlib.suppress(BlockingIOError):  # another process holds the channel open
            while len(self._received) <= REPORT_LIMIT and (data := os.read(self._reports, 65536)):
                self._received += data
        return parse_report(bytes(self._received), self._opening, self._closing)

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
        if not self._opening.startswith(received[:WORD]) or len(received) > REPORT_LIMIT:
            return True
        if len(received) < WORD + LENGTH:
            return False
        length = _length(bytes(received[WORD : WORD + LENGTH]))
        return length is None or len(received) >= 2 * WORD + LENGTH + length

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


def parse_report(received: bytes, opening: bytes, closing: bytes) -> Message | None:
    """Return what all the bytes of a channel say; None where they are not one valid report."""
    length = _length(received[WORD : WORD + LENGTH])
    if length is None or len(received) != 2 * WORD + LENGTH + length or len(opening) != WORD:
        return None
    if not secrets.compare_digest(received[:WORD], opening):
        return None
    if not secrets.compare_digest(received[-WORD:], closing):
        return None
    try:
        body = msgspec.json.decode(received[WORD + LENGTH : -WORD], type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    sections = (_message(one)._replace(rounds=_messages(one.rounds)) for one in body.sections)
    return Message(
        body.status,
        _results(body.rows),
        body.detail,
        rounds=_messages(body.rounds),
        sections=tuple(sections),
    )


def _messages(rounds: Iterable[_Round]) -> tuple[Message, ...]:
    return tuple(map(_message, rounds))


def _message(one: _Round) -> Message:
    return Message(one.status, _results(one.rows), one.detail, one.seconds)


def _results(rows: Iterable[_Row]) -> tuple[TestResult, ...]:
    names = TestResult.__struct_fields__
    return tuple(TestResult(**{name: getattr(row, name) for name in names}) for row in rows)


def _length(digits: bytes) -> int | None:
    length = int(digits, 16) if re.fullmatch(rb"[0-9a-f]{16}", digits) else REPORT_LIMIT + 1
    return length if length <= REPORT_LIMIT else None


def _wait(poll: select.poll, deadline: float) -> list[int]:
    left = deadline - time.monotonic()
    ready = poll.poll(left * 1000) if left > 0 else []
    if not ready:
        raise LateError
    return [descriptor for descriptor, _ in ready]
