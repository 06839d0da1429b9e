"""`llmops cases`: what is asked, and cases that must have nothing in common."""

from pathlib import Path

import pytest
from made_tasks import make_task
from project import write_suite

from pytest_llmops.cases import load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.likeness.duplicates import Solution, near_duplicates
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.alike import alike, without_twins
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.suites import find_suites

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
DEDENT = "starter:eval/indent#dedent"
LONG = (
    "export function NAME(lines: string[], limit: number): string[] {\n"
    "  const kept: string[] = [];\n"
    "  for (const line of lines) {\n"
    "    if (line.trim().length > limit) {\n"
    "      kept.push(line.slice(0, limit));\n"
    "    } else {\n"
    "      kept.push(line);\n"
    "    }\n"
    "  }\n"
    "  return kept;\n"
    "}\n"
)
EDITED = LONG.replace("line.trim().length", "line.length").replace("kept", "rest")


def cases(*words):
    return main(["cases", *words, "--suites", str(SUITES)])


def test_a_question_is_shown_as_the_model_gets_it(capsys):
    assert cases("show", DEDENT, "--context-tokens", "150") == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{DEDENT}\neval, medium, 4 lines, complexity 3, dated 2026-11-24\n")
    assert "budget: 150 tokens, about 465 characters: frame 21, the rest of the file 339" in text
    assert "hidden names: none is used" in text
    assert text.endswith("export function dedent(text: string): string {\n  // ...\n}\n```\n")
    assert "Reference" not in text


def test_the_reference_is_shown_where_it_is_asked_for(capsys):
    assert cases("show", DEDENT, "--reference") == 0
    assert "\nReference:\n\n{\n  const lines = text.split" in capsys.readouterr().out


def test_a_model_says_how_much_is_shown(tmp_path, capsys):
    models = tmp_path / "models.toml"
    models.write_text(
        '[mini]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\ncontext_tokens = 60\n'
        'instruction = "Be brief."\n[old]\nreplay = "runs/one"\n'
    )
    assert cases("show", DEDENT, "--model", "mini", "--models", str(models)) == 0
    text = capsys.readouterr().out
    assert "budget: 60 tokens" in text
    assert "add no imports. Be brief." in text
    assert cases("show", DEDENT, "--model", "old", "--models", str(models)) == 2
    assert "--model=old replays answers; name the model they are of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("indent#dedent", "the suites have no case 'indent#dedent'; did you mean " + DEDENT),
        ("starter:eval/indent#dedint", "suite 'starter' has no case"),
        ("starter:eval/indent#dedint", f"did you mean {DEDENT}"),
        ("nothing-like-it", "'nothing-like-it'; `llmops cases list` names all"),
    ],
)
def test_an_unknown_case_is_told_with_those_that_are_near(asked, told, capsys):
    assert cases("show", asked) == 2
    assert told in capsys.readouterr().err


def test_cases_are_listed_a_line_each(capsys):
    assert cases("list", "--suite", "starter", "--split", "eval") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 263
    words = next(line for line in lines if line.startswith(DEDENT)).split()
    assert words == [DEDENT, "eval", "medium", "2026-11-24", "4", "lines"]


def test_no_question_of_the_embedded_suite_hides_a_name(capsys):
    assert cases("check", "--suite", "starter", "--context-tokens", "150") == 0
    row = capsys.readouterr().out.splitlines()[-1].split()
    assert row[:5] == ["starter", "150", "590", "0", "0.0%"]


def test_a_question_that_hides_a_name_is_counted_and_named(tmp_path, capsys):
    write_suite(tmp_path)
    source = "const FACTOR = 3;\n\nexport function by(value: number): number {\n"
    source += "  return value * FACTOR;\n}\n"
    suites = planted(tmp_path, {"small.ts": ("by", source, "eval")})
    asked = ["cases", "check", "--suite", "mini", "--suites", str(suites), "--verbose"]
    assert main([*asked, "--context-tokens", "1"]) == 1
    assert "1: mini:small#by: FACTOR" in capsys.readouterr().out
    assert main([*asked, "--context-tokens", "1", "--context-tokens", "100"]) == 0


