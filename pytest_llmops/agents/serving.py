"""A server of connections that leaves none behind."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any, Self

ENDS = (OSError, EOFError, ValueError, asyncio.LimitOverrunError, asyncio.CancelledError)
"""What ends a connection. A task of a stream that ends as cancelled is told of on standard error by
asyncio (3.11)."""


class SocketServer(ABC):
    """Serves those who connect, each in a task of its own; an async context manager."""

    @abstractmethod
    async def _listen(self) -> asyncio.Server:
        """Wait for connections with `_came`."""

    @abstractmethod
    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; raises any of `ENDS` where it is to end."""

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server = await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            with suppress(*ENDS):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.transport.abort()
