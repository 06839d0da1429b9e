"""What the proxy counts where a model's server is odd: all that its agent has, and nothing else."""

import asyncio
import json
from contextlib import suppress

import aiohttp
import pytest
from chat_server import ChatServer, answer, cut, whole
from test_agents_proxy import TOOLS, between

from pytest_llmops.agents.settings import Budget
from pytest_llmops.agents.settled import finish_of
from pytest_llmops.agents.tape import Tape
from pytest_llmops.agents.turns import BROKE, turns_of
from pytest_llmops.completions import Usage

COUNTS = {"prompt_tokens": 90, "completion_tokens": 20}
COUNTED = Usage(input=90, output=20)
NEXT = Usage(input=100, output=10)


def chunk(delta, reason=None):
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def calls(name="bash", said="c1", arguments="{}", **index):
    function = {"name": name, "arguments": arguments}
    return chunk({"tool_calls": [{"id": said, "type": "function", "function": function} | index]})


TEXT = chunk({"content": "half of it"})
STOP = chunk({}, "stop")
TOLD = {"choices": [], "usage": COUNTS}
OVERLOADED = {"error": {"message": "overloaded", "code": 503}}
HALF_A_CALL = calls(arguments='{"a":', index=0)


def events(*documents, done=True, end=True):
    """Script: chunks, then `[DONE]`, then the end of the body, or a connection that is dropped."""

    async def script(call):
        await call.head()
        for one in documents:
            data = one if isinstance(one, bytes) else json.dumps(one).encode()
            await call.raw(b"data: " + data + b"\n\n")
        if done:
            await call.raw(b"data: [DONE]\n\n")
        await call.end() if end else call.cut()

    return script


def play(folder, *scripts, **more):
    """One request after another, for each script; gives the proxy and what the agent got."""

    async def run():
        async with between(ChatServer(*scripts), folder, **more) as (proxy, ask):
            got = []
            for number in range(len(scripts)):
                try:
                    got.append(await ask(f"work {number}", tools=TOOLS))
                except aiohttp.ClientPayloadError:
                    got.append("broken off")
                while not proxy.calls[-1].ended:
                    await asyncio.sleep(0.01)
            return proxy, got

    return asyncio.run(asyncio.wait_for(run(), 20))


NONE = {
    "a document that is none": events(TEXT, b"{oops", STOP, TOLD),
    "an end without a word": events(TEXT, done=False),
    "an end in the middle of a call": events(HALF_A_CALL, done=False),
    "a connection that is dropped": cut,
    "one that is dropped before the last word": events(TEXT, STOP, TOLD, done=False, end=False),
    "a fault for an ending": events(TEXT, chunk({}, "error"), TOLD),
    "a fault in the stream": events(TEXT, OVERLOADED),
    "a fault in the middle of a call": events(HALF_A_CALL, OVERLOADED, done=False),
    "a fault behind the end": events(TEXT, STOP, TOLD, OVERLOADED),
    "a page": whole(200, "<html>sorry</html>"),
    "half a document": whole(200, '{"choices": [{"message": {"content": "half'),
    "a fault for an ending, whole": whole(
        200, {"choices": [{"message": {"content": "x"}, "finish_reason": "error"}], "usage": COUNTS}
    ),
}


@pytest.mark.parametrize("length", [None, len], ids=["server", "tokenizer"])
@pytest.mark.parametrize("script", NONE.values(), ids=NONE)
def test_an_agent_never_has_the_whole_of_an_answer_that_is_not_counted(script, length, tmp_path):
    proxy, got = play(tmp_path, script, answer(usage=(100, 10)), length=length)
    assert [one if isinstance(one, str) else one[0] for one in got] == ["broken off", 200]
    assert proxy.calls[0].fault
    assert [call.uncounted for call in proxy.calls] == [False, False]
    assert (proxy.calls[1].usage, proxy.gone) == (NEXT, False)


BROKEN = {
    "told behind the end": (events(TEXT, STOP, TOLD, OVERLOADED), COUNTED, "server"),
    "told, and then dropped": (events(TEXT, STOP, TOLD, done=False, end=False), COUNTED, "server"),
    "told so far": (
        events(TEXT | {"usage": {"prompt_tokens": 90, "completion_tokens": 3}}, done=False),
        Usage(input=90, output=3),
        "server",
    ),
    "text": (events(TEXT, done=False), len("half of it"), "local"),
    "thinking": (events(chunk({"reasoning_content": "hm"}), TEXT, done=False), 12, "local"),
    "text, and a fault": (events(TEXT, OVERLOADED), len("half of it"), "local"),
    "nothing": (whole(503, {"error": {"message": "busy"}}), None, "server"),
}


@pytest.mark.parametrize(("script", "usage", "by"), BROKEN.values(), ids=BROKEN)
def test_what_was_generated_of_an_answer_that_broke_off_is_counted(script, usage, by, tmp_path):
    proxy, _ = play(tmp_path, script, length=len)
    (call,) = proxy.calls
    local = isinstance(usage, int)
    assert (call.usage.output if local else call.usage) == usage
    assert (call.counted_by, call.answered, call.lost, call.left) == (by, False, False, False)
    assert (proxy.gone, call.uncounted) == (False, False)


