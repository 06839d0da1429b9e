"""What stands between an agent and its model: counts every call, and ends what costs too much.

One for each attempt, on a Unix socket: the agent's only way out. The model's address, name and key
are known here alone. Sampling of the run is put into every request; answers go through as they
come. One that its agent leaves is read to the end, because it costs what it costs and its last
words are its counts. One that is no answer, or was broken off, is cut off for the agent too, so
that it does not go on with what nobody counts. A budget that is spent is answered with status 400,
which agents do not ask again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from pytest_llmops.addresses import CHAT
from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.settings import Budget
from pytest_llmops.agents.spending import asked_of, limit_of, spent_by, under_way, usage_of
from pytest_llmops.agents.web import Exchange, Taker, WebServer
from pytest_llmops.client.broken import LostError
from pytest_llmops.client.connections import Asks, refused
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.faults import UNREADABLE, error_of, excerpt
from pytest_llmops.client.stream import LINGER
from pytest_llmops.completions import Ending, Usage
from pytest_llmops.errors import EndpointError
from pytest_llmops.models import Prices

DRAIN = 20.0
STRANGE = 80
"""Characters that are kept of a path that is not here."""


class Upstream(NamedTuple):
    """A model, and how it is asked."""

    endpoint: Endpoint
    client: Asks
    prices: Prices | None = None
    """For a budget in dollars."""
    length: Callable[[str], int] | None = None
    """Counts tokens where the server does not."""


class Proxy:
    """Answers one agent for its model; an async context manager.

    Args:
        model: What is asked.
        budget: What the agent may spend.
        fields: What every request says, whatever the agent says: sampling, the cap of its answer.
        socket: Where it listens.
        files: What the agent has changed so far.
        drain: Seconds that answers have to their end once the agent has ended.
    """

    def __init__(  # noqa: PLR0913 - the last two are given by name
        self,
        model: Upstream,
        budget: Budget,
        fields: Mapping[str, Any],
        socket: Path,
        *,
        files: Callable[[], Mapping[str, str]] = dict,
        drain: float = DRAIN,
    ) -> None:
        self._endpoint, self._client, self._prices, self._length = model
        self._files, self._drain = files, drain
        self._budget = budget
        self._fields = fields
        self._server = WebServer(socket, self._serve)
        self.calls: list[Call] = []
        self.spent: Ending | None = None
        """Which budget ended the loop."""
        self.heard = time.monotonic()
        """When agent or model last said something."""
        self.strange: set[str] = set()
        """What was asked that is not here."""
        self._idle = asyncio.Condition()
        self._asking = 0

    async def __aenter__(self) -> "Proxy":
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._drain), self._idle:
                await self._idle.wait_for(lambda: not self._asking)
        await self._server.__aexit__()

    @property
    def usage(self) -> Usage:
        """Tokens so far."""
        return usage_of(self.calls)

    @property
    def gone(self) -> bool:
        """Whether the model did not answer as often as is borne, or does not count."""
        if any(call.uncounted for call in self.calls):
            return True
        last = self.calls[-self._budget.retries - 1 :]
        return len(last) > self._budget.retries and all(c.fault and not c.spent for c in last)

    async def _serve(self, exchange: Exchange) -> None:
        self.heard = time.monotonic()
        path = exchange.path.partition("?")[0].rstrip("/")
        if path.endswith("/models"):
            listed = {"id": self._endpoint.model, "object": "model", "owned_by": "llmops"}
            await exchange.whole(200, {"object": "list", "data": [listed]})
        elif exchange.method == "POST" and path.endswith("/chat/completions"):
            await self._asked(exchange)
        else:
            self.strange.add(f"{exchange.method} {path}"[:STRANGE])
            await exchange.whole(404, _refusal(f"{exchange.path}: only chat completions here"))

    async def _asked(self, exchange: Exchange) -> None:
        """Read a request; what is none is told, and the model is not asked."""
        if packed := exchange.headers.get("content-encoding", "identity").replace("identity", ""):
            await exchange.whole(415, _refusal(f"content-encoding {packed}: send plain JSON"))
            return
        try:
            body = json.loads(exchange.body)
        except UNREADABLE:
            body = None
        if isinstance(body, dict):
            await self._chat(exchange, body)
        else:
            await exchange.whole(400, _refusal("the body is no JSON object"))

    async def _chat(self, exchange: Exchange, body: dict[str, Any]) -> None:
        call = Call(body)
        self.calls.append(call)
        if ending := self.spent or spent_by(self.calls, self._budget, self._prices):
            if not under_way(self.calls[:-1]):  # the agent may take what is
                self.spent = ending
            call.spent = True
            call.fault = f"the budget of {ending} is spent"
            call.end()
            await exchange.whole(400, _refusal(call.fault, "budget"))
            return
        self._asking += 1
        try:
            content = asked_of(self._endpoint, self._fields, body)
            call.limit = limit_of(content)
            await self._ask(Taker(exchange), call, json.dumps(content).encode())
        except EndpointError as error:
            call.fault = call.fault or str(error)
            await self._gone(exchange, call)
        finally:
            self.heard = time.monotonic()
            if not call.ended:
                call.cut(self._length)
            async with self._idle:
                self._asking -= 1
                self._idle.notify_all()

    async def _ask(self, taker: Taker, call: Call, content: bytes) -> None:
        async with (
            self._looking(call) as looked,
            self._client.ask(CHAT, content) as reply,
        ):
            kind = reply.headers.get("content-type", "application/json")
            if reply.status != 200:
                said = await refused(reply)
                fault = error_of(reply.status, said)
                call.fault = str(fault)  # before the agent knows, which may end at once
                waits = reply.headers.get("retry-after")
                await taker.begin(
                    reply.status, {"content-type": kind} | ({"retry-after": waits} if waits else {})
                )
                await taker.send(said)
                await taker.end()
                raise fault
            await looked  # before the agent goes on, and while the model was at work
            await taker.begin(200, {"content-type": kind})
            await self._pass_on(taker, call, reply.pieces)
        try:
            if not call.ended:
                call.count(self._length)
        finally:
            await taker.end()

    async def _pass_on(self, taker: Taker, call: Call, pieces: AsyncIterator[bytes]) -> None:
        """Give an agent its answer as it comes; for agents it is over at `[DONE]`.

        Raises:
            EndpointError: It is none, or broke off; the agent does not have the end of it then.
        """
        try:
            async with asyncio.timeout(None) as limit:
                async for piece in pieces:
                    self.heard = time.monotonic()
                    await _give(taker, call, piece)
                    if call.answer.done and not call.ended:
                        limit.reschedule(asyncio.get_running_loop().time() + LINGER)
                        if call.is_told:
                            call.count(self._length)
        except (TimeoutError, LostError):
            if not call.answer.done:
                raise
        if not call.ended:
            call.close()

    @asynccontextmanager
    async def _looking(self, call: Call) -> AsyncIterator[asyncio.Future[None]]:
        """See what the agent has changed by now, in a thread."""

        def look() -> None:
            call.files = self._files()

        looking = asyncio.ensure_future(asyncio.to_thread(look))
        try:
            yield looking
        finally:
            await looking

    async def _gone(self, exchange: Exchange, call: Call) -> None:
        """Pass on that the model is not there, or broke off."""
        if not exchange.begun:
            await exchange.whole(502, _refusal(excerpt(call.fault.encode()), "model"))
        elif exchange.ended:
            return
        elif call.answer.told and not call.is_streamed:
            await exchange.end()  # the agent has a document that says so
        else:
            exchange.cut()


async def _give(taker: Taker, call: Call, piece: bytes) -> None:
    """Pass on a piece of an answer; of what is none, only the server's own words."""
    before = call.answer.done
    try:
        call.feed(piece)
    except EndpointError:
        if call.answer.told:
            await taker.send(piece)
        raise
    await taker.send(piece)
    if not before:
        call.left = taker.gone


def _refusal(message: str, code: str = "unsupported") -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code}}
