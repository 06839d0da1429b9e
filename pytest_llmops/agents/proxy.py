"""What stands between an agent and its model: counts every call, and ends what costs too much.

One for each attempt, on a Unix socket: the agent's only way out. The model's address, name and key
are known here alone. Sampling of the run is put into every request; answers go through as they
come. One that its agent leaves is read to the end, because it costs what it costs and its last
words are its counts. A budget that is spent is answered with status 400, which agents do not ask
again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from pytest_llmops.agents.calls import Call
from pytest_llmops.agents.settings import Budget
from pytest_llmops.agents.web import Exchange, Taker, WebServer
from pytest_llmops.client.connections import CHAT, Asks
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.faults import error_of, excerpt
from pytest_llmops.completions import Ending, Usage
from pytest_llmops.errors import EndpointError
from pytest_llmops.models import Prices

DRAIN = 20.0
SAME = 5
"""Answers in a row that ask for the same, after which the loop is one."""
CAPS = ("max_tokens", "max_completion_tokens")


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
        self.usage = Usage(input=0, output=0)
        """Tokens so far."""
        self.spent: Ending | None = None
        """Which budget ended the loop."""
        self.heard = time.monotonic()
        """When agent or model last said something."""
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
    def gone(self) -> bool:
        """Whether the model did not answer as often as is borne, or does not count."""
        if any(call.uncounted for call in self.calls):
            return True
        last = self.calls[-self._budget.retries - 1 :]
        return len(last) > self._budget.retries and all(c.fault and not c.spent for c in last)

    async def _serve(self, exchange: Exchange) -> None:
        self.heard = time.monotonic()
        if exchange.path.rstrip("/").endswith("/models"):
            listed = {"id": self._endpoint.model, "object": "model", "owned_by": "llmops"}
            await exchange.whole(200, {"object": "list", "data": [listed]})
        elif exchange.method == "POST" and exchange.path.endswith("/chat/completions"):
            await self._chat(exchange)
        else:
            await exchange.whole(404, _refusal(f"{exchange.path}: only chat completions here"))

    async def _chat(self, exchange: Exchange) -> None:
        body = json.loads(exchange.body)
        if not isinstance(body, dict):
            raise ValueError("not a request")
        call = Call(body)
        self.calls.append(call)
        self.spent = self.spent or self._over()
        if self.spent:
            call.spent = True
            call.fault = f"the budget of {self.spent} is spent"
            call.end()
            await exchange.whole(400, _refusal(call.fault))
            return
        self._asking += 1
        try:
            await self._ask(Taker(exchange), call, self._body(body))
        except EndpointError as error:
            call.fault = call.fault or str(error)
            await self._gone(exchange, call.fault)
        finally:
            self.heard = time.monotonic()
            if not call.ended:
                call.cut(self._length)
            if call.usage:
                self.usage += call.usage
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
                said = b"".join([piece async for piece in reply.pieces])
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
            async for piece in reply.pieces:
                self.heard = time.monotonic()
                await taker.send(piece)
                _note(call, piece)
            await taker.end()
        call.left = taker.gone
        if not call.fault:
            call.close()
        if not call.answer.complete and not call.tools:
            raise EndpointError("the stream broke off before its end")
        if not call.usage and self._length:
            call.count_here(self._length)
        if not call.usage:
            call.uncounted = True
            raise EndpointError(
                "the server reports no token counts ('usage'); "
                "name the model's 'tokenizer' to have them counted here"
            )

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

    async def _gone(self, exchange: Exchange, fault: str) -> None:
        """Pass on that the model is not there, or broke off."""
        if not exchange.begun:
            await exchange.whole(502, _refusal(excerpt(fault.encode())))
        elif not exchange.ended:
            exchange.cut()

    def _body(self, body: dict[str, Any]) -> bytes:
        """The agent's request as the model is asked it."""
        fields = dict(self._fields)
        cap = fields.pop("max_tokens")
        asked = [body[name] for name in CAPS if isinstance(body.get(name), int)]
        own = {name: value for name, value in body.items() if name not in CAPS}
        name = CAPS[1] if "max_tokens" in self._endpoint.omit else CAPS[0]
        fields |= {"model": self._endpoint.model, name: min([cap, *asked])}
        if body.get("stream"):
            fields["stream_options"] = {"include_usage": True}
        kept = {key: value for key, value in (own | fields).items() if key not in self._omitted}
        return json.dumps(kept | dict(self._endpoint.extra)).encode()

    @property
    def _omitted(self) -> set[str]:
        return set(self._endpoint.omit)

    def _over(self) -> Ending | None:
        """The budget that the calls so far have spent."""
        budget, usage = self._budget, self.usage
        answered = [call for call in self.calls if call.usage]
        last = [call.asks_for for call in answered if not call.left][-SAME:]
        if len(last) == SAME and last[0] and len(set(last)) == 1:
            return "repeated"
        if len(answered) >= budget.turns:
            return "turns"
        if usage.input + usage.output >= budget.tokens:
            return "tokens"
        if budget.cost and self._prices and self._prices.cost(usage) >= budget.cost:
            return "cost"
        return None


def _note(call: Call, chunk: bytes) -> None:
    """Read a piece of an answer; the agent gets also what cannot be read."""
    if not call.fault:
        try:
            call.feed(chunk)
        except EndpointError as error:
            call.fault = str(error)


def _refusal(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": "budget"}}
