import asyncio
import socket
import time

import pytest
from chat_server import ChatServer, answer, cut, hang, request, requests, serving, whole

from pytest_llmops.client.chat import ChatClient
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.pacing import Patience
from pytest_llmops.errors import EndpointError, ModelError
from pytest_llmops.seeds import derive_seed

QUICK = Patience(
    retries=3, first_delay=0.01, longest_delay=0.02, longest_wait=5, outage=0.05, outage_faults=3
)
SECRET = "sk-very-secret-key"


def ask(server, asked=None, *, patience=QUICK, **endpoint):
    """One completion from a scripted server."""
    return ask_all(server, [asked or request()], patience=patience, **endpoint)[0]


def ask_all(server, asked, *, patience=QUICK, **endpoint):
    async def main():
        async with (
            server as url,
            ChatClient(Endpoint(base_url=url, model="m", **endpoint), patience) as client,
        ):
            return await asyncio.gather(*(client.complete(one) for one in asked))

    return asyncio.run(main())


def failure(server, **endpoint):
    with pytest.raises(EndpointError) as caught:
        ask(server, **endpoint)
    return str(caught.value)


def test_a_streamed_answer_comes_back_whole_with_its_counts():
    got = ask(ChatServer(answer("return a + b", usage=(11, 7))))
    assert got.text == "return a + b"
    assert (got.usage.input, got.usage.output) == (11, 7)
    assert (got.finish_reason, got.served_model, got.retries) == ("stop", "served", 0)
    assert not got.from_cache


