"""Answers as models of several makers give them, right and wrong, through the extraction."""

import pytest
from answer_forms import RIGHT, SOURCE, WRONG, fenced, file_with, whole
from made_tasks import make_task
from model_forms import BEGUN, ENDED, ESCAPE, FORMS, OF_METHODS, TEMPLATE, goes_on

from pytest_llmops.grading.extract import extract

ADDED = ("".join(one.split()) for one in (ESCAPE, TEMPLATE, BEGUN, ENDED))
LINES = tuple(ADDED)
EACH = [
    *((name, symbol, make) for name, make in FORMS.items() for symbol in RIGHT),
    *((name, "Ledger.book", make) for name, make in OF_METHODS.items()),
]


def plain(text):
    """Without white space, and without the lines that forms put into bodies."""
    text = "".join(text.split())
    for line in LINES:
        text = text.replace(line, "")
    return text


def in_file(text, symbol):
    found = extract(text, make_task(symbol, SOURCE, "src/words.ts"))
    assert found, "no code was found"
    assert found.syntax_errors == 0
    return plain(found.file_text)


@pytest.mark.parametrize(
    ("symbol", "make"),
    [pytest.param(symbol, make, id=f"{name} of {symbol}") for name, symbol, make in EACH],
)
def test_the_body_that_is_given_is_in_the_file_in_every_form(symbol, make):
    for body in (RIGHT[symbol], WRONG[symbol]):
        assert in_file(make(symbol, body), symbol) == plain(file_with(symbol, body))


def test_escapes_of_json_are_read_once():
    body = f"{ESCAPE}\n{RIGHT['depth']}"
    found = extract(
        FORMS["JSON of code with escapes"]("depth", RIGHT["depth"]),
        make_task("depth", SOURCE, "src/words.ts"),
    )
    assert body.split("\n", maxsplit=1)[0] in found.file_text


def test_a_cut_off_repetition_of_an_expression_does_not_count():
    source = "export const f = (a: number) => a;\n"
    right = "export const f = (a: number) => a + 1 + 2"
    text = f"{fenced(right)}\nAgain:\n```ts\n{right[:-4]}"
    found = extract(text, make_task("f", source, "f.ts"))
    assert found.file_text == "export const f = (a: number) => a + 1 + 2;\n"


def test_a_helper_between_prose_without_fences_comes_along():
    helper = "function dot(): string {\n  return '.';\n}"
    code = whole("initials", RIGHT["initials"].replace('"."', "dot()"))
    for text in (
        f"Helper:\n\n{helper}\n\nThe function:\n\n{code}",
        f"It:\n\n{code}\n\nand\n\n{helper}",
    ):
        found = extract(text, make_task("initials", SOURCE, "src/words.ts"))
        assert helper in found.file_text
        assert found.syntax_errors == 0


def test_prose_that_ends_in_a_brace_is_no_body():
    task = make_task("initials", SOURCE, "src/words.ts")
    for text in ("I cannot do that.}", "Sorry }", "{ it } is all", goes_on("one; two;")):
        assert extract(text, task) is None
