import time

import pytest
from made_tasks import fenced, make_task

from pytest_llmops.grading.extract import extract
from pytest_llmops.grading.graded import Quality
from pytest_llmops.grading.quality import measure

CUT = "export function cut(text: string, limits: Limits): string {\n  return text;\n}"
SHARES = [name for name in Quality.__struct_fields__ if name.endswith("_share")]


def measured(text, symbol="cut"):
    task = make_task(symbol)
    return measure(text, extract(text, task), task.module.path, task.reference)


def shares(quality):
    return {name: getattr(quality, name) for name in SHARES}


@pytest.mark.parametrize(
    "text",
    [
        fenced(CUT),
        f"Sure.\n{fenced(CUT)}\nDone.",
        CUT,
        f"Here:\n\n{CUT}\n\nDone.",
        "return text;",
        f"<think>Hm.</think>{fenced('// a' + chr(10) + CUT)}",
        fenced(CUT) + fenced("cut(1)"),
        "I cannot.",
        fenced("this is { broken"),
        f"```ts\n{CUT[:50]}",
        fenced("a = 1", "python"),
        "<think>Never ends",
        "`" * 1000,
    ],
)
def test_the_shares_of_an_answer_sum_to_one(text):
    found = shares(measured(text))
    assert sum(found.values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found.values())


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_of_an_empty_answer_all_is_zero(text):
    assert measured(text) == Quality()


def test_each_part_has_its_share():
    text = (
        "<think>abcd</think>"  # 4 characters and 15 of marks
        "Sure: ok\n"  # 7
        "```ts\n"  # 5
        "// note\n"  # 6
        "function cut(text, limits) { return text }\n"  # 36
        "```\n"  # 3
        "```\n"  # 3
        "cut(1)\n"  # 6
        "```\n"  # 3
    )
    total = 4 + 15 + 7 + 5 + 6 + 36 + 3 + 3 + 6 + 3
    found = shares(measured(text))
    assert found == {
        "code_share": pytest.approx(36 / total),
        "unused_share": pytest.approx(6 / total),
        "comment_share": pytest.approx(6 / total),
        "prose_share": pytest.approx(7 / total),
        "thinking_share": pytest.approx(19 / total),
        "markup_share": pytest.approx(14 / total),
    }


def test_bare_code_is_told_from_the_prose_around_it():
    found = measured(f"Here it comes:\n\n{CUT}")
    code = len("".join(CUT.split()))
    assert found.code_share == pytest.approx(code / (code + len("Hereitcomes:")))
    assert found.markup_share == 0


def test_an_answer_without_code_is_prose():
    assert measured("I cannot do that.").prose_share == 1


def test_length_is_that_of_the_body_without_comments_and_layout():
    reference = make_task("cut").reference
    head = "function cut(text, limits) "
    assert measured(fenced(head + reference)).length_ratio == 1
    spread = reference.replace("{\n", "{ // why\n\n\n\t").replace("return", "/* so */\n\nreturn")
    assert measured(fenced(head + spread)).length_ratio == 1
    twice = reference[:-1] + reference[1:-1] + "}"
    assert measured(fenced(head + twice)).length_ratio == pytest.approx(2, abs=0.05)
    assert measured(fenced(reference[1:-1])).length_ratio == 1


def test_helpers_count_in_length_and_complexity():
    helper = "function end(a) { return a ? 1 : 2 }\n"
    code = CUT.replace("return text", "return end(text)")
    with_helper, without = measured(fenced(helper + code)), measured(fenced(code))
    assert with_helper.length_ratio > without.length_ratio
    assert with_helper.complexity == without.complexity + 1


def test_syntax_errors_are_those_of_the_candidate():
    assert measured(fenced(CUT)).syntax_errors == 0
    assert measured(f"```ts\n{CUT[:-3]}").syntax_errors > 0


def test_repeated_lines_are_told():
    assert measured(fenced(CUT)).repetition == 0
    assert measured("once more\n" * 10).repetition == pytest.approx(0.9)
    assert measured("}\n}\n}\n").repetition == 0


def test_measuring_takes_little_time():
    task = make_task("cut")
    text = f"Sure.\n{fenced(CUT)}\nDone."
    candidate = extract(text, task)
    measure(text, candidate, task.module.path, task.reference)
    started = time.process_time()
    for _ in range(50):
        measure(text, candidate, task.module.path, task.reference)
    assert time.process_time() - started < 30  # no timing: a guard against quadratic growth
