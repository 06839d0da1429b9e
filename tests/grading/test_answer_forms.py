"""Every form of an answer, through the extraction and the sandbox: right ones and wrong ones."""

import hashlib

import pytest
from answer_forms import AROUND, RIGHT, SOURCE, TESTS, WRONG, Form, fenced, whole
from declaration_forms import BESIDE, DECLARATIONS, NOT_SOLVED
from judging import Remembering
from made_tasks import make_task

from pytest_llmops.cases import FileHash, id_of_test
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.fences import READ_LIMIT
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.pieces import is_unread
from pytest_llmops.sandbox import NodePool, TestJob

TEST_FILE = "src/words.test.ts"
FORMS = [
    *(
        Form(name, symbol, lambda body, make=make, symbol=symbol: make(symbol, body))
        for name, make in AROUND
        for symbol in RIGHT
    ),
    *DECLARATIONS,
    *BESIDE,
    *NOT_SOLVED,
]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forms")
    (folder / "src").mkdir()
    (folder / "src" / "words.ts").write_text(SOURCE)
    (folder / TEST_FILE).write_text(TESTS)
    return folder


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield Remembering(pool)


@pytest.fixture(scope="module")
def expected(pool, root):
    report = pool.run(TestJob(root=root, tests=(TEST_FILE,), overlay={}))
    assert all(result.passed for result in report.results)
    return tuple(id_of_test(result.file, result.title) for result in report.results)


def judged(text, symbol, pool, root, expected):
    task = make_task(
        symbol,
        SOURCE,
        "src/words.ts",
        root,
        tests=(FileHash(path=TEST_FILE, sha256=hashlib.sha256(TESTS.encode()).hexdigest()),),
        fail_to_pass=expected,
    )
    timing = Timing(started=0, queue=0, first_token=0, total=0)
    usage = Usage(input=1, output=1)
    answer = Completion(text=text, finish_reason="stop", usage=usage, timing=timing)
    return grade(task, answer, pool)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.symbol}")
def test_the_right_body_gets_what_was_set_down_in_every_form(form, pool, root, expected):
    found = judged(form.make(RIGHT[form.symbol]), form.symbol, pool, root, expected)
    assert (found.outcome, found.detail) == (form.outcome, found.detail)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name}-{form.symbol}")
def test_a_wrong_body_is_solved_in_no_form(form, pool, root, expected):
    found = judged(form.make(WRONG[form.symbol]), form.symbol, pool, root, expected)
    assert found.outcome != "solved"


def test_there_are_enough_forms_and_nearly_all_are_right():
    names = [(form.name, form.symbol) for form in FORMS]
    assert len(names) == len(set(names)) >= 120
    assert len({name for name, _ in names}) >= 120
    assert all(form.why for form in FORMS if form.outcome != "solved")
    assert sum(form.outcome != "solved" for form in FORMS) <= 10


@pytest.mark.parametrize("symbol", RIGHT)
def test_a_function_that_reaches_beyond_the_read_limit_is_named_as_not_read(
    symbol, pool, root, expected
):
    long = "\n".join(f"// {at}" for at in range(READ_LIMIT // 6)) + "\n" + RIGHT[symbol]
    for answer in (fenced(whole(symbol, long)), whole(symbol, long)):
        found = judged(answer, symbol, pool, root, expected)
        assert (found.outcome, found.tests_passed) == ("empty", 0)
        assert found.detail.startswith(f"not read: {symbol} reaches beyond the 64,000 characters")
    task = make_task(symbol, SOURCE)
    assert is_unread(answer, task)
    assert not is_unread(whole(symbol, RIGHT[symbol]), task)
    assert not is_unread("So. " * READ_LIMIT, task)


@pytest.mark.parametrize("symbol", RIGHT)
@pytest.mark.parametrize("filler", ["So it is. ", "function filler() {}\n"])
def test_a_function_behind_much_else_is_read(symbol, filler, pool, root, expected):
    before = filler * READ_LIMIT
    code = whole(symbol, RIGHT[symbol])
    for text in (f"{before}\n\n{code}", f"{before}\n{fenced(code)}", fenced(f"{before}\n{code}")):
        assert judged(text, symbol, pool, root, expected).outcome == "solved"
