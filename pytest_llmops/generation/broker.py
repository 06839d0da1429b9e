"""Completions and grades for the workers of a distributed session; the controller has them.

A worker sends the key of a case over a Unix socket and blocks until what it wants comes back. The
socket lies in a folder that only this user can enter, and both sides prove that they know the
session's key; where there are no Unix sockets it is a loopback port. Messages are msgpack of fixed
form: nothing that a worker sends is ever unpickled.

A worker that dies leaves a thread that ends with the answer it waits for. A controller that dies
closes the connection, and every worker gets an EndpointError.
"""

import os
import secrets
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import (
    Client,
    Connection,
    Listener,
    answer_challenge,
    deliver_challenge,
)
from pathlib import Path
from typing import Self

import msgspec

from pytest_llmops.completions import Completion
from pytest_llmops.errors import EndpointError, LlmopsError, SandboxError
from pytest_llmops.generation.keys import Key, named
from pytest_llmops.generation.questions import KINDS, Grade, Question, Reply
from pytest_llmops.scratch import Scratch, sweep

Address = str | tuple[str, int]
"""Path of a Unix socket, or host and port. Both travel through xdist's `workerinput`."""

LONGEST_QUESTION = 16 * 2**20
"""Bytes of one question; an answer that a test has changed is in it."""
LONGEST_PATH = 100
"""Bytes of a Unix socket's path: 108 on Linux, 104 on macOS."""


_questions = msgspec.msgpack.Decoder(Question)
_replies = msgspec.msgpack.Decoder(Reply)


class BrokerServer:
    """Listens in the controller, one thread a worker; a context manager."""

    def __init__(
        self,
        await_completion: Callable[[Key], Completion],
        await_grade: Grade | None = None,
        *,
        folder: Path | None = None,
    ) -> None:
        """Listen at once.

        Args:
            await_completion: Blocks until there is a completion, or raises an error of ours;
                called from the threads of the workers. It must end what it blocks before `close`.
            await_grade: The same for grades; None where nothing is graded.
            folder: Where the private folder of the socket is made; None for the system's place.
        """
        self._await_completion, self._await_grade = await_completion, await_grade
        self.authkey = secrets.token_bytes(32)
        """What a worker must know."""
        self._folder: Scratch | None = None
        self._listener = self._listen(folder)
        self.address: Address = self._listener.address
        """Where a worker connects."""
        self._closing = False
        self._connections: set[Connection] = set()
        self._threads: list[threading.Thread] = []
        self._spawn(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up on all workers and remove the socket; safe to repeat.

        A thread that still waits for a completion ends when that wait does.
        """
        if self._closing:
            return
        self._closing = True
        with suppress(OSError):
            Client(self.address).close()  # wakes the accepting thread
        self._threads[0].join(1.0)
        self._listener.close()
        for connection in list(self._connections):
            _hang_up(connection)
        for thread in self._threads[1:]:
            thread.join(1.0)
        if self._folder:
            self._folder.remove()

    def _listen(self, folder: Path | None) -> Listener:
        if hasattr(socket, "AF_UNIX"):
            sweep(folder)
            self._folder = Scratch("socket", folder)
            path = str(self._folder.path / "broker")
            if len(path.encode()) <= LONGEST_PATH:
                return Listener(path, "AF_UNIX", backlog=128)
        return Listener(("127.0.0.1", 0), "AF_INET", backlog=128)

    def _accept(self) -> None:
        while not self._closing:
            with suppress(OSError):
                connection = self._listener.accept()
                self._connections.add(connection)
                self._spawn(self._serve, connection)

    def _spawn(self, target: Callable[..., None], *args: Connection) -> None:
        thread = threading.Thread(target=target, args=args, name="llmops-broker", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _serve(self, connection: Connection) -> None:
        """Answer one worker until it hangs up.

        The handshake is here and not in `accept`, where one silent stranger would block everybody.
        """
        with connection, suppress(OSError, EOFError, AuthenticationError):
            deliver_challenge(connection, self.authkey)
            answer_challenge(connection, self.authkey)
            while not self._closing:
                reply = self._reply(connection.recv_bytes(LONGEST_QUESTION))
                connection.send_bytes(msgspec.msgpack.encode(reply))
        self._connections.discard(connection)

    def _reply(self, question: bytes) -> Reply:
        try:
            asked = _questions.decode(question)
            if not asked.grade:
                return Reply(completion=self._await_completion(asked.key))
            if self._await_grade:
                return Reply(grade=self._await_grade(asked.key, asked.changed))
            raise SandboxError(f"{named(asked.key)}: nothing is graded in this session")
        except LlmopsError as error:
            return Reply(error=str(error), kind=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - a worker waits, and must hear of any fault
            return Reply(error=f"{type(error).__name__}: {error}", kind="EndpointError")


class BrokerClient:
    """Asks the controller from a worker."""

    def __init__(self, address: Address, authkey: bytes) -> None:
        """Remember whom to ask; the connection is made with the first question."""
        self._address = address
        self._authkey = authkey
        self._lock = threading.Lock()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def await_completion(self, key: Key, timeout: float | None = None) -> Completion:
        """Block until the completion of one request is there.

        Args:
            key: Case id and sample index.
            timeout: Seconds; None waits for ever.

        Raises:
            EndpointError: The request failed, was never announced, the time is over, or the
                controller is gone.
            Decided: The request is not needed any more.
        """
        reply = self._ask(Question(key), timeout)
        assert reply.completion
        return reply.completion

    def await_grade(self, key: Key, changed: Completion | None = None) -> bytes:
        """Block until the answer to one request is graded.

        Args:
            key: Case id and sample index.
            changed: What is graded, where it is not what came.

        Raises:
            SandboxError: It cannot be graded.
            EndpointError: There is no answer, or the controller is gone.
        """
        return self._ask(Question(key, grade=True, changed=changed), None).grade

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._drop()

    def _ask(self, question: Question, timeout: float | None) -> Reply:
        with self._lock:
            try:
                reply = self._exchange(msgspec.msgpack.encode(question), timeout)
            except (OSError, EOFError, AuthenticationError, msgspec.DecodeError) as error:
                self._drop()
                why = _explain(error, timeout)
                raise EndpointError(f"{named(question.key)}: {why}") from error
            except BaseException:  # Ctrl-C: the answer to this question must not meet the next
                self._drop()
                raise
        if reply.kind:
            raise KINDS.get(reply.kind, EndpointError)(reply.error)
        return reply

    def _exchange(self, question: bytes, timeout: float | None) -> Reply:
        if self._connection is None:
            self._connection = Client(self._address, authkey=self._authkey)
        self._connection.send_bytes(question)
        if not self._connection.poll(timeout):
            raise TimeoutError
        return _replies.decode(self._connection.recv_bytes())

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def _explain(error: Exception, timeout: float | None) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {timeout} s of waiting"
    kind = type(error).__name__
    return f"the controller of this session is gone ({kind}); look for its own error above"


def _hang_up(connection: Connection) -> None:
    """Wake the thread that reads this connection; closing it here would not."""
    with suppress(OSError):
        end = socket.socket(fileno=os.dup(connection.fileno()))
        with end:
            end.shutdown(socket.SHUT_RDWR)
