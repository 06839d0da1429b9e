import pytest
from assistant.texts import chunks, is_question, numbered, strip_fence, truncate_middle


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcdefghij", 7, "ab...ij"),
        ("abcdefghij", 6, "ab...j"),
        ("abcdefghij", 3, "..."),
        ("abcdefghij", 2, "ab"),
        ("", 0, ""),
    ],
)
def test_the_middle_of_a_long_text_is_left_out(text, limit, expected):
    assert truncate_middle(text, limit) == expected


def test_the_mark_can_be_another_one():
    assert truncate_middle("abcdefghij", 5, "~") == "ab~ij"


def test_a_fence_is_taken_off():
    assert strip_fence("```python\nx = 1\ny = 2\n```\n") == "x = 1\ny = 2"
    assert strip_fence("```\n```") == ""


def test_a_text_that_is_no_fence_stays():
    assert strip_fence("  x = 1\n") == "x = 1"
    assert strip_fence("```") == "```"
    assert strip_fence("```\nx") == "```\nx"


def test_lines_are_numbered_to_the_widest_number():
    assert numbered("a\nb", 9) == " 9| a\n10| b"
    assert numbered("") == "1| "


@pytest.mark.parametrize(
    ("words", "budget", "groups"),
    [
        (["ab", "cd", "e"], 4, [["ab", "cd"], ["e"]]),
        (["abcdef", "g"], 3, [["abcdef"], ["g"]]),
        (["a", "abcdef", "g"], 3, [["a"], ["abcdef"], ["g"]]),
        ([], 3, []),
    ],
)
def test_words_are_grouped_within_a_budget(words, budget, groups):
    assert list(chunks(words, budget)) == groups


@pytest.mark.parametrize("text", ["why?", "why? ", '"why?"', "'why? '"])
def test_a_question_ends_in_its_mark(text):
    assert is_question(text)


@pytest.mark.parametrize("text", ["", "why", "why? because", "?!"])
def test_what_ends_otherwise_is_no_question(text):
    assert not is_question(text)
