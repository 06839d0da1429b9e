import threading

import pytest

from pytest_llmops.mining.parallel import Crew


def test_results_come_in_the_order_of_the_items():
    first_may_end = threading.Event()

    def work(item):
        if item == 0:
            assert first_may_end.wait(10)
        else:
            first_may_end.set()
        return item * 10

    with Crew(2) as crew:
        assert crew.map("x", work, range(4)) == [0, 10, 20, 30]


def test_no_more_items_than_threads_are_worked_on_at_once():
    together = threading.Barrier(3)

    def work(_):
        with pytest.raises(threading.BrokenBarrierError):
            together.wait(0.05)

    with Crew(2) as crew:
        crew.map("x", work, range(2))


def test_an_error_is_raised_and_later_items_are_not_begun():
    done = []

    def work(item):
        if item == 0:
            raise ValueError("broken")
        done.append(item)
        threading.Event().wait(0.002)  # leaves the crew time to notice

    with Crew(1) as crew, pytest.raises(ValueError, match="broken"):
        crew.map("x", work, range(1000))
    assert len(done) < 999


def test_nothing_is_said_of_what_is_done_soon(capsys):
    with Crew(1) as crew:
        crew.map("x", str, range(3))
    assert capsys.readouterr() == ("", "")


def test_where_no_terminal_is_a_line_now_and_then_tells_how_far_it_is(capsys):
    clock = iter(range(0, 1000, 20))
    with Crew(1, clock=lambda: next(clock)) as crew:
        crew.map("test files", str, range(6))
    assert capsys.readouterr() == (
        "",
        "test files: 2 of 6, about 1 min left\ntest files: 4 of 6, about 1 min left\n",
    )


def test_items_are_begun_in_an_order_that_is_drawn_anew_and_given_back_in_theirs():
    orders = []
    with Crew(1) as crew:
        for _ in range(3):
            begun: list[int] = []
            work = begun.append
            assert crew.map(
                "x", lambda item, work=work: work(item) or item, range(50), shuffled=True
            ) == [*range(50)]
            orders.append(begun)
    assert all(sorted(order) == [*range(50)] for order in orders)
    assert len({tuple(order) for order in orders}) == 3