def test_the_request_says_what_was_asked():
    server = ChatServer(answer())
    ask(server, request(sample=2, seed=40, max_tokens=9, temperature=0.5, stop=("```",)))
    body = server.calls[0].body
    assert body.pop("messages") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Write f."},
    ]
    assert body == {
        "model": "m", "max_tokens": 9, "temperature": 0.5, "top_p": 1.0,
        "seed": derive_seed(40, "suite:a#f", 2),
        "stop": ["```"], "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip


def test_the_key_is_sent_as_a_bearer_token():
    server = ChatServer(answer())
    ask(server, api_key=SECRET)
    assert server.calls[0].headers["authorization"] == f"bearer {SECRET}"


def test_without_a_key_none_is_sent():
    server = ChatServer(answer())
    ask(server)
    assert "authorization" not in server.calls[0].headers


def test_a_server_that_ignores_stream_is_understood():
    document = {
        "model": "plain",
        "choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1},
    }
    got = ask(ChatServer(whole(200, document)), request(max_tokens=1))
    assert (got.text, got.finish_reason, got.served_model) == ("x", "length", "plain")
    assert got.timing.first_token is None
    assert got.timing.total > 0


def test_the_first_token_is_timed_apart_from_the_queue_and_the_end():
    async def slow(call):
        await asyncio.sleep(0.06)
        await call.head()
        await call.text("a")
        await asyncio.sleep(0.04)
        await call.text("b")
        await call.finish()

    before = time.time()
    first, second = ask_all(ChatServer(slow), [request(), request(sample=1)], concurrency=1)
    assert 0.05 < first.timing.first_token < first.timing.total - 0.03
    assert first.timing.queue < 0.05 < second.timing.queue
    assert before <= first.timing.started <= time.time()


def test_connections_are_used_again():
    server = ChatServer(answer())
    ask_all(server, [request(sample=k) for k in range(30)], concurrency=2)
    assert len(server.calls) == 30
    assert server.connections <= 2


def test_no_more_requests_are_sent_at_once_than_configured():
    async def unhurried(call):
        await asyncio.sleep(0.01)
        await answer()(call)

    server = ChatServer(unhurried)
    ask_all(server, [request(sample=k) for k in range(20)], concurrency=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
def test_a_passing_status_is_retried_and_counted(status):
    got = ask(ChatServer(whole(status, "busy"), answer("x")))
    assert (got.text, got.retries) == ("x", 1)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_final_status_fails_at_once_with_the_words_of_the_server(status):
    server = ChatServer(whole(status, {"error": {"message": "no such thing"}}))
    message = failure(server)
    assert f"HTTP {status}: no such thing" in message
    assert "suite:a#f (sample 0): m at http://127.0.0.1:" in message
    assert len(server.calls) == 1


def test_an_empty_account_is_not_waited_for():
    error = {"error": {"message": "quota", "type": "insufficient_quota"}}
    server = ChatServer(whole(429, error))
    assert "HTTP 429: quota" in failure(server)
    assert len(server.calls) == 1


def test_a_cut_stream_is_asked_for_again_and_its_half_thrown_away():
    got = ask(ChatServer(cut, cut, answer("whole")))
    assert (got.text, got.retries) == ("whole", 2)


def test_a_stream_that_ends_politely_but_too_early_is_cut_too():
    async def early(call):
        await call.head()
        await call.text("ha")
        await call.end()

    assert ask(ChatServer(early, answer("whole"))).text == "whole"


def test_retries_come_to_an_end():
    server = ChatServer(whole(503, {"detail": "loading"}))
    assert "HTTP 503: loading; gave up after 4 tries" in failure(server)
    assert len(server.calls) == 4


def test_retry_after_is_obeyed_by_all_requests():
    server = ChatServer(whole(429, "slow down", retry_after="0.3"), answer())
    ask_all(server, [request(sample=k) for k in range(3)], concurrency=1)
    assert server.calls[1].at - server.calls[0].at >= 0.29


def test_a_pause_of_hours_is_an_error_now():
    server = ChatServer(whole(429, "daily quota", retry_after="3600"))
    assert "daily quota; asks to wait 3600 s" in failure(server)


def test_concurrency_falls_at_429_and_rises_with_answers():
    async def main():
        server = ChatServer(*[whole(429, "busy")] * 4, answer())
        async with server as url:
            endpoint = Endpoint(base_url=url, model="m", concurrency=9)
            async with ChatClient(endpoint, QUICK) as client:
                await asyncio.gather(*(client.complete(request(sample=k)) for k in range(9)))
                fallen = client.limiter.limit
                for k in range(60):
                    await client.complete(request(sample=k))
                return fallen, client.limiter.limit

    fallen, risen = asyncio.run(main())
    assert 1 <= fallen < 9
    assert risen == 9


def test_a_time_out_is_an_error_and_not_retried():
    server = ChatServer(hang)
    assert "no end of the answer within 0.1 s (0 characters came)" in failure(server, timeout=0.1)
    assert len(server.calls) <= 1  # a busy machine may not read it in time


def test_an_answer_that_stalls_in_the_middle_times_out_as_a_whole():
    async def stall(call):
        await call.head()
        await call.text("begin")
        await hang(call)

    assert "(5 characters came)" in failure(ChatServer(stall), timeout=0.1)


def test_a_server_that_does_not_hang_up_after_done_delays_nothing_for_long():
    async def lingering(call):
        await call.head()
        await call.text("x")
        await call.event({"choices": [{"delta": {}, "finish_reason": "stop"}],
                          "usage": {"prompt_tokens": 1, "completion_tokens": 1}})  # fmt: skip
        await call.raw(b"data: [DONE]\n\n")
        await hang(call)

    got = ask(ChatServer(lingering))
    assert got.text == "x"
    assert got.timing.total < 0.5


def ask_a_thousand(server, **endpoint):
    """Errors of a thousand requests, as many in hand as the client wants: two."""

    async def main():
        async with server as url:
            client = ChatClient(Endpoint(base_url=url, model="m", concurrency=2, **endpoint), QUICK)
            samples, errors = iter(range(1000)), []

            async def work():
                for sample in samples:
                    with pytest.raises(EndpointError) as caught:
                        await client.complete(request(sample=sample))
                    errors.append(str(caught.value))

            async with client:
                await asyncio.gather(*(work() for _ in range(client.concurrency)))
            return errors

    errors = asyncio.run(main())
    assert len(errors) == 1000
    return errors


def test_a_server_that_answers_nothing_in_time_is_not_asked_a_thousand_times():
    server = ChatServer(hang)
    results = ask_a_thousand(server, timeout=0.05)
    assert all("no end of the answer within 0.05 s" in error for error in results)
    assert len(server.calls) < 20


def test_a_server_that_only_fails_is_not_asked_a_thousand_times():
    server = ChatServer(whole(503, "engine is gone"))
    results = ask_a_thousand(server)
    assert all("HTTP 503: engine is gone; gave up after 4 tries" in error for error in results)
    assert len(server.calls) <= 10


def test_one_request_that_always_fails_leaves_the_others_alone():
    async def choosy(call):
        await (whole(500, "poison") if call.body["seed"] == request(sample=3).seed else answer())(
            call
        )

    async def main():
        async with (
            ChatServer(choosy) as url,
            ChatClient(Endpoint(base_url=url, model="m"), QUICK) as client,
        ):
            asked = (client.complete(request(sample=k)) for k in range(50))
            return await asyncio.gather(*asked, return_exceptions=True)

    results = asyncio.run(main())
    assert [k for k, got in enumerate(results) if isinstance(got, EndpointError)] == [3]


def test_a_server_without_counts_is_told_from_a_wrong_answer():
    server = ChatServer(answer(usage=None))
    assert "reports no token counts ('usage'); name the model's 'tokenizer'" in failure(server)


def test_a_server_without_counts_is_not_asked_a_thousand_times():
    server = ChatServer(answer(usage=None))
    results = ask_a_thousand(server)
    assert all("reports no token counts" in error for error in results)
    assert len(server.calls) <= 2


@pytest.mark.parametrize("body", [b"data: {broken\n\n", b"<html>gateway</html>\n", b"data: 17\n\n"])
def test_what_is_no_stream_is_quoted(body):
    async def garbage(call):
        await call.head()
        await call.raw(body)
        await call.finish()

    server = ChatServer(garbage)
    assert body.decode().strip().removeprefix("data: ") in failure(server)
    assert len(server.calls) == 1


def test_an_endless_answer_is_refused():
    async def flood(call):
        await call.head()
        while True:
            await call.raw(b"data: " + b"x" * 2**20)

    assert "over 32 MiB" in failure(ChatServer(flood))


def test_a_refusal_is_kept_apart_from_the_text():
    async def refuse(call):
        await call.head()
        await call.event({"choices": [{"delta": {"refusal": "I will "}}]})
        await call.event({"choices": [{"delta": {"refusal": "not."}}]})
        await call.finish("content_filter")

    got = ask(ChatServer(refuse))
    assert (got.text, got.refusal, got.finish_reason) == ("", "I will not.", "content_filter")


def test_a_passing_error_inside_the_stream_is_retried():
    async def overloaded(call):
        await call.head()
        await call.text("ha")
        await call.event({"error": {"message": "overloaded", "code": 503}})
        await call.end()

    got = ask(ChatServer(overloaded, answer("whole")))
    assert (got.text, got.retries) == ("whole", 1)


def unused_url():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


def test_refused_connections_end_in_an_error_that_says_so():
    async def main():
        async with ChatClient(Endpoint(base_url=unused_url(), model="m"), QUICK) as client:
            await client.complete(request())

    with pytest.raises(EndpointError, match=r"m at http://127.*: cannot connect: Connection ref"):
        asyncio.run(main())


def test_a_dead_server_is_given_up_by_all_requests_together():
    async def main():
        patience = Patience(first_delay=0.05, longest_delay=60, outage=0.2)
        async with ChatClient(Endpoint(base_url=unused_url(), model="m"), patience) as client:
            asked = (client.complete(request(sample=k)) for k in range(500))
            return await asyncio.gather(*asked, return_exceptions=True)

    begin = time.monotonic()
    results = asyncio.run(main())
    assert all("not reachable for" in str(error) for error in results)
    assert time.monotonic() - begin < 30  # no timing: a guard against waiting for ever


def test_the_key_is_in_no_message_even_if_the_server_quotes_it():
    error = {"error": {"message": f"Incorrect API key provided: {SECRET}"}}
    message = failure(ChatServer(whole(401, error)), api_key=SECRET)
    assert "Incorrect API key provided: ***" in message
    cut = {"error": {"message": "x" * 290 + SECRET}}
    assert SECRET[:8] not in failure(ChatServer(whole(401, cut)), api_key=SECRET)
    assert SECRET not in repr(Endpoint(base_url="http://h/v1", model="m", api_key=SECRET))


def test_a_user_name_in_the_url_is_in_no_message():
    endpoint = Endpoint(base_url="https://me:pass@host:8443/v1?k=v", model="m")
    assert endpoint.where == "m at https://host:8443/v1"


@pytest.mark.parametrize("key", ["sk-1\n", "sk 1", "schlüssel"])
def test_a_key_that_no_header_carries_is_refused_without_being_shown(key):
    with pytest.raises(ModelError, match="line end") as caught:
        Endpoint(base_url="http://h/v1", model="m", api_key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "headers", "key", "told"),
    [
        (401, {}, "", "no; no key was sent: name its variable as 'api_key_env' in models.toml"),
        (403, {}, "k-123", "no"),
        (404, {}, "", "no; the URL of the model ends without a version, such as /v1"),
        (302, {"location": "https://h/v1/chat/completions?a=b"}, "",
         "no; it leads to https://h/v1: give the model that URL"),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_look_at(status, headers, key, told):
    server = ChatServer(whole(status, {"error": {"message": "no"}}, **headers))

    async def main():
        async with server as url:
            root = url.removesuffix("/v1")
            async with ChatClient(Endpoint(base_url=root, model="m", api_key=key), QUICK) as client:
                return await client.complete(request())

    with pytest.raises(EndpointError) as caught:
        asyncio.run(main())
    assert told in str(caught.value)


@pytest.mark.parametrize("url", ["", "localhost:8000/v1", "ftp://h/v1", "http:///v1", "http://h:x"])
def test_a_url_that_is_none_is_refused(url):
    with pytest.raises(ModelError, match=r"must read http\(s\)://HOST"):
        Endpoint(base_url=url, model="m")


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://localhost:1/v1", True), ("http://127.0.0.2/v1", True), ("http://[::1]/v1", True),
     ("https://api.example.com/v1", False), ("http://10.0.0.1/v1", False)],
)  # fmt: skip
def test_this_machine_is_told_from_others(url, local):
    assert Endpoint(base_url=url, model="m").is_local is local


def test_fields_can_be_added_replaced_and_left_out():
    server = ChatServer(answer())
    ask(server, extra={"top_k": 1, "seed": 7}, omit=("max_tokens", "temperature"))
    body = server.calls[0].body
    assert (body["top_k"], body["seed"], body["max_completion_tokens"]) == (1, 7, 512)
    assert not {"max_tokens", "temperature"} & set(body)


def test_cancelling_drops_the_requests_at_once():
    async def main():
        async with (
            server as url,
            ChatClient(Endpoint(base_url=url, model="m", concurrency=2)) as client,
        ):
            tasks = [asyncio.create_task(client.complete(request(sample=k))) for k in range(5)]
            await both.wait()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
            return [task.cancelled() for task in tasks]

    both = asyncio.Event()

    async def tell(call):
        if len(server.calls) == 2:
            both.set()
        await hang(call)

    server = ChatServer(tell)
    assert asyncio.run(main()) == [True] * 5


def slots(count, seconds, *, streamed):
    """Script: so many answers at a time; who hangs up stays in the queue, and is worked on."""
    places = asyncio.Semaphore(count)

    async def script(call):
        async with places:
            await asyncio.sleep(seconds)
        if streamed:
            await answer()(call)
        else:
            usage = {"prompt_tokens": 5, "completion_tokens": 1}
            choice = {"message": {"content": "x"}, "finish_reason": "stop"}
            await call.whole(200, {"choices": [choice], "usage": usage})

    return script


@pytest.mark.parametrize("streamed", [True, False], ids=["streamed", "whole"])
@pytest.mark.parametrize(("count", "seconds"), [(1, 0.25), (4, 0.6)], ids=["one", "four"])
def test_a_server_of_few_slots_answers_all_though_the_queue_outlasts_the_time(
    count, seconds, streamed
):
    server = ChatServer(slots(count, seconds, streamed=streamed))
    patient = Patience(retries=8, first_delay=0.01, longest_delay=0.02)
    got = ask_all(server, requests(24), patience=patient, timeout=1.5)
    assert len(got) == 24
    assert server.most_at_once == 20
    assert sum(one.retries for one in got) > 0


def test_an_answer_that_began_and_did_not_end_is_not_asked_for_again():
    async def stall(call):
        await call.head()
        await call.text("begin")
        await hang(call)

    server = ChatServer(stall)

    async def main():
        endpoint = Endpoint(base_url=url, model="m", concurrency=3, timeout=0.2)
        async with ChatClient(endpoint, QUICK) as client:
            asked = (client.complete(request(sample=k)) for k in range(3))
            return await asyncio.gather(*asked, return_exceptions=True)

    with serving(server) as (url, _):
        results = asyncio.run(main())
    assert all("(5 characters came); raise 'timeout'" in str(error) for error in results)
    assert len(server.calls) == 3


@pytest.mark.parametrize("status", [409, 425, 520, 521, 522, 523, 524, 530])
def test_a_status_of_a_proxy_is_retried(status):
    assert ask(ChatServer(whole(status, "<html>"), answer("x"))).retries == 1


@pytest.mark.parametrize("status", [402, 405, 501, 505])
def test_a_status_that_no_waiting_mends_is_final(status):
    server = ChatServer(whole(status, "no"))
    assert f"HTTP {status}: no" in failure(server)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "error",
    [{"code": "server_error"}, {"code": "internal_error"}, {"type": "InternalServerError"},
     {"status": "UNAVAILABLE"}, {"code": "RESOURCE_EXHAUSTED"}, {"code": "rate_limit_exceeded"}],
)  # fmt: skip
@pytest.mark.parametrize("begun", [True, False], ids=["amid the answer", "in its place"])
def test_a_passing_error_with_status_200_is_retried_by_its_words(error, begun):
    async def script(call):
        await call.head()
        if begun:
            await call.text("half")
        await call.event({"error": {"message": "gone", **error}})
        await call.end()

    assert ask(ChatServer(script, answer("x"))).retries == 1


