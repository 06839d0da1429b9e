import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from chat_server import completion

from pytest_llmops.errors import SandboxError
from pytest_llmops.session.graders import Graders

KEYS = [(f"suite:m#f{number}", 0) for number in range(8)]
ANSWERS = {key: completion(key[0]) for key in KEYS}


@pytest.fixture
def graders():
    """Makes graders that end with the test; a grade is the text of its answer."""
    made = []

    def make(size, grade=lambda _, answer: answer.text):
        made.append(Graders(lambda: size, grade))
        return made[-1]

    yield make
    for one in made:
        one.close()
        one.join()
    assert not [t for t in threading.enumerate() if t.name == "llmops-grader"]


def test_a_grade_is_that_of_the_answer_of_the_attempt(graders):
    pool = graders(3)
    for key in KEYS[::2]:
        pool.offer(key, ANSWERS[key])
    assert [pool.await_grade(key, ANSWERS[key]) for key in reversed(KEYS)] == [
        key[0] for key in reversed(KEYS)
    ]


def test_answers_are_graded_side_by_side_while_one_test_waits(graders):
    together = threading.Barrier(3)

    def grade(_, answer):
        together.wait(10)
        return answer.text

    pool = graders(3, grade)
    for key in KEYS[:3]:
        pool.offer(key, ANSWERS[key])
    assert pool.await_grade(KEYS[0], ANSWERS[KEYS[0]]) == KEYS[0][0]


def test_nothing_is_graded_before_a_test_asks(graders):
    begun = []
    pool = graders(2, lambda case, _: begun.append(case))
    for key in KEYS:
        pool.offer(key, ANSWERS[key])
    assert not begun
    pool.await_grade(KEYS[5], ANSWERS[KEYS[5]])
    assert KEYS[5][0] in begun


def test_what_a_test_waits_for_comes_first(graders):
    order = []
    pool = graders(1, lambda case, _: order.append(case))
    for key in KEYS:
        pool.offer(key, ANSWERS[key])
    pool.await_grade(KEYS[6], ANSWERS[KEYS[6]])
    assert order[0] == KEYS[6][0]


def test_a_fault_meets_the_test_that_waits_and_a_second_try_grades_again(graders):
    tries = []

    def grade(case, answer):
        tries.append(case)
        if len(tries) == 1:
            raise SandboxError("no namespaces")
        return answer.text

    pool = graders(1, grade)
    with pytest.raises(SandboxError, match="no namespaces"):
        pool.await_grade(KEYS[0], ANSWERS[KEYS[0]])
    assert pool.await_grade(KEYS[0], ANSWERS[KEYS[0]]) == KEYS[0][0]


def test_an_answer_that_a_test_has_changed_is_graded_in_place_of_the_one_that_came(graders):
    pool = graders(2)
    pool.offer(KEYS[0], ANSWERS[KEYS[0]])
    pool.offer(KEYS[1], ANSWERS[KEYS[1]])
    pool.await_grade(KEYS[1], ANSWERS[KEYS[1]])
    assert pool.await_grade(KEYS[0], completion("changed"), again=True) == "changed"


def test_closing_ends_every_wait(graders):
    go = threading.Event()
    begun = threading.Event()

    def grade(_, answer):
        begun.set()
        go.wait(10)
        return answer.text

    pool = graders(1, grade)
    with ThreadPoolExecutor(2) as tests:
        graded = tests.submit(pool.await_grade, KEYS[0], ANSWERS[KEYS[0]])
        assert begun.wait(10)
        queued = tests.submit(pool.await_grade, KEYS[1], ANSWERS[KEYS[1]])
        while KEYS[1] not in pool._answers:
            threading.Event().wait(0.001)
        pool.close()
        with pytest.raises(SandboxError, match="the session ended before its grade came"):
            queued.result(10)
        go.set()
        assert graded.result(10) == KEYS[0][0]
    with pytest.raises(SandboxError, match="the session ended"):
        pool.await_grade(KEYS[2], ANSWERS[KEYS[2]])
