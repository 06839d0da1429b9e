"""The least of an HTTP/1.1 server that clients of a model need, on a Unix socket.

A request is read whole, an answer is written as it comes. What is no request ends its connection.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

from pytest_llmops.agents.serving import SocketServer

LONGEST_HEAD = 64 * 2**10
LONGEST_BODY = 64 * 2**20
"""Bytes; a conversation is shorter."""


class Exchange:
    """One request, and the pen to answer it with."""

    def __init__(self, start: str, headers: dict[str, str], body: bytes) -> None:
        self.method, _, rest = start.partition(" ")
        self.path = rest.partition(" ")[0]
        self.headers = headers
        self.body = body
        self.begun = False
        """The head of an answer is written."""
        self.ended = False
        """All of it is."""
        self._writer: asyncio.StreamWriter | None = None

    def bind(self, writer: asyncio.StreamWriter) -> "Exchange":
        """Say where the answer goes."""
        self._writer = writer
        return self

    async def begin(self, status: int, headers: dict[str, str]) -> None:
        """Write the head of an answer that comes piece by piece."""
        self.begun = True
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        await self._write(
            f"HTTP/1.1 {status} -\r\n{lines}transfer-encoding: chunked\r\n\r\n".encode(
                errors="surrogateescape"  # bytes of the model's server that are no UTF-8
            )
        )

    async def send(self, data: bytes) -> None:
        """Write a piece of the body."""
        if data:
            await self._write(b"%x\r\n%s\r\n" % (len(data), data))

    async def end(self) -> None:
        """Say that this was all."""
        self.ended = True
        await self._write(b"0\r\n\r\n")

    async def whole(self, status: int, document: Any, **headers: str) -> None:
        """Answer at once with a JSON document."""
        await self.begin(status, {"content-type": "application/json", **headers})
        await self.send(json.dumps(document).encode())
        await self.end()

    def cut(self) -> None:
        """Drop the connection."""
        assert self._writer
        self._writer.transport.abort()

    async def _write(self, data: bytes) -> None:
        assert self._writer
        self._writer.write(data)
        await self._writer.drain()


class Taker:
    """Who asked, while they take an answer; once they are gone, nothing more is written."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.gone = False

    async def begin(self, status: int, headers: dict[str, str]) -> None:
        """See `Exchange.begin`."""
        await self._write(self._exchange.begin(status, headers))

    async def send(self, data: bytes) -> None:
        """See `Exchange.send`."""
        await self._write(self._exchange.send(data))

    async def end(self) -> None:
        """See `Exchange.end`."""
        await self._write(self._exchange.end())

    async def _write(self, writing: Coroutine[Any, Any, None]) -> None:
        if self.gone:
            writing.close()
            return
        try:
            await writing
        except OSError:
            self.gone = True


class WebServer(SocketServer):
    """Answers requests on a Unix socket by a function; an async context manager."""

    def __init__(self, path: Path, answer: Callable[[Exchange], Awaitable[None]]) -> None:
        self._path = path
        self._answer = answer

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._came, self._path, limit=LONGEST_HEAD)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            await self._answer((await _read(reader)).bind(writer))


async def _read(reader: asyncio.StreamReader) -> Exchange:
    """Read one request.

    Raises:
        EOFError: There is no further one.
        ValueError: It is none, or too long.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _chunks(reader)
    else:
        body = await reader.readexactly(_size(headers.get("content-length", "0"), 10))
    return Exchange(head[0], headers, body)


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found, total = [], 0
    while size := _size((await reader.readline()).partition(b";")[0].decode(), 16):
        total += size
        if total > LONGEST_BODY:
            raise ValueError("the body is too long")
        found.append(await reader.readexactly(size))
        await reader.readline()
    while (await reader.readline()).strip():
        pass
    return b"".join(found)


def _size(text: str, base: int) -> int:
    size = int(text, base)
    if not 0 <= size <= LONGEST_BODY:
        raise ValueError("not the size of a body")
    return size
