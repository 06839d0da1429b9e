"""Recorded answers played to an agent's proxy: it counts and ends them as it did then."""

import asyncio
from itertools import product

import aiohttp
import msgspec
import pytest
from chat_server import ChatServer, answer, completion
from test_agents_proxy import FIELDS, NO_TIME, TOOLS, between

from pytest_llmops.agents.attach import RECORDED
from pytest_llmops.agents.proxy import Proxy, Upstream
from pytest_llmops.agents.repair import whole
from pytest_llmops.agents.requests import key_of
from pytest_llmops.agents.settings import Budget
from pytest_llmops.agents.settled import finish_of, settled
from pytest_llmops.agents.tape import PlayedTape, counted_as_then
from pytest_llmops.agents.turns import turns_of
from pytest_llmops.client.usage import counted_together
from pytest_llmops.completions import FinishReason, ToolCall, Turn, Usage
from pytest_llmops.errors import EndpointError

ASKED = {"messages": [{"role": "user", "content": "work"}], "tools": TOOLS}
CALLED = (ToolCall(name="bash", arguments="{}"), ToolCall(name="read", arguments='{"a": 1}'))
REASONS = FinishReason.__args__
SAID = Usage(input=900, output=70, cached=600, cache_write=200, reasoning=40)
FULL = Usage(input=900, output=FIELDS["max_tokens"])


def played(folder, turns, *, stream):
    """The turns of a loop that asks `ASKED` once, answered by recorded ones."""

    async def run():
        socket = folder / "proxy.sock"
        model = Upstream(RECORDED, PlayedTape(turns))
        async with (
            Proxy(model, Budget(), FIELDS, socket) as proxy,
            aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session,
        ):
            url = "http://proxy/v1/chat/completions"
            async with session.post(url, json=ASKED | {"stream": stream}) as reply:
                assert reply.status == 200
                await reply.read()
        return turns_of(proxy.calls, 0.0, lambda _: False)

    return counted_as_then(asyncio.run(asyncio.wait_for(run(), 20)), turns)


def told(turn):
    return turn.usage, turn.counted_by, turn.finish_reason, turn.text, turn.tools, turn.key


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("reason", "tools", "by"),
    [*product(REASONS, [(), CALLED[:1], CALLED], ["server", "total", "local"])],
)
def test_a_turn_that_is_played_again_is_what_it_was(reason, tools, by, stream, tmp_path):
    turn = Turn(
        usage=FULL if reason == "length" else SAID,
        timing=NO_TIME,
        finish_reason=reason,
        counted_by=by,
        text="I look.",
        tools=tools,
        key=key_of(ASKED),
    )
    (again,) = played(tmp_path, [turn], stream=stream)
    assert told(again) == told(turn)


@pytest.mark.parametrize(
    ("kinds", "by"),
    [
        (["server", "server"], "server"),
        (["total", "server"], "total"),
        (["server", "total", "local", "server"], "local"),
        ([], "server"),
    ],
)
def test_a_loop_is_counted_by_who_counted_least_of_it(kinds, by):
    assert counted_together(kinds) == by
    answers = [msgspec.structs.replace(completion(), counted_by=one) for one in kinds]
    turn = Turn(usage=SAID, timing=NO_TIME, finish_reason="stop")
    if answers:
        assert whole(answers, [turn] * len(answers), "done").counted_by == by


def test_all_models_that_answered_a_loop_are_named():
    names = ["mini", "mini", "", "large"]
    answers = [msgspec.structs.replace(completion(), served_model=name) for name in names]
    turn = Turn(usage=SAID, timing=NO_TIME, finish_reason="stop")
    assert whole(answers, [turn] * 4, "done").served_model == "mini, large"


@pytest.mark.parametrize("ending", ["done", "failed"])
def test_a_program_that_asks_in_another_protocol_is_an_error_that_says_so(ending, tmp_path):
    async def run():
        async with between(ChatServer(answer()), tmp_path) as (proxy, _):
            connector = aiohttp.UnixConnector(str(tmp_path / "proxy.sock"))
            async with aiohttp.ClientSession(connector=connector) as session:
                for path in ("responses", "messages?beta=true", "messages/count_tokens"):
                    async with session.post(f"http://p/v1/{path}", json={}) as reply:
                        assert reply.status == 404
            return proxy

    proxy = asyncio.run(asyncio.wait_for(run(), 20))
    said = (
        "never asked its model: bye; it asked POST /v1/messages, POST /v1/messages/count_tokens, "
        "POST /v1/responses, which the proxy does not have"
    )
    with pytest.raises(EndpointError, match=said):
        settled(proxy.calls, (ending, "bye"), "m at http://x", proxy.strange)
    assert settled([], ("time", "late"), "m at http://x", set()) == ("time", "late")


@pytest.mark.parametrize("lost", [True, False])
def test_an_attempt_with_an_answer_that_nobody_counted_is_a_truncated_one(lost, tmp_path):
    async def script(call):
        await call.head()
        await call.text("on and on")
        await asyncio.Event().wait()

    async def run():
        server = ChatServer(answer(usage=(90, 20)), *([script] if lost else []))
        async with between(server, tmp_path, drain=0.0) as (proxy, ask):
            await ask("work", tools=TOOLS)
            asking = asyncio.ensure_future(ask("more", tools=TOOLS))
            while len(proxy.calls) < 2 or not proxy.calls[1].answer.started:
                await asyncio.sleep(0.01)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        return proxy.calls

    calls = asyncio.run(asyncio.wait_for(run(), 20))
    assert [call.lost for call in calls] == [False, lost]
    turns = turns_of(calls, 0.0, lambda _: False)
    assert finish_of(calls, turns) == ("length" if lost else "stop")
    assert sum(turn.usage.output for turn in turns) == (20 if lost else 40)
    assert finish_of([], ()) == "other"