def test_an_answer_that_broke_off_is_not_counted_where_nobody_can(tmp_path):
    proxy, _ = play(tmp_path, cut)
    assert (proxy.calls[0].usage, proxy.calls[0].lost, proxy.gone) == (None, False, False)


def test_tries_that_broke_off_are_turns_with_their_numbers(tmp_path):
    half, busy = events(TEXT, STOP, TOLD, OVERLOADED), whole(503, {"error": {"message": "busy"}})

    async def run():
        scripts = half, busy, half, answer(usage=(100, 10)), answer(usage=(100, 10))
        async with between(ChatServer(*scripts), tmp_path, Budget(turns=2)) as (proxy, ask):
            for text in ["work"] * 4 + ["more work"]:
                with suppress(aiohttp.ClientPayloadError):
                    await ask(text, tools=TOOLS)
                while not proxy.calls[-1].ended:
                    await asyncio.sleep(0.01)
            return proxy

    proxy = asyncio.run(asyncio.wait_for(run(), 20))
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    found = [(turn.purpose, turn.retries, turn.usage.output) for turn in turns]
    assert found == [(BROKE, 0, 20), (BROKE, 2, 20), ("", 3, 10), ("", 0, 10)]
    assert not proxy.spent  # by tries that brought no answer, which are no turns of the budget
    assert proxy.usage == Usage(input=380, output=60)
    asked = {"messages": [{"role": "user", "content": "work"}], "tools": TOOLS}
    assert Tape(turns).answer(asked) == turns[2]
    assert finish_of(proxy.calls, turns[:2]) == "other"


def test_a_fault_told_in_a_whole_document_reaches_the_agent_whole(tmp_path):
    proxy, got = play(tmp_path, whole(200, OVERLOADED), answer(usage=(100, 10)))
    assert (got[0][0], json.loads(got[0][1])) == (200, OVERLOADED)
    assert (proxy.calls[0].fault, proxy.usage) == ("error in the stream: overloaded", NEXT)


@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_packed_as_nobody_asked_for_is_a_fault_by_name(status, tmp_path):
    script = whole(status, "packed", content_encoding="br")
    proxy, (got, _) = play(tmp_path, script, answer(usage=(100, 10)))
    assert "it is packed as br" in proxy.calls[0].fault
    assert got == "broken off" if status == 200 else b"it is packed as br" in got[1]


BAD = {
    "negative": ({"prompt_tokens": -1, "completion_tokens": 20}, "prompt_tokens = -1"),
    "contradicting": (
        {**COUNTS, "completion_tokens_details": {"reasoning_tokens": 500}},
        "contradict each other: 500 reasoning tokens",
    ),
    "no output": ({"prompt_tokens": 90, "completion_tokens": 0}, "reports no token counts"),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("counts", "fault"), BAD.values(), ids=BAD)
def test_an_answer_whose_counts_are_none_fails_its_attempt(counts, fault, stream, tmp_path):
    message = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": counts}
    script = events(TEXT, STOP, {"choices": [], "usage": counts}) if stream else whole(200, message)
    proxy, _ = play(tmp_path, script)
    (call,) = proxy.calls
    assert fault in call.fault
    assert (call.uncounted, call.usage, proxy.gone) == (True, None, True)


MORE = {
    "tool calls": calls(index=0),
    "thinking": chunk({"reasoning_content": "hm"}),
    "thinking, another name": chunk({"reasoning": "hm"}),
}


@pytest.mark.parametrize("piece", MORE.values(), ids=MORE)
def test_tool_calls_and_thinking_cost_output_too(piece, tmp_path):
    script = events(piece, STOP, {"usage": {"prompt_tokens": 90, "completion_tokens": 0}})
    assert play(tmp_path, script)[0].calls[0].uncounted
    script = events(piece, STOP, TOLD)
    assert play(tmp_path, script)[0].usage == COUNTED


@pytest.mark.parametrize("behind", ["dropped", "left open", "counts", "fault"])
def test_an_answer_is_over_at_done_whatever_comes_behind(behind, tmp_path):
    async def script(call):
        await call.head()
        for one in (TEXT, STOP, *(() if behind == "counts" else (TOLD,))):
            await call.event(one)
        await call.raw(b"data: [DONE]\n\n")
        if behind == "dropped":
            call.cut()
        elif behind == "left open":
            await asyncio.Event().wait()
        else:
            await call.event(TOLD if behind == "counts" else {"choices": []})
            await call.end()

    proxy, (got, _) = play(tmp_path, script, answer(usage=(100, 10)))
    assert (got[0], got[1].count(b"[DONE]")) == (200, 1)
    assert [call.left for call in proxy.calls] == [False, False]
    assert proxy.usage == COUNTED + NEXT


