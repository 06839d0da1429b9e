import asyncio
import time

import pytest

from pytest_llmops.client.pacing import Breaker, Limiter, Patience, back_off, retry_after
from pytest_llmops.errors import EndpointError


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 90.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:01 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, 1e9),
        ({"retry-after-ms": "250", "retry-after": "1"}, 0.25),
        ({"retry-after-ms": "x", "retry-after": "1"}, 1.0),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(headers, seconds):
    assert retry_after(headers, now=10.0) == seconds


def test_back_off_doubles_spreads_and_is_capped():
    patience = Patience(first_delay=1.0, longest_delay=8.0)
    for attempt, top in enumerate([1, 2, 4, 8, 8, 8]):
        delays = {back_off(attempt, patience) for _ in range(50)}
        assert top / 2 <= min(delays) < max(delays) <= top
    assert back_off(10_000, patience) <= 8


async def occupy(limiter, entered, leave):
    async with limiter:
        entered.append(asyncio.current_task().get_name())
        await leave.wait()


def start(limiter, names):
    entered, leave = [], asyncio.Event()
    tasks = [asyncio.create_task(occupy(limiter, entered, leave), name=name) for name in names]
    return entered, leave, tasks


def test_places_are_given_in_order_and_never_too_many():
    async def main():
        entered, leave, tasks = start(Limiter(2, 2), "abcd")
        await asyncio.sleep(0)
        assert entered == ["a", "b"]
        leave.set()
        await asyncio.gather(*tasks)
        assert entered == ["a", "b", "c", "d"]

    asyncio.run(main())


def test_a_cancelled_wait_loses_no_place():
    async def main():
        limiter = Limiter(1, 1)
        entered, leave, tasks = start(limiter, "abc")
        await asyncio.sleep(0)
        tasks[1].cancel()
        leave.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert entered == ["a", "c"]
        async with asyncio.timeout(1), limiter:
            pass

    asyncio.run(main())


def test_a_place_handed_to_a_task_that_is_cancelled_in_that_moment_goes_on():
    async def main():
        limiter = Limiter(1, 1)
        _, leave, tasks = start(limiter, "ab")
        await asyncio.sleep(0)
        leave.set()
        while not tasks[0].done():
            await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(1), limiter:
            pass

    asyncio.run(main())


def test_the_limit_grows_by_one_a_round_up_to_its_top():
    limiter = Limiter(4, 6)
    for _ in range(4):
        limiter.answered()
    assert 4.8 < limiter.limit < 5
    for _ in range(100):
        limiter.answered()
    assert limiter.limit == 6


def test_requests_sent_before_a_429_do_not_lower_the_limit_twice():
    limiter = Limiter(9, 9)
    sent = time.monotonic()
    for _ in range(9):
        limiter.throttled(sent, 0)
    assert limiter.limit == 6
    limiter.throttled(time.monotonic(), 0)
    assert limiter.limit == 4


def test_the_limit_never_reaches_zero_and_more_places_wake_those_who_wait():
    async def main():
        limiter = Limiter(2, 10)
        for _ in range(20):
            limiter.throttled(time.monotonic(), 0)
        assert limiter.limit == 1
        entered, leave, tasks = start(limiter, "ab")
        await asyncio.sleep(0)
        assert entered == ["a"]
        limiter.answered()
        await asyncio.sleep(0)
        assert entered == ["a", "b"]
        leave.set()
        await asyncio.gather(*tasks)

    asyncio.run(main())


def test_a_pause_is_the_longest_asked_for():
    limiter = Limiter(2, 2)
    assert limiter.pause() == 0
    limiter.throttled(time.monotonic(), 50)
    limiter.throttled(time.monotonic(), 5)
    assert 49 < limiter.pause() <= 50


def test_the_breaker_needs_time_and_number():
    async def main():
        breaker = Breaker(Patience(outage=0.0, outage_faults=3))
        for _ in range(2):
            breaker.unreached("refused")
        breaker.reached()
        for _ in range(2):
            breaker.unreached("refused")
        breaker.check()
        breaker.unreached("refused again")
        with pytest.raises(EndpointError, match="3 tries; the last: refused again"):
            breaker.check()
        patient = Breaker(Patience(outage=60.0, outage_faults=1))
        for _ in range(100):
            patient.unreached("refused")
        patient.check()

    asyncio.run(main())


def test_giving_up_wakes_those_who_back_off():
    async def main():
        breaker = Breaker(Patience())
        sleeper = asyncio.create_task(breaker.sleep(60))
        await asyncio.sleep(0)
        breaker.trip("engine died")
        breaker.trip("a later reason")
        with pytest.raises(EndpointError, match="engine died"):
            async with asyncio.timeout(1):
                await sleeper
        with pytest.raises(EndpointError, match="engine died"):
            await breaker.sleep(0)

    asyncio.run(main())


def test_time_outs_in_a_row_trip_the_breaker_unless_something_is_answered():
    async def main():
        breaker = Breaker(Patience(stalls=2))
        for _ in range(2):
            breaker.stalled(3, "no end within 1 s")
        breaker.answered()
        for _ in range(2):
            breaker.stalled(3, "no end within 1 s")
        breaker.check()
        breaker.stalled(3, "no end within 1 s")
        with pytest.raises(EndpointError, match="no end within 1 s; 3 requests in a row did not"):
            breaker.check()

    asyncio.run(main())


def test_the_breaker_knows_when_something_was_answered_last():
    async def main():
        breaker, before = Breaker(Patience()), time.monotonic()
        assert not breaker.answered_since(float("-inf"))
        breaker.answered()
        assert breaker.answered_since(before - 1)
        assert not breaker.answered_since(time.monotonic() + 1)

    asyncio.run(main())


def test_a_time_out_lowers_the_limit_to_less_than_was_answered_meanwhile():
    limiter = Limiter(20, 100)
    sent = time.monotonic()
    limiter.timed_out(sent, answered=9)
    limiter.timed_out(sent, answered=9)
    assert limiter.limit == 6
    for _ in range(1000):
        limiter.answered()
    assert limiter.limit == 9


def test_time_outs_with_nothing_answered_leave_one_place_and_room_to_grow():
    limiter = Limiter(20, 100)
    limiter.timed_out(time.monotonic(), answered=0)
    assert limiter.limit == 1
    for _ in range(1000):
        limiter.answered()
    assert limiter.limit == 10
