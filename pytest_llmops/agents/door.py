"""The way of a program on another machine to the proxy of its attempt, which is on this one.

A door is a port of this machine that leads to the proxy's socket, for those who know its word; a
tunnel is a socket on the other machine that leads to the door. What passes is not encrypted; nor is
what else the machines of a cluster say to each other.
"""

import asyncio
import hmac
import secrets
from abc import abstractmethod
from pathlib import Path

import msgspec

from pytest_llmops.agents.serving import SocketServer

PATIENCE = 10.0
"""Seconds in which the word has to come."""
PIECE = 64 * 2**10

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Address(msgspec.Struct, frozen=True):
    """Where a door is, and its word."""

    machine: str
    port: int
    word: str


class _Passage(SocketServer):
    """Joins whoever connects to it with a connection of its own."""

    @abstractmethod
    async def _reach(self, reader: asyncio.StreamReader) -> Streams:
        """The other connection; raises OSError, EOFError or ValueError where there is none."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await self._reach(reader)
        try:
            await asyncio.gather(_pumped(reader, back), _pumped(there, writer))
        finally:
            back.transport.abort()


class Door(_Passage):
    """A port of this machine that leads to a socket."""

    def __init__(self, socket: Path, machine: str) -> None:
        """Prepare; `machine` is this one, as others reach it."""
        self._socket = socket
        self._machine = machine
        self._word = secrets.token_hex(32)

    @property
    def address(self) -> Address:
        """Where it is, once it is entered."""
        return Address(self._machine, self._server.sockets[0].getsockname()[1], self._word)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._came, self._machine, 0)

    async def _reach(self, reader: asyncio.StreamReader) -> Streams:
        said = await asyncio.wait_for(reader.readexactly(len(self._word)), PATIENCE)
        if not hmac.compare_digest(said, self._word.encode()):
            raise ValueError("another word")
        return await asyncio.open_unix_connection(self._socket)


class Tunnel(_Passage):
    """A socket that leads to a door on another machine."""

    def __init__(self, socket: Path, door: Address) -> None:
        self._socket = socket
        self._door = door

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self._came, self._socket)

    async def _reach(self, reader: asyncio.StreamReader) -> Streams:
        del reader  # whoever is in the sandbox may come
        streams = await asyncio.open_connection(self._door.machine, self._door.port)
        streams[1].write(self._door.word.encode())
        return streams


async def _pumped(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass on what comes until it ends, and then that it has."""
    while piece := await source.read(PIECE):
        target.write(piece)
        await target.drain()
    target.write_eof()
