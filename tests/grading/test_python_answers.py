"""Every form of an answer in Python, through the extraction: right bodies and wrong ones."""

import time

import pytest
from hostile_texts import HOSTILE
from made_tasks import make_task
from python_answer_forms import AROUND, ONLY, RIGHT, SOURCE, WRONG, fenced, solves, whole

from pytest_llmops.grading.extract import extract
from pytest_llmops.grading.fences import READ_LIMIT
from pytest_llmops.grading.pieces import is_unread

FORMS = {
    **{
        f"{name}-{symbol}": (symbol, lambda body, make=make, symbol=symbol: make(symbol, body))
        for name, make in AROUND.items()
        for symbol in RIGHT
    },
    **{f"{name}-{symbol}": (symbol, make) for (symbol, name), make in ONLY.items()},
}


def judged(text, symbol):
    found = extract(text, make_task(symbol, SOURCE, "words.py"))
    assert found, "no code was found"
    return solves(found.file_text, symbol)


@pytest.mark.parametrize(("symbol", "make"), FORMS.values(), ids=FORMS)
def test_the_right_body_solves_in_every_form(symbol, make):
    assert judged(make(RIGHT[symbol]), symbol) is True


@pytest.mark.parametrize(("symbol", "make"), FORMS.values(), ids=FORMS)
def test_a_wrong_body_solves_in_no_form(symbol, make):
    assert judged(make(WRONG[symbol]), symbol) is not True


@pytest.mark.parametrize(
    "text",
    [
        fenced(whole("initials", RIGHT["initials"]).replace("def initials", "def first_letters")),
        "I can't do this.",
        fenced("A.B.", "text"),
    ],
)
def test_what_is_not_the_function_is_no_answer(text):
    found = extract(text, make_task("initials", SOURCE, "words.py"))
    assert found is None or solves(found.file_text, "initials") is not True


def test_a_function_that_reaches_beyond_what_is_read_is_no_answer():
    long = "\n".join(f"# {at}" for at in range(READ_LIMIT // 4)) + "\n" + RIGHT["initials"]
    task = make_task("initials", SOURCE, "words.py")
    for answer in (fenced(whole("initials", long)), whole("initials", long)):
        assert extract(answer, task) is None
        assert is_unread(answer, task)


PYTHON = {
    "rows of hashes": "def cut(text, limits):\n" + "    ##########\n" * 100 + "    return 1",
    "a chain": "".join(f"a{at} = a{at + 1}\n" for at in range(4500))
    + "def cut(text, limits):\n    return a0",
    "values": "a=1\n" * 15_000 + "def cut(text, limits):\n    return a",
    "fillings": "a=[]\n" + "a.append(1)\n" * 5000 + "def cut(text, limits):\n    return a",
    "lambdas": "cut = " + "lambda x: " * 6000 + "1",
    "comprehensions": "def cut(text, limits):\n    return " + "[x for x in " * 5000 + "y",
    "one-liners": "def cut(a): pass\n" * 3500,
    "blank lines": "a\n" + "\n" * 60_000 + "b",
    "globals": "def cut(text, limits):\n" + "    global MARK\n" * 3500 + "    return MARK",
}
CUT = """\
def cut(text, limits):
    return text[:limits]


class Sum:
    def add(self, x):
        return x
"""


@pytest.mark.parametrize("symbol", ["cut", "Sum.add"])
@pytest.mark.parametrize("text", [*HOSTILE.values(), *PYTHON.values()], ids=[*HOSTILE, *PYTHON])
def test_hostile_text_takes_bounded_time(symbol, text):
    task = make_task(symbol, CUT, "words.py")
    started = time.process_time()
    plain = text if text in HOSTILE.values() else fenced(text)
    for form in {plain, text.replace("```ts", "```python")}:  # one where no block is opened
        extract(form, task)
    assert time.process_time() - started < 30  # no timing: a guard against quadratic growth
