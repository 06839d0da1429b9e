"""`pytest --quality`: the code quality of a session, measured when its verdicts are there."""

import shutil

import pytest
from project import write_answers, write_benchmark

from pytest_llmops.cli.main import main
from pytest_llmops.quality import tools
from pytest_llmops.quality.beside import quality_of
from pytest_llmops.runs.reading import find_run, read_run


@pytest.fixture
def project(pytester, mined):
    tools.install()
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    return pytester


def run(project, *arguments):
    return project.runpytest_subprocess("benchmarks", "--model=recorded", *arguments)


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def words(result):
    """What a session printed, however wide the terminal was."""
    return " ".join(result.stdout.str().split())


LINE = "code quality: consistency 1.000, best practices 1.000, error rate 0.000, duplication 0.000"


def test_a_session_measures_its_answers_and_judges_them_as_ever(project, monkeypatch, capsys):
    without = run(project)
    plain = latest(project)
    assert quality_of(plain) is None
    assert "code quality" not in without.stdout.str()
    with_it = run(project, "--quality")
    measured = latest(project)
    assert f"{LINE} (of 2 answers)" in words(with_it)
    assert with_it.ret == without.ret == 0
    assert [one.outcome for one in measured.records] == [one.outcome for one in plain.records]
    assert quality_of(measured).measured == 2
    monkeypatch.chdir(project.path)
    assert main(["show"]) == 0
    assert LINE in " ".join(capsys.readouterr().out.split())


def test_answers_that_nobody_tested_are_measured_too(project):
    result = run(project, "--quality", "--no-grade")
    assert f"{LINE} (of 2 answers)" in words(result)


def test_answers_that_are_not_kept_cannot_be_measured(project):
    result = run(project, "--quality", "--no-content")
    result.stderr.fnmatch_lines(["*--quality reads answers, of which --no-content keeps none*"])
    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_tools_that_cannot_be_had_stop_a_session_before_it_asks(project, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    monkeypatch.setenv("npm_config_cache", str(project.path / "npm"))
    project.makeconftest(
        "from pathlib import Path\nfrom pytest_llmops.quality import tools\n"
        "tools.shared_cache = lambda: Path('cache').resolve()\n"
    )
    result = run(project, "--quality")
    said = (
        "the tools for code quality cannot be installed: FetchError: request to http://127.0.0.1:9/"
    )
    result.stderr.fnmatch_lines([f"*{said}*"])
    assert not (project.path / "runs").exists()


def test_a_measurement_that_fails_changes_no_verdict(project):
    project.makeconftest(
        "from pytest_llmops.errors import SandboxError\nfrom pytest_llmops.quality import batches\n"
        "def fail(*_, **__):\n    raise SandboxError('no sandbox')\n"
        "batches.measure_all = fail\n"
    )
    result = run(project, "--quality")
    assert result.ret == 0
    named = latest(project).run.id
    said = f"code quality was not measured: no sandbox; try again: llmops quality {named}"
    assert said in words(result)
    assert latest(project).end.exit_status == 0
