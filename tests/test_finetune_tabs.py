import msgspec
import pytest
from finetuning import CLAMP, TRAIN, fenced, make_project
from test_finetune_dataset import WRONG, A, make, rows, settings

from finetune.pairs import Pair
from finetune.references import reference_completion
from finetune.tabs import show_with_tabs, with_tabs
from pytest_llmops.tasks.prompt import build_messages
from pytest_llmops.tasks.selection import Choice, select

PAIRS = {"method": "preference"}
NESTED = """\
/**
 * Picks one.
 */
pick(all: string[]): string {
  /**
   * Inside.
   */
  for (const one of all) {
    if (one) return one;
  }

  return "";
}"""


@pytest.mark.parametrize("width", [2, 3, 4])
def test_a_level_is_as_wide_as_it_is_in_the_text(width):
    lines = [
        (f"{'': <{width * depth}}", "\t" * depth, rest)
        for depth, rest in [(0, "f {"), (1, "/**"), (1, " * x"), (2, "g"), (3, "h"), (0, "}")]
    ]
    written = fenced("\n".join(blanks + rest for blanks, _, rest in lines))
    assert with_tabs(written) == fenced("\n".join(tabs + rest for _, tabs, rest in lines))


@pytest.mark.parametrize(
    "text", ["", "one line", "/**\n * Nothing else.\n */", "f {\n\tx\n}", " one blank"]
)
def test_what_has_no_level_stays(text):
    assert with_tabs(text) == text


def test_a_template_literal_is_content():
    before = "f {\n  const text = `${a}\n    b\n  `;\n  return `${c}`;\n  d\n}"
    after = "f {\n\tconst text = `${a}\n    b\n  `;\n\treturn `${c}`;\n\td\n}"
    assert with_tabs(before) == after
    assert with_tabs(fenced(before)) == fenced(after)


def test_only_indentation_changes():
    assert with_tabs(NESTED).expandtabs(2) == NESTED
    assert with_tabs(with_tabs(NESTED)) == with_tabs(NESTED)


def of_cases(count):
    made = []
    for at in range(count):
        question = msgspec.structs.replace(A.question, case=f"s:{at:02}")
        answers = [
            msgspec.structs.replace(one, question=question, completion=f"{one.sample} {{\n  x\n}}")
            for one in (A, WRONG)
        ]
        made += [Pair(chosen=answers[0], rejected=answers[1], kind="wrong")] * 2
    return made


def drawn(pairs, share, seed):
    found = show_with_tabs(pairs, share, seed, len)
    assert [one.chosen.question.case for one in found] == [
        one.chosen.question.case for one in pairs
    ]
    return [one.chosen.question.case for one in found if one.indent == "tabs"]


@pytest.mark.parametrize(("share", "cases"), [(0, 0), (0.25, 5), (0.5, 10), (0.999, 20)])
def test_the_share_is_of_whole_cases(share, cases):
    found = drawn(of_cases(20), share, 0)
    assert len(found) == 2 * cases
    assert len(set(found)) == cases


def test_which_cases_is_drawn_by_the_seed_and_not_by_the_order():
    pairs = of_cases(20)
    assert set(drawn(pairs, 0.5, 1)) == set(drawn(pairs[::-1], 0.5, 1))
    assert set(drawn(pairs, 0.5, 1)) != set(drawn(pairs, 0.5, 2))


def test_both_answers_are_changed_and_counted_anew():
    [one, _] = show_with_tabs(of_cases(1), 0.9, 0, len)
    for answer in (one.chosen, one.rejected):
        assert answer.completion == f"{answer.sample} {{\n\tx\n}}"
        assert answer.output_tokens == len(answer.completion)
        assert answer.question is one.chosen.question


@pytest.fixture
def project(tmp_path):
    return make_project(tmp_path)


class TestRows:
    def test_ask_as_the_evaluation_would_if_the_files_had_tabs(self, project, tmp_path):
        make(project, settings(train=PAIRS, data={"pair_tabs": 0.9}), samples=())
        [found] = [row for row in rows(project) if row["case"] == CLAMP]
        tabbed = make_project(
            tmp_path / "tabbed", {path: with_tabs(text) for path, text in TRAIN.items()}
        )
        choice = Choice(suites_file=tabbed.suites_file, suites=("mini",), split="train")
        task = select(choice).task(CLAMP)
        [asked] = build_messages(task, context_tokens=150)
        assert "\n\t// ..." in asked.content
        assert found["messages"] == [{"role": "user", "content": asked.content}]
        assert found["chosen"] == reference_completion(task, "short")
        assert found["rejected"] == reference_completion(task, "long")
        assert found["indent"] == "tabs"

    def test_say_which_they_are(self, project):
        make(project, settings(train=PAIRS, data={"pair_tabs": 0.5}), samples=())
        found = {row["case"]: row["indent"] for row in rows(project)}
        assert sorted(found.values()) == ["", "", "tabs", "tabs"]
        for row in rows(project):
            assert ("\n\t" in row["rejected"] + row["messages"][0]["content"]) == bool(
                row["indent"]
            )

    def test_of_answers_alone_are_as_they_were(self, project):
        make(project, settings(data={"pair_tabs": 0.9}))
        assert not any("\n\t" in row["completion"] for row in rows(project))