def test_an_agent_that_goes_on_at_done_has_not_left_its_answer(tmp_path):
    goes_on = asyncio.Event()

    async def script(call):
        await call.head()
        for one in (TEXT, STOP, TOLD):
            await call.event(one)
        await call.raw(b"data: [DONE]\n\n")
        await goes_on.wait()
        await call.event({"choices": []})
        await call.end()

    async def run():
        server = ChatServer(script)
        async with between(server, tmp_path) as (proxy, _):
            connector = aiohttp.UnixConnector(str(tmp_path / "proxy.sock"))
            async with aiohttp.ClientSession(connector=connector) as session:
                body = {"messages": [], "stream": True}
                async with session.post("http://p/v1/chat/completions", json=body) as reply:
                    while b"[DONE]" not in await reply.content.readline():
                        pass
                    counted = proxy.usage
                    reply.close()
            goes_on.set()
            return counted, proxy

    counted, proxy = asyncio.run(asyncio.wait_for(run(), 20))
    assert counted == proxy.usage == COUNTED
    assert not proxy.calls[0].left


TWO = [("c1", "bash", "{}"), ("c2", "read", "{}")]
FORMS = {
    "numbered": (calls(index=0), calls("read", "c2", index=1)),
    "all are 0": (calls(index=0), calls("read", "c2", index=0)),
    "no numbers": (calls(), calls("read", "c2")),
    "numbers of null": (calls(index=None), calls("read", "c2", index=None)),
    "a name in every piece": (
        calls(arguments="{", index=0), calls(arguments="}", index=0), calls("read", "c2", index=1)
    ),
    "an id for every piece": (
        calls(arguments="{", index=0), calls(said="c1", arguments="}", index=0),
        calls("read", "c2", index=1),
    ),
    "another choice beside": (
        calls(index=0),
        {"choices": [{"index": 1, "delta": calls("no", "x", index=0)["choices"][0]["delta"]}]},
        calls("read", "c2", index=1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("pieces", FORMS.values(), ids=FORMS)
def test_each_tool_that_is_called_is_one_however_its_server_numbers_them(pieces, tmp_path):
    proxy, _ = play(tmp_path, events(*pieces, chunk({}, "tool_calls"), TOLD))
    assert proxy.calls[0].tools == TWO


@pytest.mark.parametrize(("said", "reason"), [(100, "length"), (20, "context")])
def test_an_answer_that_a_server_cuts_before_its_limit_is_one_of_its_context(
    said, reason, tmp_path
):
    counts = {"prompt_tokens": 90, "completion_tokens": said}
    proxy, _ = play(tmp_path, events(TEXT, chunk({}, "length"), {"choices": [], "usage": counts}))
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    assert [turn.finish_reason for turn in turns] == [reason]


def test_the_tries_of_a_request_are_those_of_its_next_answer(tmp_path):
    fault, good = whole(500, OVERLOADED), answer(usage=(90, 20))

    async def run():
        async with between(ChatServer(fault, good, good, fault, good), tmp_path) as (proxy, ask):
            for _ in range(5):
                await ask("work", tools=TOOLS)
            return proxy

    proxy = asyncio.run(asyncio.wait_for(run(), 20))
    turns = turns_of(proxy.calls, proxy.calls[-1].started + 1, lambda _: False)
    assert [turn.retries for turn in turns] == [1, 0, 1]


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"content-encoding": "gzip"}, b"\x1f\x8b", 415),
        ({"content-encoding": "zstd"}, b"\x28\xb5\x2f\xfd", 415),
        ({}, b"{", 400),
        ({}, b"\xff\xfe", 400),
        ({}, b"[1]", 400),
    ],
)
def test_what_is_no_request_is_told_and_the_model_is_not_asked(headers, body, status, tmp_path):
    server = ChatServer(answer(usage=(90, 20)))

    async def run():
        async with between(server, tmp_path) as (proxy, _):
            connector = aiohttp.UnixConnector(str(tmp_path / "proxy.sock"))
            async with aiohttp.ClientSession(connector=connector) as session:
                url = "http://p/v1/chat/completions?api-version=1"
                async with session.post(url, data=body, headers=headers) as reply:
                    told = reply.status, (await reply.json())["error"]["code"]
                async with session.post(url, json={"messages": [], "max_tokens": True}) as reply:
                    return told, reply.status, await reply.read(), proxy

    told, again, _, proxy = asyncio.run(asyncio.wait_for(run(), 20))
    assert (told, again) == ((status, "unsupported"), 200)
    assert len(proxy.calls) == len(server.calls) == 1
    assert server.calls[0].body["max_tokens"] == 100


def test_requests_at_once_pass_no_budget_of_turns(tmp_path):
    async def run():
        server = ChatServer(answer(usage=(90, 20)))
        async with between(server, tmp_path, Budget(turns=3)) as (proxy, ask):
            asked = (ask(f"work {number}", tools=TOOLS) for number in range(8))
            got = await asyncio.gather(*asked)
            before = proxy.spent
            got.append(await ask("one more", tools=TOOLS))
        return sorted(status for status, _ in got), before, proxy, server

    statuses, before, proxy, server = asyncio.run(asyncio.wait_for(run(), 20))
    assert statuses == [200] * 3 + [400] * 6
    assert (len(server.calls), before, proxy.spent) == (3, None, "turns")
    assert proxy.usage == Usage(input=270, output=60)
