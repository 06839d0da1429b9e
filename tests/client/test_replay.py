import threading
import time

import pytest
from chat_server import completion, keyed, request, requests

from pytest_llmops.errors import EndpointError
from pytest_llmops.generation.replay import Replay


def recorded(count):
    return {one.key: completion(one.case_id, output=5) for one in requests(count)}


def test_recorded_completions_are_handed_out_by_case_and_sample():
    first, second = request(sample=0), request(sample=1)
    replay = Replay({first.key: completion("one"), second.key: completion("two")})
    replay.start(keyed([first, second]))
    assert replay.await_completion(second.key).text == "two"
    assert replay.await_completion(first.key).text == "one"


def test_a_completion_that_was_not_recorded_is_named():
    replay = Replay({})
    replay.start(keyed(requests(1)))
    with pytest.raises(EndpointError, match=r"suite:m#f0 \(sample 0\): the recorded run holds no"):
        replay.await_completion(("suite:m#f0", 0))
    assert (replay.progress().done, replay.progress().failed) == (1, 1)


def test_more_requests_can_follow():
    replay = Replay(recorded(2))
    replay.start(keyed(requests(1)))
    replay.extend(keyed(requests(2)[1:]))
    assert replay.await_completion(("suite:m#f1", 0)).text == "suite:m#f1"
    with pytest.raises(ValueError, match="same case and sample"):
        replay.extend(keyed(requests(1)))


def test_a_request_that_was_not_announced_is_an_error_even_if_recorded():
    replay = Replay(recorded(2))
    replay.start(keyed(requests(1)))
    with pytest.raises(EndpointError, match=r"suite:m#f1 \(sample 0\): no completion was asked"):
        replay.await_completion(("suite:m#f1", 0))


def test_awaiting_before_the_start_ends_with_close_or_time():
    replay = Replay(recorded(1))
    with pytest.raises(EndpointError, match="nothing was sent"):
        replay.await_completion(("suite:m#f0", 0), timeout=0.01)
    closer = threading.Timer(0.05, replay.close)
    closer.start()
    with pytest.raises(EndpointError, match="suite:m#f0"):
        replay.await_completion(("suite:m#f0", 0))
    closer.join()


def test_it_is_started_once():
    replay = Replay(recorded(1))
    replay.start(keyed(requests(1)))
    with pytest.raises(RuntimeError, match="once"):
        replay.start(keyed(requests(1)))


def test_no_thread_is_needed_and_little_time():
    threads = threading.active_count()
    replay = Replay(recorded(10_000))
    asked = requests(10_000)
    begin = time.process_time()
    replay.start(keyed(asked))
    for one in asked:
        replay.await_completion(one.key)
    assert time.process_time() - begin < 20  # no timing: a guard against a thread a request
    assert threading.active_count() == threads
    assert replay.progress().output_tokens == 50_000
