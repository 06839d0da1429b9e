"""One attempt's sandbox on another machine; what of it runs there.

The session's machine sends what the program is to find, and the door to the proxy; it looks how the
program gets on, and in the end gets what the program left: output, home, and the files that it
changed. Whatever runs here ends with this process, as a sandbox ends with the thread that began it.
"""

import asyncio
import io
import os
import tarfile
import threading
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from pytest_llmops.agents.door import Address, Tunnel
from pytest_llmops.agents.jail import Jail, Start
from pytest_llmops.agents.workspace import contents, sources
from pytest_llmops.errors import AgentError

Result = TypeVar("Result")

FOLDERS = ("workspace", "home")
LARGEST, MOST = 32 * 2**20, 128 * 2**20
"""Bytes of a file of its home that is brought back, and of all of them."""


class Errand(msgspec.Struct, frozen=True):
    """What is sent."""

    folders: dict[str, bytes]
    """Archives of `FOLDERS`."""
    argv: tuple[str, ...]
    environment: dict[str, str]
    shown: tuple[tuple[str, str], ...]
    """See `jail.Start`; these paths have to be here as well."""
    before: tuple[str, ...]
    """Files of the workspace, before the program's settings came to them."""
    door: Address


class Seen(msgspec.Struct, frozen=True):
    """How a program gets on."""

    status: int | None = None
    """How it ended; None while it runs."""
    written: int = 0
    held: int = 0
    peak: int = 0
    """Bytes, see `jail.Jail`."""


class Left(msgspec.Struct, frozen=True):
    """What a program left."""

    stdout: bytes
    stderr: bytes
    home: dict[str, bytes]
    files: dict[str, bytes | None]
    """What is in files that it changed or made; None for what cannot be read any more."""
    peak: int


class Jailer:
    """Holds a sandbox; for any thread."""

    def __init__(self) -> None:
        self._jail = Jail()
        self._open = AsyncExitStack()
        self._before: dict[str, bytes] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def check(self, shown: tuple[str, ...]) -> None:
        """See that a program could be started here.

        Raises:
            AgentError: A path that it needs is missing, or the sandbox does not start.
        """
        self._require(shown)
        start = Start(("/bin/sh", "-c", "exit 0"), {}, tuple((Path(one), one) for one in shown))

        async def tried() -> int | None:
            self._jail.socket.touch()
            await self._jail.start(start)
            return await self._jail.wait(30.0)

        with self._jail:
            if self._run(tried()) != 0:
                raise AgentError(f"the sandbox does not start: {self._jail.words()}")

    def start(self, encoded: bytes) -> None:
        """Start a program.

        Raises:
            AgentError: A path that it needs is missing.
        """
        errand = msgspec.msgpack.decode(encoded, type=Errand)
        self._require(tuple(path for path, _ in errand.shown))
        for name in FOLDERS:
            with tarfile.open(fileobj=io.BytesIO(errand.folders[name])) as archive:
                archive.extractall(self._jail.folder / name, filter="data")
        self._before = {path: (self._jail.workspace / path).read_bytes() for path in errand.before}
        start = Start(
            errand.argv,
            errand.environment,
            tuple((Path(path), place) for path, place in errand.shown),
        )

        async def begun() -> None:
            await self._open.enter_async_context(Tunnel(self._jail.socket, errand.door))
            await self._jail.start(start)

        self._run(begun())

    def look(self, seconds: float) -> bytes:
        """How it gets on, once it has ended or after so many seconds; see `Seen`."""

        async def looked() -> Seen:
            status = await self._jail.wait(seconds)
            held = self._jail.held()
            return Seen(status, self._jail.written, held, self._jail.peak)

        return msgspec.msgpack.encode(self._run(looked()))

    def changed(self) -> dict[str, str]:
        """See `jail.Jail.changed`."""
        return sources(self._jail.workspace, self._before)

    def end(self) -> bytes:
        """End it, and say what it left; see `Left`."""

        async def ended() -> None:
            await self._jail.ended()
            await self._open.aclose()

        self._run(ended())
        with self._jail:
            now = contents(self._jail.workspace, self._before)
            files = {path: now[path] for path, data in self._before.items() if now[path] != data}
            files |= {path: text.encode() for path, text in self.changed().items()}
            return msgspec.msgpack.encode(
                Left(
                    stdout=self._jail.stdout.read_bytes(),
                    stderr=self._jail.words().encode(),
                    home=_files(self._jail.home),
                    files=files,
                    peak=self._jail.peak,
                )
            )

    def _require(self, shown: tuple[str, ...]) -> None:
        if missing := [path for path in shown if not os.access(path, os.R_OK)]:
            raise AgentError(
                f"{missing[0]} is not there; install the agent's program on each machine, "
                "`python -m pytest_llmops.agents`"
            )

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def _files(folder: Path) -> dict[str, bytes]:
    """Plain files of a folder by path, small ones first, as many as are brought back."""
    paths = [one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()]
    sized = sorted((one.stat().st_size, one) for one in paths)
    found, total = dict[str, bytes](), 0
    for size, path in sized:
        total += size
        if size <= LARGEST and total <= MOST:
            found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found
