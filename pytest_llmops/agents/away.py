"""The sandbox of a program on another machine, as the attempt has it here.

Its folder on this machine is where the program's files are written before it starts, and where lies
what it left once it has ended; see `jailer`. The proxy stays here, and with it the model's key.
"""

import asyncio
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import msgspec

from pytest_llmops.agents.door import Door
from pytest_llmops.agents.jail import Jail, Start
from pytest_llmops.agents.jailer import FOLDERS, Errand, Jailer, Left, Seen
from pytest_llmops.errors import LostError
from pytest_llmops.places.travel import packed
from pytest_llmops.places.where import Host, Hosts


class AwayJail(Jail):
    """One attempt's folder here and process elsewhere; see `Jail`."""

    def __init__(self, hosts: Hosts, threads: ThreadPoolExecutor) -> None:
        """Prepare; a machine is chosen when the program starts.

        Raises:
            AgentError: See `Jail`.
        """
        super().__init__()
        self._hosts = hosts
        self._threads = threads
        self._host: Host | None = None
        self._doors = AsyncExitStack()
        self._seen = Seen()
        self._is_back = False

    async def start(self, start: Start) -> None:
        """Start a program on the machine that has the fewest.

        Raises:
            LostError: It has gone.
            AgentError: Something that the program needs is not there.
            PlaceError: There is no machine left.
        """
        door = await self._doors.enter_async_context(Door(self.socket, self._hosts.address))
        errand = Errand(
            folders={name: packed(self.folder / name) for name in FOLDERS},
            argv=start.argv,
            environment=dict(start.environment),
            shown=tuple((str(path), place) for path, place in start.shown),
            before=tuple(self.before),
            door=door.address,
        )
        self._host = await self._awaited(self._hosts.open, Jailer)
        await self._call("start", msgspec.msgpack.encode(errand))

    async def wait(self, seconds: float) -> int | None:
        """As `Jail.wait`; what an ended program left is here by then.

        Raises:
            LostError: The machine has gone.
        """
        looked = await self._call("look", seconds)
        self._seen = msgspec.msgpack.decode(looked, type=Seen)
        self.peak = self._seen.peak
        if self._seen.status is not None:
            await self.settled()
        return self._seen.status

    @property
    def written(self) -> int:
        """As `Jail.written`, at the last look."""
        return self._seen.written

    def held(self) -> int:
        """As `Jail.held`, at the last look."""
        return self._seen.held

    def changed(self) -> dict[str, str]:
        """As `Jail.changed`."""
        assert self._host
        try:
            changed: dict[str, str] = self._host.call("changed")
        except LostError:
            return {}  # the next look says so
        return changed

    async def settled(self) -> None:
        """End the program, and have here what it left.

        Raises:
            LostError: The machine has gone.
        """
        if self._is_back:
            return
        left = msgspec.msgpack.decode(await self._call("end"), type=Left)
        self._is_back = True
        self.peak = left.peak
        self.stdout.write_bytes(left.stdout)
        (self.folder / "stderr").write_bytes(left.stderr)
        for folder, files in ((self.home, left.home), (self.workspace, left.files)):
            for path, content in files.items():
                place = folder / path
                if place.is_dir():
                    shutil.rmtree(place)
                place.unlink(missing_ok=True)
                if content is not None:
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(content)

    def kill(self) -> None:
        """End the process on the other machine with all in it; safe to repeat."""
        if self._host:
            self._host.close()

    async def ended(self) -> None:
        """Wait until it is gone, and the way to the proxy with it."""
        await self._awaited(self.kill)
        await self._doors.aclose()

    async def _call(self, method: str, *arguments: Any) -> Any:
        assert self._host
        return await self._awaited(self._host.call, method, *arguments)

    async def _awaited(self, work: Callable[..., Any], *arguments: Any) -> Any:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)
