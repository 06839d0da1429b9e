import asyncio
import threading
import time

import pytest
from chat_server import ChatServer, answer, completion, hang, keyed, requests, serving

from pytest_llmops.client.chat import ChatClient
from pytest_llmops.client.endpoint import Endpoint
from pytest_llmops.client.pacing import Patience
from pytest_llmops.errors import CaseError, EndpointError
from pytest_llmops.generation.cache import CompletionCache
from pytest_llmops.generation.generate import Generation


class Scripted:
    """An answerer in memory: echoes the case, or does what the test says."""

    def __init__(self, act=None, concurrency=4):
        self.concurrency = concurrency
        self.asked = []
        self.at_once = self.most_at_once = self.closed = 0
        self._act = act

    async def complete(self, asked):
        self.asked.append(asked.key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(0)
            if self._act:
                await self._act(asked)
            return completion(asked.case_id, output=5)
        finally:
            self.at_once -= 1

    async def aclose(self):
        self.closed += 1


async def never(_):
    await asyncio.Event().wait()


@pytest.fixture
def generation():
    """Make generations that are closed at the end, and see that no thread stays behind."""
    made = []

    def make(*args, **kwargs):
        made.append(Generation(*args, **kwargs))
        return made[-1]

    yield make
    for one in made:
        one.close()
    assert not [t.name for t in threading.enumerate() if t.name == "llmops-generation"]


def in_thread(function, *args):
    """Call in a thread; gives a function that waits for its result or raises its error."""
    result = []

    def target():
        try:
            result.append(function(*args))
        except EndpointError as error:
            result.append(error)

    thread = threading.Thread(target=target)
    thread.start()

    def wait():
        thread.join(5)
        if isinstance(result[0], EndpointError):
            raise result[0]
        return result[0]

    return wait


def test_every_request_is_answered_to_the_test_that_awaits_it(generation):
    asked = requests(50)
    running = generation(Scripted())
    running.start(keyed(asked))
    for one in reversed(asked):
        assert running.await_completion(one.key).text == one.case_id
    assert running.await_completion(asked[0].key).text == asked[0].case_id


def test_requests_go_out_in_order_and_bounded(generation):
    answerer = Scripted(concurrency=3)
    running = generation(answerer)
    running.start(keyed(requests(50)))
    running.await_completion(("suite:m#f49", 0))
    assert answerer.asked == [one.key for one in requests(50)]
    assert answerer.most_at_once == 3


def test_requests_are_sent_before_any_is_awaited(generation):
    answerer = Scripted(never, concurrency=100)
    sent = threading.Event()

    async def tell(asked):
        if len(answerer.asked) == 10:
            sent.set()
        await never(asked)

    answerer._act = tell
    generation(answerer).start(keyed(requests(10)))
    assert sent.wait(5)


def test_a_failure_belongs_to_the_test_that_awaits_it_and_to_no_other(generation):
    async def fail_one(asked):
        if asked.case_id.endswith("f1"):
            raise EndpointError("HTTP 400: too long")

    running = generation(Scripted(fail_one))
    running.start(keyed(requests(3)))
    for _ in range(2):
        with pytest.raises(EndpointError, match="HTTP 400: too long"):
            running.await_completion(("suite:m#f1", 0))
    assert running.await_completion(("suite:m#f2", 0)).text == "suite:m#f2"


def test_a_fault_of_our_own_is_told_to_the_test_and_does_not_hang_it(generation):
    async def stumble(_):
        raise ZeroDivisionError("oops")

    running = generation(Scripted(stumble))
    running.start(keyed(requests(1)))
    with pytest.raises(EndpointError, match=r"suite:m#f0 \(sample 0\): ZeroDivisionError: oops"):
        running.await_completion(("suite:m#f0", 0))


def test_a_request_that_was_not_announced_is_an_error_by_name(generation):
    running = generation(Scripted())
    running.start(keyed(requests(1)))
    with pytest.raises(EndpointError, match=r"suite:x#g \(sample 3\): no completion was asked for"):
        running.await_completion(("suite:x#g", 3))


def test_awaiting_before_the_start_waits_for_it(generation):
    running = generation(Scripted())
    wait = in_thread(running.await_completion, ("suite:m#f0", 0))
    running.start(keyed(requests(1)))
    assert wait().text == "suite:m#f0"


def test_awaiting_before_the_start_ends_with_close(generation):
    running = generation(Scripted())
    wait = in_thread(running.await_completion, ("suite:m#f0", 0))
    running.close()
    with pytest.raises(EndpointError, match="suite:m#f0"):
        wait()


def test_waiting_can_be_limited(generation):
    running = generation(Scripted(never))
    with pytest.raises(EndpointError, match=r"nothing was sent within 0\.01 s"):
        running.await_completion(("suite:m#f0", 0), timeout=0.01)
    running.start(keyed(requests(1)))
    with pytest.raises(EndpointError, match=r"no answer within 0\.01 s"):
        running.await_completion(("suite:m#f0", 0), timeout=0.01)


def test_it_is_started_once_and_not_after_its_end(generation):
    running = generation(Scripted())
    running.start({})
    with pytest.raises(RuntimeError, match="once"):
        running.start({})
    closed = generation(Scripted())
    closed.close()
    with pytest.raises(RuntimeError, match="once"):
        closed.start({})


def test_a_request_that_cannot_be_made_any_more_fails_alone(generation):
    class Changed(dict):
        def __getitem__(self, key):
            if key == ("suite:m#f1", 0):
                raise CaseError("m.ts: sha256 is 1, the case expects 2")
            return super().__getitem__(key)

    running = generation(Scripted())
    running.start(Changed(keyed(requests(3))))
    with pytest.raises(EndpointError, match=r"suite:m#f1 \(sample 0\): m.ts: sha256 is 1"):
        running.await_completion(("suite:m#f1", 0))
    assert running.await_completion(("suite:m#f2", 0)).text == "suite:m#f2"


def test_more_requests_can_follow_when_the_first_are_answered(generation):
    answerer = Scripted(concurrency=3)
    first, later = requests(20)[:10], requests(20)[10:]
    running = generation(answerer)
    running.start(keyed(first))
    for one in first:
        running.await_completion(one.key)
    with pytest.raises(EndpointError, match="no completion was asked for"):
        running.await_completion(later[0].key)
    running.extend(keyed(later))
    assert [running.await_completion(one.key).text for one in later] == [r.case_id for r in later]
    assert answerer.asked == [one.key for one in requests(20)]
    assert answerer.most_at_once == 3
    assert (running.progress().total, running.progress().done) == (20, 20)


def test_a_request_is_not_announced_twice(generation):
    running = generation(Scripted())
    with pytest.raises(RuntimeError, match="before it is extended"):
        running.extend(keyed(requests(1)))
    running.start(keyed(requests(2)))
    with pytest.raises(ValueError, match="same case and sample"):
        running.extend(keyed(requests(1)))


def test_what_follows_after_the_end_fails_with_the_reason_of_the_end(generation):
    running = generation(Scripted(), health=lambda: "the engine has died")
    running.start({})
    running._thread.join(5)
    running.extend(keyed(requests(2)))
    with pytest.raises(EndpointError, match="the engine has died"):
        running.await_completion(("suite:m#f1", 0), timeout=5)


def test_closing_fails_what_is_outstanding_at_once(generation):
    answerer = Scripted(never)
    running = generation(answerer)
    running.start(keyed(requests(1000)))
    waits = [in_thread(running.await_completion, (f"suite:m#f{n}", 0)) for n in (0, 999)]
    begin = time.monotonic()
    running.close()
    running.close()
    for wait in waits:
        with pytest.raises(EndpointError, match="the session ended before its answer came"):
            wait()
    assert time.monotonic() - begin < 30  # no timing: a guard against waiting for ever
    assert (answerer.closed, answerer.at_once) == (1, 0)


def test_a_connection_that_will_not_close_does_not_hold_up_the_end(generation):
    class Stubborn(Scripted):
        async def aclose(self):
            await never(None)

    running = generation(Stubborn())
    running.start(keyed(requests(1)))
    running.await_completion(("suite:m#f0", 0))
    begin = time.monotonic()
    running.close()
    assert time.monotonic() - begin < 30  # no timing: a guard against waiting for ever


def test_when_the_engine_dies_all_requests_fail_with_the_reason(generation):
    died = threading.Event()
    running = generation(
        Scripted(never),
        health=lambda: "the engine was killed (signal 9)" if died.is_set() else None,
    )
    running.start(keyed(requests(100)))
    waits = [in_thread(running.await_completion, (f"suite:m#f{n}", 0)) for n in (0, 99)]
    died.set()
    for wait in waits:
        with pytest.raises(EndpointError, match=r"the engine was killed \(signal 9\)"):
            wait()


def test_a_server_that_dies_in_the_middle_fails_what_is_outstanding(generation):
    server = ChatServer(answer(), hang)
    with serving(server) as (url, kill):
        patience = Patience(first_delay=0.02, longest_delay=0.1, outage=0.3)
        endpoint = Endpoint(base_url=url, model="m", concurrency=1)
        running = generation(ChatClient(endpoint, patience))
        running.start(keyed(requests(200)))
        assert running.await_completion(("suite:m#f0", 0), timeout=5).text == "return 1"
        kill()
        begin = time.monotonic()
        for one in requests(200)[1:]:
            with pytest.raises(EndpointError, match="m at http://127"):
                running.await_completion(one.key, timeout=5)
        assert time.monotonic() - begin < 30  # no timing: a guard against waiting for ever


def test_a_session_over_http_comes_through_whole(generation):
    with serving(ChatServer(answer("x", usage=(3, 7)))) as (url, _):
        running = generation(ChatClient(Endpoint(base_url=url, model="m")))
        running.start(keyed(requests(60)))
        assert {running.await_completion(one.key).text for one in requests(60)} == {"x"}
        assert running.progress().output_tokens == 420


def test_the_cache_is_asked_first_and_told_afterwards(generation, tmp_path):
    with CompletionCache(tmp_path / "cache") as cache:
        for expected in (requests(30), []):
            answerer = Scripted()
            running = generation(answerer, cache=cache, identity="run")
            running.start(keyed(requests(30)))
            found = [running.await_completion(one.key) for one in requests(30)]
            running.close()
            assert answerer.asked == [one.key for one in expected]
            assert all(one.from_cache is not bool(expected) for one in found)
        assert running.progress().cached == 30
        assert running.progress().output_tokens == 0


def test_a_cached_answer_is_that_of_the_name_it_is_asked_under(generation, tmp_path):
    first = completion("x").served_model
    with CompletionCache(tmp_path / "cache") as cache:
        for served, expected in (("", first), ("lora-v1-shortest", "lora-v1-shortest")):
            running = generation(Scripted(), cache=cache, identity="run", served=served)
            running.start(keyed(requests(1)))
            assert running.await_completion(requests(1)[0].key).served_model == expected
            running.close()


def test_a_failure_is_not_cached(generation, tmp_path):
    async def fail(_):
        raise EndpointError("down")

    with CompletionCache(tmp_path / "cache") as cache:
        running = generation(Scripted(fail), cache=cache, identity="run")
        running.start(keyed(requests(1)))
        with pytest.raises(EndpointError):
            running.await_completion(("suite:m#f0", 0))
        assert cache.get("run", requests(1)[0]) is None


def test_progress_counts_what_came_and_what_failed(generation):
    async def fail_some(asked):
        if asked.case_id.endswith("3"):
            raise EndpointError("no")

    running = generation(Scripted(fail_some))
    before = running.progress()
    assert (before.total, before.started, before.seconds, before.tokens_per_second) == (0, 0, 0, 0)
    running.start(keyed(requests(10)))
    for number in (0, 1, 2, 4, 5, 6, 7, 8, 9):
        running.await_completion((f"suite:m#f{number}", 0))
    with pytest.raises(EndpointError):
        running.await_completion(("suite:m#f3", 0))
    after = running.progress()
    assert (after.total, after.done, after.failed, after.output_tokens) == (10, 10, 1, 45)
    assert after.tokens_per_second == 45 / after.seconds
    assert after == running.progress()
    assert abs(after.started - time.time()) < 10