@pytest.mark.parametrize("said", ["error", "network_error", "insufficient_system_resource"])
def test_an_answer_that_a_fault_ended_is_asked_for_again(said):
    got = ask(ChatServer(answer("half an answer", reason=said), answer("whole")))
    assert (got.text, got.retries) == ("whole", 1)


async def done_only(call):
    """Script: a stream of nothing."""
    await call.head()
    await call.raw(b"data: [DONE]\n\n")
    await call.end()


async def empty(call):
    """Script: a body of no bytes."""
    await call.head()
    await call.end()


@pytest.mark.parametrize(
    "broken",
    [done_only, empty, whole(200, '{"choices": [{"message": {"content": "ha')],
    ids=["[DONE] alone", "an empty body", "a body cut short"],
)
def test_a_broken_answer_is_asked_for_again(broken):
    assert ask(ChatServer(broken, answer("x"))).retries == 1


def test_a_length_before_the_limit_asked_for_is_the_context_of_the_server():
    cut = answer("half", reason="length", usage=(900, 124))
    assert ask(ChatServer(cut), request(max_tokens=512)).finish_reason == "context"
    assert ask(ChatServer(cut), request(max_tokens=124)).finish_reason == "length"
    changed = {"extra": {"max_tokens": 124}}
    assert ask(ChatServer(cut), request(max_tokens=512), **changed).finish_reason == "length"
    plain = answer("half", reason="MAX_TOKENS", usage=(900, 124))
    assert ask(ChatServer(plain), request(max_tokens=512)).finish_reason == "length"


def test_a_field_that_the_server_does_not_take_is_named_with_the_way_out():
    error = {"error": {"message": "Unrecognized request argument supplied: stream_options"}}
    assert "omit = ['stream_options'] in models.toml" in failure(ChatServer(whole(400, error)))
    large = {"error": {"message": "max_tokens is too large"}}
    assert "omit" not in failure(ChatServer(whole(400, large)))


def test_a_key_that_the_server_repeats_is_withheld_from_the_answer():
    async def echo(call):
        await call.head()
        await call.event({"model": f"m-{SECRET}", "choices": [{"delta": {"content": SECRET}}]})
        await call.event({"choices": [{"delta": {"refusal": SECRET}, "finish_reason": "stop"}],
                          "usage": {"prompt_tokens": 1, "completion_tokens": 1}})  # fmt: skip
        await call.end()

    got = ask(ChatServer(echo), api_key=SECRET)
    assert (got.text, got.served_model, got.refusal) == ("***", "m-***", "***")


def test_tokens_that_the_total_adds_are_marked_as_such():
    document = {
        "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 50},
    }
    got = ask(ChatServer(whole(200, document)))
    assert (got.usage.output, got.usage.reasoning, got.counted_by) == (45, 44, "total")
