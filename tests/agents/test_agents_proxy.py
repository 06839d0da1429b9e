"""The proxy between an agent and its model, asked over its socket as an agent asks it."""

import asyncio
import json
import threading
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest
from chat_server import ChatServer, answer, whole

from pytest_llmops.agents.proxy import Proxy, Upstream
from pytest_llmops.agents.requests import key_of
from pytest_llmops.agents.settings import Budget
from pytest_llmops.agents.spending import SAME
from pytest_llmops.agents.tape import Tape
from pytest_llmops.agents.turns import BESIDE, LEFT, turns_of
from pytest_llmops.client.connections import Connections
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.completions import Timing, Turn, Usage

CALLED = json.dumps(
    {"choices": [{"delta": {"tool_calls": [{"id": "1", "function": {"name": "bash"}}]}}]}
).encode()
NO_TIME = Timing(started=0.0, queue=0.0, total=0.0)
FIELDS = {"max_tokens": 100, "temperature": 0.0, "top_p": 1.0, "seed": 1}
TOOLS = [{"type": "function", "function": {"name": "bash"}}]
EVENT = {"choices": [{"index": 0, "delta": {"content": "né "}, "finish_reason": None}]}
LAST = {
    "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": 90,
        "completion_tokens": 20,
        "prompt_tokens_details": {"cached_tokens": 32, "cache_write_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 7},
    },
}
STREAM = (
    b": a comment\n\n\n"
    + b"event: message\r\ndata:"
    + json.dumps(EVENT, ensure_ascii=False).encode()
    + b"\r\n\r\n: ping\n\ndata: "
    + json.dumps(LAST).encode()
    + b"\nid: 7\n\ndata: [DONE]\n\n"
)


def streamed(size):
    """Script: the stream, in pieces of so many bytes."""

    async def script(call):
        await call.head()
        for start in range(0, len(STREAM), size):
            await call.raw(STREAM[start : start + size])
            await asyncio.sleep(0)
        await call.end()

    return script


@asynccontextmanager
async def between(server, folder, budget=Budget(), length=None, **more):  # noqa: B008 a frozen value
    """A proxy before a server; gives it, and a function that asks it as an agent does."""
    async with server as url:
        endpoint = Endpoint(base_url=url, model="m")
        client = Connections(endpoint, 30)
        socket = folder / "proxy.sock"
        connector = aiohttp.UnixConnector(str(socket))
        async with (
            client,
            Proxy(
                Upstream(endpoint, client, length=length), budget, FIELDS, socket, **more
            ) as proxy,
            aiohttp.ClientSession(connector=connector) as session,
        ):

            async def ask(text, **fields):
                body = {"messages": [{"role": "user", "content": text}], "stream": True} | fields
                url = "http://proxy/v1/chat/completions"
                async with session.post(url, json=body) as reply:
                    got = reply.status, await reply.read()
                while not proxy.calls[-1].ended:  # who asked has it before the proxy is done
                    await asyncio.sleep(0.01)
                return got

            yield proxy, ask


@pytest.mark.parametrize("size", [1, 2, 7, 64, 10_000])
def test_a_stream_goes_through_byte_for_byte_and_is_counted_by_kind(size, tmp_path):
    async def play():
        async with between(ChatServer(streamed(size)), tmp_path) as (proxy, ask):
            return proxy, await ask("x", tools=TOOLS)

    proxy, got = asyncio.run(play())
    assert got == (200, STREAM)
    assert proxy.usage == Usage(input=90, output=20, cached=32, cache_write=16, reasoning=7)
    assert proxy.calls[0].answer.text == "né "


def test_a_hidden_call_is_kept_in_the_sums_and_named(tmp_path):
    server = ChatServer(answer(usage=(100, 10)), answer(usage=(40, 4)), answer(usage=(200, 20)))

    async def play():
        async with between(server, tmp_path) as (proxy, ask):
            await ask("work", tools=TOOLS)
            await ask("a title, please")
            await ask("more work", tools=TOOLS)
            return proxy

    proxy = asyncio.run(play())
    assert proxy.usage == Usage(input=340, output=34)
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    assert [turn.purpose for turn in turns] == ["", BESIDE, ""]
    assert sum((turn.usage for turn in turns), Usage(input=0, output=0)) == proxy.usage


def test_an_agent_that_offers_no_tools_at_all_has_no_hidden_calls(tmp_path):
    async def play():
        async with between(ChatServer(answer()), tmp_path) as (proxy, ask):
            await ask("work")
            await ask("more work")
            return proxy

    proxy = asyncio.run(play())
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    assert [turn.purpose for turn in turns] == ["", ""]


def test_a_spent_budget_is_answered_here_and_the_model_is_not_asked(tmp_path):
    server = ChatServer(answer())

    async def play():
        async with between(server, tmp_path, Budget(turns=2)) as (proxy, ask):
            return proxy, [(await ask(f"work {number}"))[0] for number in range(4)]

    proxy, statuses = asyncio.run(play())
    assert statuses == [200, 200, 400, 400]
    assert len(server.calls) == 2
    assert (proxy.spent, [call.spent for call in proxy.calls]) == (
        "turns",
        [False, False, True, True],
    )


