import subprocess
import sys

import pytest
from finetuning import CLAMP, fenced, make_project, write_run

from finetune.__main__ import main
from pytest_llmops.cases import load_suites
from pytest_llmops.manifests import load_cases

ANSWER = (CLAMP, fenced("function clamp(a) { return a; }"), "solved", "stop")
SETTINGS = """
[collect]
suites = ["mini"]
[data]
reference_suites = ["mini"]
[train]
validation_share = 0.0
method = "sft-shortest"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    made = make_project(tmp_path)
    write_run(made, [ANSWER], run="one")
    (tmp_path / "finetune.toml").write_text(SETTINGS)
    monkeypatch.chdir(tmp_path)
    return made


def said(capsys):
    return " ".join(capsys.readouterr().out.split())


def test_a_name_that_another_model_has_is_refused_before_an_hours_work(project, capsys):
    models = project.models_file
    models.write_text(models.read_text() + '\n[taken]\nurl = "http://h/v1"\nmodel = "m"\n')
    assert main(["--name", "taken", "--run", "one"]) == 2
    told = capsys.readouterr()
    assert "[taken] is there and says url = 'http://h/v1', model = 'm'; choose another" in told.err
    assert not told.out
    assert main(["--name", "taken", "--run", "one", "dataset"]) == 0


class TestADataset:
    def test_is_made_from_the_settings_of_the_project(self, project, capsys):
        assert main(["dataset", "--run", "one"]) == 0
        assert (project.work("lora-v1") / "data" / "lora-v1" / "data.json").is_file()
        text = said(capsys)
        assert "collect: 1 of 1 samples passed (unchanged, skipped)" in text
        assert "dataset: 5 train, 0 validation rows, no leak of 1 evaluation cases" in text

    @pytest.mark.usefixtures("project")
    def test_is_skipped_the_second_time_and_says_so(self, capsys):
        main(["dataset", "--run", "one"])
        capsys.readouterr()
        assert main(["dataset", "--run", "one"]) == 0
        assert "no leak of 1 evaluation cases (unchanged, skipped)" in said(capsys)

    @pytest.mark.usefixtures("project")
    def test_takes_options_before_and_after_the_command(self, tmp_path):
        options = ["--name", "short", "--run", "one", "dataset", "--seed", "3"]
        assert main([*options, "--work", str(tmp_path / "w")]) == 0
        assert (tmp_path / "w" / "data" / "short" / "data.json").is_file()

    def test_takes_the_runs_named_before_and_after_the_command(self, project, capsys):
        write_run(project, [ANSWER], run="two")
        assert main(["--run", "one", "dataset", "--run", "two"]) == 0
        assert "collect: 2 of 2 samples passed" in said(capsys)

    def test_of_pairs_is_one_option_away(self, project):
        write_run(project, [ANSWER, (CLAMP, "no", "wrong", "stop")], run="two")
        assert main(["dataset", "--run", "two", "--method", "preference"]) == 0
        notes = project.work("lora-v1") / "data" / "lora-v1" / "data.json"
        assert '"kind": "preference"' in notes.read_text()

    @pytest.mark.usefixtures("project")
    def test_with_other_settings(self, tmp_path, capsys):
        other = tmp_path / "other.toml"
        other.write_text(SETTINGS.replace("[data]", "[data]\nreferences = false"))
        assert main(["--settings", str(other), "dataset", "--run", "one"]) == 0
        assert "dataset: 1 train" in said(capsys)

    def test_that_leaks_is_refused_with_the_offender(self, project, capsys):
        (suite,) = load_suites(project.suites_file).values()
        (letters,) = [case for case in load_cases(suite) if case.split == "eval"]
        body = (project.root / "cases" / "mini" / letters.source.path).read_text()
        solution = body[body.index("): ") :].partition(" {")[2]
        planted = (CLAMP, fenced(f"function clamp(word) {{{solution}"), "solved", "stop")
        write_run(project, [planted], run="leak")
        assert main(["dataset", "--run", "leak"]) == 2
        assert f"{CLAMP} ~ {letters.id}: solution" in capsys.readouterr().err


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["--settings", "none.toml", "dataset"], "none.toml: cannot be read"),
            (["--name", "a/b", "dataset"], "command line:"),
            (["--method", "rl", "dataset"], "command line:"),
            (["dataset", "--run", "none"], "none: no such run or records file"),
            (["study", "--arm", "longer", "--run", "one"], "no arm 'longer'"),
            (["spent", "none"], "none: no such run"),
        ],
    )
    @pytest.mark.usefixtures("project")
    def test_are_told_in_one_line(self, arguments, message, capsys):
        assert main(arguments) == 2
        assert f"finetune: {message}" in capsys.readouterr().err

    @pytest.mark.parametrize("arguments", [["fly"], ["spent"], ["dataset", "--arm", "base"]])
    def test_in_the_command_line_are_told_by_its_usage(self, arguments, capsys):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "usage: python -m finetune" in capsys.readouterr().err

    @pytest.mark.usefixtures("project")
    def test_a_base_that_has_no_name(self, tmp_path, capsys):
        (tmp_path / "finetune.toml").write_text('base = "hf:org/model"\n' + SETTINGS)
        assert main(["dataset", "--run", "one"]) == 2
        assert "base = 'hf:org/model' is no name there" in capsys.readouterr().err

    def test_a_base_that_is_not_there(self, project, capsys):
        project.models_file.write_text("")
        assert main(["dataset", "--run", "one"]) == 2
        assert "'base' is not in" in capsys.readouterr().err


class TestSpent:
    def test_shows_runs_beside_each_other(self, project, capsys):
        write_run(project, [ANSWER], run="two")
        assert main(["spent", "one", "two"]) == 0
        assert "removed" in said(capsys)

    def test_refuses_runs_over_other_cases(self, project, capsys):
        write_run(project, [ANSWER, ANSWER], run="two")
        assert main(["spent", "one", "two"]) == 2
        assert "over other cases or numbers of attempts" in capsys.readouterr().err


def test_help_loads_nothing_heavy():
    """What takes seconds to import is imported by the stage that needs it."""
    heavy = ["torch", "transformers", "peft", "datasets", "mlflow", "scipy", "accelerate"]
    code = (
        "import sys\nfrom finetune.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == "[]"
    assert "collect" in done.stdout
