"""What a commit's message asks for, without what tells its solution."""

import pytest

from pytest_llmops.tasks.statement import LONGEST, statement

TITLE = "fix(parser): keep quotes in words"


@pytest.mark.parametrize(
    "telling",
    [
        "Co-authored-by: Some One <some.one@example.org>",
        "Signed-off-by: Some One <some.one@example.org>",
        "Fixes #12",
        "Closes https://example.org/issues/12",
        "See also #12, #13.",
        "Resolves owner/project#12 and https://example.org/issues/13",
        "- [x] I ran the tests",
        "<!-- Describe\nyour change -->",
        "```ts\nreturn words;\n```",
        "~~~\nreturn words;\n~~~",
        "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-one\n+two",
        " src/words.ts | 4 ++--",
        "---------",
        "* lint",
        "* Address review feedback",
        "Fix: keep them in the loop.\nThe loop is the first one.",
        "**Root cause:** the loop drops them.",
        "Changes:\n- keep them in the loop",
        "(cherry picked from commit 0123456789abcdef)",
    ],
)
def test_what_does_not_ask_is_left_out(telling):
    message = f"{TITLE} (#12)\n\nThey were dropped.\n\n{telling}\n\nAlso in tests."
    assert statement(message) == f"{TITLE}\n\nThey were dropped.\n\nAlso in tests."


@pytest.mark.parametrize(
    ("said", "left"),
    [
        ("Since 0123abc4 quotes are lost.", "Since  quotes are lost."),
        ("As [told](https://example.org/1) quotes are lost.", "As told quotes are lost."),
        ("Reported by @some-one: quotes are lost.", "Reported by : quotes are lost."),
        ("Quotes are lost ![](https://example.org/a.png).", "Quotes are lost ."),
    ],
)
def test_links_ids_and_names_are_cut_out_of_lines(said, left):
    assert statement(f"{TITLE}\n\n{said}") == f"{TITLE}\n\n{left}"


BEFORE = "export function words(text) {\n  return text.split(' ');\n}\n"
AFTER = "export function words(text) {\n  return text.match(/\\S+/g) ?? [];\n}\n"


def test_a_line_of_the_solution_is_left_out():
    said = f"{TITLE}\n\nInstead:\n\n    return text.match(/\\S+/g) ?? [];\n"
    assert statement(said, [BEFORE], [AFTER]) == f"{TITLE}\n\nInstead:"


def test_a_word_of_code_that_only_the_solution_has_is_left_out():
    said = f"{TITLE}\n\nUse `text.match(/\\S+/g)` where it was `text.split(' ')` in words()."
    kept = f"{TITLE}\n\nUse `...` where it was `text.split(' ')` in words()."
    assert statement(said, [BEFORE], [AFTER]) == kept


def test_names_stay_as_tests_may_call_them():
    said = f"{TITLE}\n\nAdd `matchAllWords` to the module."
    assert statement(said, [BEFORE], [AFTER + "const matchAllWords = 1;\n"]) == said


@pytest.mark.parametrize("message", ["", "wip", "fix typo", "Merge branch main", "v1.2.3 (#12)"])
def test_a_message_that_asks_for_nothing_is_none(message):
    assert statement(message) == ""


def test_a_long_message_is_cut():
    assert len(statement(f"{TITLE}\n\n" + "word " * 5000)) <= LONGEST


@pytest.mark.parametrize(
    "line",
    [
        "fixes #1, #2," + " https://example.org/a,b" * 300 + " !",
        "see " + "and , " * 3000 + "x",
        "a" * 60_000,
        "- " * 20_000,
        "`" * 50_000,
        "[" * 20_000,
        "<" * 20_000 + "@",
        "a/" * 20_000,
        "#" * 20_000,
        "0123456789abcdef" * 2_000,
        "```\n" * 10_000,
        "<!--" * 10_000,
    ],
)
def test_hostile_messages_are_read_in_time(line):
    assert statement(f"{TITLE}\n\n{line}", [line], [line]).startswith(TITLE)
