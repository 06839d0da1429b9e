"""A pull request that changes what judges it is told so, before its verdict."""

import pytest

from pytest_llmops.cli.main import main
from pytest_llmops.report.changed import NAMED, changed_line, judges_changed
from pytest_llmops.report.markdown import MARKER


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("benchmarks/baselines/base.jsonl", "baseline"),
        ("pyproject.toml", "options of pytest"),
        ("benchmarks/conftest.py", "options of pytest"),
        (".github/workflows/token-gate.yml", "workflow"),
        (".gitlab-ci.yml", "workflow"),
        ("models.toml", "models and prices"),
        ("agents.toml", "agents"),
        ("benchmarks/pytest.ini", "options of pytest"),
        ("cases/starter/src/a.test.ts", "cases and their tests"),
        ("benchmarks/test_functions.py", "benchmark"),
    ],
)
def test_files_that_a_verdict_rests_on_are_known(name, kind):
    assert judges_changed([name, "src/app.py", ""]) == {kind: [name]}


def test_other_files_are_not_told():
    assert changed_line(["src/app.py", "docs/baselines.md", "src/models.toml.py"]) == ""


def test_many_files_are_counted():
    names = [f"cases/{number}.ts" for number in range(NAMED + 2)]
    assert changed_line(names).endswith("cases/4.ts and 2 more)")


def test_the_report_says_it_before_its_verdict(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "errors.txt").write_text("ERROR: no baseline\n")
    (tmp_path / "changed.txt").write_text(
        "benchmarks/baselines/base.jsonl\nsrc/<b>.py\npytest.ini\n"
    )
    options = ["--format", "markdown", "--refusal", "errors.txt"]
    assert main(["report", "base", "latest", *options, "--changed", "changed.txt"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == MARKER
    assert "alters what judges it; review that first: baseline (benchmarks/baselines/" in lines[1]
    assert "options of pytest (pytest.ini)" in lines[1]
    assert lines[3].startswith("## ")
    assert main(["report", "base", "latest", *options, "--changed", "none.txt"]) == 2
    assert "--changed none.txt: No such file or directory" in capsys.readouterr().err
    assert main(["report", "base", "latest", *options]) == 0
    assert "alters what judges" not in capsys.readouterr().out
