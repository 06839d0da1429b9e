import re
from pathlib import Path

import pytest
from finetuning import CLAMP, PICK, SHOUT, TRAIN, fenced, make_project
from test_finetune_dataset import make, rows, settings

from finetune.dataset import drawn_for_tabs
from finetune.references import hidden_names, reference_completion
from finetune.tabs import answer_with_tabs, code_with_tabs, task_with_tabs
from pytest_llmops.likeness.fingerprints import spelled
from pytest_llmops.tasks.prompts.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, select

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
PAIRS = {"method": "preference"}


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


class TestCode:
    @pytest.mark.parametrize("width", [2, 3, 4])
    def test_has_levels_as_wide_as_its_least_indentation(self, width):
        lines = [(0, "f {"), (1, "/**"), (1, " * x"), (1, " */"), (2, "g"), (3, "h"), (0, "}")]
        before = "\n".join(" " * width * depth + rest for depth, rest in lines)
        assert code_with_tabs(before) == "\n".join("\t" * depth + rest for depth, rest in lines)

    @pytest.mark.parametrize(
        "text", ["", "one line", "/**\n * Nothing else.\n */", "f {\n\tx\n}", " one\n", "f\n  \n}"]
    )
    def test_without_levels_stays(self, text):
        assert code_with_tabs(text) == text

    @pytest.mark.parametrize(
        "literal",
        [
            "`${a}\n  b\n`",
            "`<ul>${rows.map((row) => `\n    <li>${row}</li>`).join()}\n  </ul>`",
            "`\\`\\`\\`ts\n  code\n`",
            "'a\\\n  b'",
        ],
    )
    def test_keeps_what_is_in_literals(self, literal):
        before = f"f() {{\n    const a = {literal};\n    return a;\n}}"
        assert code_with_tabs(before) == f"f() {{\n\tconst a = {literal};\n\treturn a;\n}}"

    @pytest.mark.parametrize("mark", ["'`'", "/`/g", "1 // one `", '"\'\\`"'])
    def test_is_changed_behind_marks_that_begin_no_literal(self, mark):
        assert code_with_tabs(f"f {{\n  a({mark}\n  );\n  b\n}}").count("\n\t") == 3

    def test_with_less_in_a_comment_or_literal_has_levels_by_the_rest(self):
        before = "f {\n    /*\n  note\n    */\n    a(`\n  x`);\n}"
        assert code_with_tabs(before) == "f {\n\t/*\n  note\n\t*/\n\ta(`\n  x`);\n}"

    def test_of_other_letters_stays_readable(self):
        assert code_with_tabs("é {\n  'ü'\n  ß\n}") == "é {\n\t'ü'\n\tß\n}"


class TestAnswer:
    def test_is_changed_in_its_fences_alone(self):
        before = "Do:\n  - this\n" + fenced("f {\n  x\n}") + "\n  - that"
        assert answer_with_tabs(before) == before.replace("  x", "\tx")

    def test_without_fences_is_code(self):
        assert answer_with_tabs("f {\n  x\n}") == "f {\n\tx\n}"

    @pytest.mark.parametrize(
        "text",
        ["```ts\nf {\n  x\n  y", "```ts\nf {\n  x\n}```", "~~~~\nf {\n  x\n}\n~~~~\n", "```\n"],
    )
    def test_that_was_cut_off_or_is_fenced_otherwise_is_changed_too(self, text):
        assert answer_with_tabs(text) == text.replace("\n  ", "\n\t")


def test_every_training_case_means_the_same_with_tabs():
    found = select(Choice(suites_file=SUITES, suites=("starter",), split="train"))
    assert len(found.cases) >= 240
    for name in found.cases:
        before = found.task(name)
        after = task_with_tabs(before)
        assert spelled(after.reference) == spelled(before.reference)
        answers = [reference_completion(after, form) for form in ("short", "long")]
        assert answers == [
            answer_with_tabs(reference_completion(before, form)) for form in ("short", "long")
        ]
        [question] = build_messages(after, context_tokens=150)
        assert "\n\t// ..." in question.content
        assert not hidden_names(after, question.content)
        for text in (question.content, *answers):
            assert not re.search(r"^[\t ]*  (?!\* )", text, re.MULTILINE), name


class TestDrawing:
    CASES = tuple(f"s:{at}" for at in range(20))

    @pytest.mark.parametrize(("share", "expected"), [(0, 0), (0.26, 5), (0.5, 10), (1, 20)])
    def test_takes_the_share(self, share, expected):
        assert len(drawn_for_tabs(self.CASES, share, 0)) == expected

    def test_is_by_the_seed_and_not_by_the_order(self):
        assert drawn_for_tabs(self.CASES, 0.5, 1) == drawn_for_tabs(self.CASES[::-1], 0.5, 1)
        assert drawn_for_tabs(self.CASES, 0.5, 1) != drawn_for_tabs(self.CASES, 0.5, 2)


class TestRows:
    @pytest.mark.parametrize("width", [2, 4])
    @pytest.mark.parametrize("case", [CLAMP, SHOUT])
    def test_ask_as_the_evaluation_would_if_the_file_had_tabs(self, tmp_path, case, width):
        written = {path: text.replace("  ", " " * width) for path, text in TRAIN.items()}
        made = make_project(tmp_path / "blanks", written)
        make(made, settings(train=PAIRS, data={"tabs_share": 1.0}), samples=())
        tabbed = make_project(
            tmp_path / "tabs", {path: text.replace("  ", "\t") for path, text in TRAIN.items()}
        )
        choice = Choice(suites_file=tabbed.suites_file, suites=("mini",), split="train")
        task = select(choice).task(case)
        [asked] = build_messages(task, context_tokens=150)
        assert "\n\t// ..." in asked.content
        found = [row for row in rows(made) if row["case"] == case]
        assert found
        for row in found:
            assert row["messages"] == [{"role": "user", "content": asked.content}]
            assert row["chosen"] == reference_completion(task, "short")
            assert row["rejected"] == reference_completion(task, "long")
            assert row["indent"] == "tabs"

    def test_of_a_case_share_one_question(self, project):
        make(project, settings(train=PAIRS, data={"tabs_share": 1.0}))
        found = [row for row in rows(project) if row["case"] == CLAMP]
        assert len(found) == 2
        assert found[0]["messages"] == found[1]["messages"]
        assert found[0]["rejected_tokens"] != found[1]["rejected_tokens"]

    def test_say_which_they_are(self, project):
        notes, _ = make(project, settings(train=PAIRS, data={"tabs_share": 1.0}), samples=())
        found = {row["case"]: row for row in rows(project)}
        assert found.pop(PICK)["indent"] == ""  # its file is not indented at all
        assert notes.tabbed == len(found) == 3
        for row in found.values():
            assert row["indent"] == "tabs"
            assert "\n\t" in row["messages"][0]["content"]

    def test_that_have_tabs_already_are_as_they_were(self, tmp_path):
        tabbed = {path: text.replace("  ", "\t") for path, text in TRAIN.items()}
        found = []
        for share in (0.0, 1.0):
            made = make_project(tmp_path / str(share), tabbed)
            notes, _ = make(made, settings(train=PAIRS, data={"tabs_share": share}), samples=())
            assert notes.tabbed == 0
            found.append(rows(made))
        assert found[0] == found[1]

    def test_of_answers_alone_are_as_they_were(self, project):
        notes, _ = make(project, settings(data={"tabs_share": 1.0}))
        assert notes.tabbed == 0
        for row in rows(project):
            assert "\n\t" not in row["completion"] + row["messages"][0]["content"]