def test_a_fault_is_known_before_the_agent_hears_of_it(tmp_path):
    """A program may end at once, and its end is judged by what the proxy knows by then."""
    looked = threading.Event()

    async def play():
        async with between(ChatServer(whole(400, {"error": "no"})), tmp_path) as (proxy, ask):
            proxy._files = lambda: looked.wait(20) and {}
            asking = asyncio.ensure_future(ask("x"))
            while not proxy.calls or not proxy.calls[-1].fault:
                await asyncio.sleep(0.01)
            ended = proxy.calls[-1].ended
            looked.set()
            return ended, await asking

    ended, (status, _) = asyncio.run(asyncio.wait_for(play(), 10))
    assert (ended, status) == (False, 400)


def test_a_fault_of_the_model_goes_through_with_its_status_words_and_wait(tmp_path):
    fault = {"error": {"message": "slow down"}}

    async def play():
        server = ChatServer(whole(429, fault, retry_after="7"))
        async with between(server, tmp_path, Budget(retries=1)) as (proxy, ask):
            first = await ask("x")
            before = proxy.gone
            await ask("x")
            return first, before, proxy.gone

    (status, said), before, after = asyncio.run(play())
    assert (status, json.loads(said)) == (429, fault)
    assert (before, after) == (False, True)


class Waits:
    """A model that says half of its answer, and the rest when it is told to."""

    def __init__(self, *, stream=True):
        self.goes_on = asyncio.Event()
        self.half_said = asyncio.Event()
        self._stream = stream

    async def __call__(self, call):
        if not self._stream:
            self.half_said.set()
            await self.goes_on.wait()
            message = {"role": "assistant", "content": "all of it"}
            counts = {"prompt_tokens": 90, "completion_tokens": 20}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            await call.whole(200, {"choices": [choice], "usage": counts})
            return
        await call.head()
        await call.text("half ")
        self.half_said.set()
        await self.goes_on.wait()
        await call.text("of ")
        await call.text("it")
        await call.finish(usage=(90, 20))


@asynccontextmanager
async def left(model, folder, **more):
    """A proxy whose agent has left in the middle of an answer."""
    server = ChatServer(model, answer(usage=(100, 10)))
    async with between(server, folder, **more) as (proxy, ask):
        asking = asyncio.ensure_future(ask("work", tools=TOOLS, stream=model._stream))
        await model.half_said.wait()
        while model._stream and not proxy.calls[0].answer.started:
            await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        yield proxy, ask


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_its_agent_leaves_is_read_to_its_end_and_counted(stream, tmp_path):
    async def play():
        model = Waits(stream=stream)
        async with left(model, tmp_path) as (proxy, ask):
            model.goes_on.set()
            await ask("work", tools=TOOLS)
            while not proxy.calls[0].ended:
                await asyncio.sleep(0.01)
            return proxy

    proxy = asyncio.run(asyncio.wait_for(play(), 20))
    assert proxy.usage == Usage(input=190, output=30)
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    assert [(turn.purpose, turn.usage.output) for turn in turns] == [(LEFT, 20), ("", 10)]
    assert turns[0].text == ("half of it" if stream else "all of it")
    assert not proxy.gone


def test_an_answer_on_its_way_when_the_agent_has_ended_is_waited_for(tmp_path):
    async def play():
        model = Waits()
        async with left(model, tmp_path) as (proxy, _):
            asyncio.get_running_loop().call_later(0.1, model.goes_on.set)
        return proxy

    proxy = asyncio.run(asyncio.wait_for(play(), 20))
    assert proxy.usage == Usage(input=90, output=20)
    assert (proxy.calls[0].left, proxy.calls[0].lost) == (True, False)


COUNTED = Usage(input=len("work\n" + json.dumps(TOOLS[0])), output=len("half "))


@pytest.mark.parametrize(("length", "usage"), [(None, None), (len, COUNTED)])
def test_an_answer_that_takes_too_long_then_is_counted_here_or_named_as_lost(
    length, usage, tmp_path
):
    async def play():
        async with left(Waits(), tmp_path, drain=0.0, length=length) as (proxy, _):
            pass
        return proxy.calls[0]

    call = asyncio.run(asyncio.wait_for(play(), 20))
    assert (call.usage, call.left, call.lost) == (usage, True, usage is None)
    assert not call.uncounted
    assert call.counted_by == ("local" if usage else "server")


@pytest.mark.parametrize(("gone", "status"), [(True, 200), (False, 400)])
def test_tries_that_the_agent_left_are_no_repetition(gone, status, tmp_path):
    async def play():
        async with between(ChatServer(answer(usage=(10, 1))), tmp_path) as (proxy, ask):
            for _ in range(SAME):
                await ask("work", tools=TOOLS)
            for call in proxy.calls:
                call.left = gone
                call._called.feed(CALLED)
            return await ask("work", tools=TOOLS)

    assert asyncio.run(play())[0] == status


def test_a_replay_gives_what_the_agent_took(tmp_path):
    asked = {"messages": [{"role": "user", "content": "x"}]}
    taken = Turn(usage=Usage(input=1, output=1), timing=NO_TIME, finish_reason="stop", text="took",
                 key=key_of(asked))  # fmt: skip
    gone = msgspec.structs.replace(taken, text="did not take", purpose=LEFT)
    assert Tape([gone, taken]).answer(asked) == taken