def planted(folder, files):
    """The suite `mini` with one case a file: its symbol, text and split by path."""
    root = folder / "cases" / "mini"
    made = []
    for path, (symbol, text, split) in files.items():
        (root / path).write_text(text)
        name = f"mini:{path.removesuffix('.ts')}#{symbol}"
        case = make_task(symbol, text, path, root=root, id=name, split=split, tests=()).case
        made.append(case)
    write_manifest(folder / "cases" / "mini.jsonl", made)
    return folder / "cases" / "suites.toml"


class TestNearDuplicates:
    def solutions(self, *bodies):
        return [
            Solution(f"{suite}:{number}", (suite, split), body)
            for number, ((suite, split), body) in enumerate(bodies)
        ]

    def body(self, text):
        return text[text.index("{\n") :]

    def test_a_copy_with_other_names_is_one(self):
        copy = self.body(LONG).replace("kept", "rest").replace("line", "row")
        found = near_duplicates(
            self.solutions((("s", "train"), self.body(LONG)), (("s", "eval"), copy))
        )
        assert [(pair.one.case, pair.other.case, pair.likeness) for pair in found] == [
            ("s:0", "s:1", 1.0)
        ]

    def test_one_with_an_edit_is_one(self):
        pair = near_duplicates(
            self.solutions((("s", "train"), self.body(LONG)), (("s", "eval"), self.body(EDITED)))
        )
        assert len(pair) == 1
        assert 0.85 <= pair[0].likeness < 1

    def test_two_of_one_split_are_none(self):
        same = (("s", "eval"), self.body(LONG))
        assert not near_duplicates(self.solutions(same, same))

    def test_two_of_two_suites_are_one(self):
        found = near_duplicates(
            self.solutions((("s", "eval"), self.body(LONG)), (("t", "eval"), self.body(LONG)))
        )
        assert len(found) == 1

    def test_short_solutions_and_different_ones_are_none(self):
        short = "{ return a.length; }"
        other = "{\n  const total = lines.reduce((sum, one) => sum + one.length, 0);\n"
        other += "  while (total > limit) lines.shift();\n  return lines.map(String).sort();\n}"
        found = near_duplicates(
            self.solutions(
                (("s", "train"), short),
                (("s", "eval"), short),
                (("s", "train"), self.body(LONG)),
                (("s", "eval"), other),
            )
        )
        assert not found


class TestCleanSuites:
    @pytest.fixture
    def twins(self, tmp_path, monkeypatch):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        write_suite(tmp_path)
        return planted(
            tmp_path,
            {
                "cut.ts": ("cut", LONG.replace("NAME", "cut"), "eval"),
                "trim.ts": ("trim", EDITED.replace("NAME", "trim"), "train"),
            },
        )

    def test_a_training_case_that_is_measured_is_a_fault_of_validate(self, twins):
        (found,) = alike({"mini:cut#cut", "mini:trim#trim"}, find_suites(twins, []))
        assert (found.case_id, found.fault) == ("mini:trim#trim", "near-duplicate")
        assert found.detail.endswith("% that of mini:cut#cut (eval)")

    def test_only_what_is_validated_is_named(self, twins):
        (found,) = alike({"mini:cut#cut"}, find_suites(twins, []))
        assert found.case_id == "mini:cut#cut"
        assert not [*alike({"mini:other#x"}, find_suites(twins, []))]

    def test_mining_leaves_the_training_case_out_with_its_reason(self, twins):
        suite = load_suites(twins)["mini"]
        kept, (left,) = without_twins(load_cases(suite), SourceTree(suite.root / "mini", ""))
        assert [case.id for case in kept] == ["mini:cut#cut"]
        assert (left.path, left.symbol, left.reason) == ("trim.ts", "trim", "near-duplicate")
        assert left.remedy

    def test_validate_exits_with_one_and_names_the_pair(self, twins, capsys):
        assert main(["validate", "--suites", str(twins)]) == 1
        text = " ".join(capsys.readouterr().out.replace("│", "").split())
        assert "mini:trim#trim near-duplicate: its solution is" in text

    def test_the_embedded_suite_is_clean(self):
        suites = find_suites(SUITES, ["starter"])
        ids = {case.id for suite in suites for case in load_cases(suite)}
        assert not [*alike(ids, suites)]
