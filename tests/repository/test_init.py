"""`llmops init`: what it writes, and what it leaves as it was."""

import io
import re
import resource
import signal
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from test_ci import GITLAB, ROOT, safety_faults, valid

from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases
from pytest_llmops.models import load_models
from pytest_llmops.scaffold.optin import ORDER, opt_in
from pytest_llmops.shipped import BASELINES
from pytest_llmops.tasks.suites import find_suites

ENDPOINT = ("--url=http://127.0.0.1:9/v1", "--model=org/mini.2", "--key-env=MINI_KEY")
PYPROJECT = """# ours
[project]
name = "theirs"   # keep

[tool.pytest.ini_options]  # how we test
addopts = ["-ra"]
testpaths = ["tests"]

[tool.other]
x = 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_an_empty_folder_becomes_a_project_whose_files_say_the_right_things(folder, capsys):
    assert main(["init", "--ci=github", *ENDPOINT]) == 0
    (suite,) = find_suites(folder / "cases" / "suites.toml", [])
    assert len(load_cases(suite)) == 590
    models = load_models(folder / "models.toml")
    assert list(models) == ["base", "org-mini.2"]
    assert (models["org-mini.2"].model, models["org-mini.2"].api_key_env) == (
        "org/mini.2", "MINI_KEY",
    )  # fmt: skip
    blessed = (BASELINES / "base.jsonl").read_bytes()
    assert (folder / "benchmarks" / "baselines" / "base.jsonl").read_bytes() == blessed
    assert (
        "def test_function(attempt: Attempt)"
        in (folder / "benchmarks" / "test_code_models.py").read_text()
    )
    assert (folder / "pytest.ini").read_text() == "[pytest]\nllmops_suites = cases/suites.toml\n"
    assert (folder / ".gitignore").read_text() == "/runs/\n"
    told = capsys.readouterr().out
    assert "pytest benchmarks --model=org-mini.2  (with MINI_KEY set)" in told


def test_a_second_time_nothing_changes(folder, capsys):
    (folder / "pyproject.toml").write_text(PYPROJECT)
    for ci in ("github", "gitlab"):
        main(["init", f"--ci={ci}", *ENDPOINT])
    before = files(folder)
    capsys.readouterr()
    assert main(["init", "--ci=gitlab", *ENDPOINT]) == 0
    assert files(folder) == before
    assert not re.search("^(new|adds)", capsys.readouterr().out, re.MULTILINE)
    assert main(["init", "--ci=gitlab", "--dry-run", *ENDPOINT]) == 0
    assert capsys.readouterr().out == "nothing to change\n"


def test_a_dry_run_shows_a_diff_and_writes_nothing(folder, capsys):
    (folder / "pyproject.toml").write_text(PYPROJECT)
    assert main(["init", "--dry-run"]) == 0
    assert list(files(folder)) == ["pyproject.toml"]
    shown = capsys.readouterr().out
    assert '+llmops_suites = "cases/suites.toml"\n' in shown
    assert [line for line in shown.splitlines() if line.startswith("-")] == [
        *("--- /dev/null",) * 4, "--- a/pyproject.toml", "--- /dev/null",
    ]  # fmt: skip


def test_what_a_project_has_stays_as_it_is(folder):
    own = {
        "benchmarks/test_code_models.py": "# mine\n",
        "cases/suites.toml": '[mine]  # x\nfolder = "mine"\nmanifests = ["m.jsonl"]',
        "models.toml": '[base]\nurl = "http://127.0.0.1:9/v1"\nmodel = "b"\n',
        ".gitignore": "node_modules/\nruns",
        "pyproject.toml": PYPROJECT,
        ".github/workflows/token-gate.yml": "on: push\n",
    }
    for name, text in own.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    assert main(["init", "--ci=github"]) == 0
    for name, text in own.items():
        after = (folder / name).read_text()
        lines = after.splitlines()
        kept = [line for line in lines if "llmops_suites" not in line]
        assert kept[: len(text.splitlines())] == text.splitlines(), name
    assert list(tomllib.loads((folder / "cases" / "suites.toml").read_text())) == [
        "mine", "starter",
    ]  # fmt: skip
    assert (folder / "models.toml").read_text() == own["models.toml"]
    assert not (folder / "pytest.ini").exists()


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"pytest.ini": "[pytest]\naddopts = -q\n", "pyproject.toml": PYPROJECT}, "pytest.ini"),
        ({"pytest.ini": ""}, "pytest.ini"),
        ({"pyproject.toml": PYPROJECT, "tox.ini": "[pytest]\n"}, "pyproject.toml"),
        ({"pyproject.toml": "[project]\nname = 'x'\n", "tox.ini": "[pytest]\n"}, "tox.ini"),
        ({"pyproject.toml": "[project]\nname = 'x'"}, "pyproject.toml"),
        ({"pyproject.toml": "[tool.pytest]\naddopts = ['-q']\n"}, "pyproject.toml"),
        ({"tox.ini": "[tox]\nenvlist = py\n"}, "pytest.ini"),
        ({"setup.cfg": "[metadata]\nname = x\n[tool:pytest]\naddopts = -q\n"}, "setup.cfg"),
        ({"pytest.toml": "[pytest]\naddopts = ['-q']\n"}, "pytest.toml"),
        ({"pytest.ini": "[pytest]\r\naddopts = -q\r\n"}, "pytest.ini"),
    ],
)  # fmt: skip
def test_the_project_opts_in_in_the_file_that_pytest_reads(given, where, folder, pytester):
    for name, text in given.items():
        (pytester.path / name).write_bytes(text.encode())
    change = opt_in(pytester.path)
    assert (str(change.path), change.is_one) == (where, True)
    (pytester.path / change.path).write_bytes(change.after.encode())
    config = pytester.parseconfig(".")
    assert config.inipath == pytester.path / where
    assert config.getini("llmops_suites") == "cases/suites.toml"
    assert not opt_in(pytester.path).is_one
    assert where in ORDER


def test_a_table_that_cannot_be_added_to_is_told(folder, capsys):
    (folder / "pyproject.toml").write_text("[tool]\npytest.ini_options.addopts = '-q'\n")
    assert main(["init"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("llmops: pyproject.toml: [tool.pytest.ini_options] is not written as")
    assert list(files(folder)) == ["pyproject.toml"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--url=http://h/v1"], "needs both --url URL and --model NAME"),
        (["--url=ftp://h", "--model=m"], "init: --url: the URL is 'ftp://h', and should read"),
        (["--url=http://h/chat/completions", "--model=m"], "leave /chat/completions out"),
        (["--url=http://u:p@h/v1", "--model=m"], "would be recorded"),
        ([*ENDPOINT[:2], "--key-env=sk-secret"], "--key-env is the name of a variable"),
        (["--key-env=KEY"], "--key-env is of an endpoint"),
        (["--url=http://h/v1", "--model=latest"], "'latest' names the newest run"),
        (["--url=http://h/v1", "--model=base"], "'base' names the embedded model already"),
    ],
)
def test_wishes_that_cannot_be_meant_are_refused(arguments, told, folder, capsys):
    assert main(["init", *arguments]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "sk-secret" not in message
    assert not files(folder)


def test_a_full_disk_leaves_no_half_of_a_file(folder, capsys):
    """A second call would keep the half, as it keeps whatever is there."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        assert main(["init"]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "benchmarks/baselines/base.jsonl: cannot be written: " in capsys.readouterr().err
    assert not list((folder / "benchmarks" / "baselines").iterdir())


def test_broken_files_are_named(folder, capsys):
    (folder / "models.toml").write_text("no toml")
    assert main(["init"]) == 2
    assert capsys.readouterr().err.startswith("llmops: models.toml: not TOML: ")


@pytest.mark.parametrize("arguments", [(), ENDPOINT])
def test_the_workflow_is_valid_safe_and_the_users(arguments, folder):
    main(["init", "--ci=github", *arguments])
    path = folder / ".github" / "workflows" / "token-gate.yml"
    assert valid("github-workflows", path)
    workflow = yaml.load(path.read_text(), Loader=yaml.BaseLoader)
    assert not list(safety_faults(workflow))
    local, name = ("", "org-mini.2") if arguments else ("local,", "base")
    assert workflow["env"]["PACKAGE"] == f"pytest-llmops[{local}report]"
    assert workflow["env"]["MODEL"] == f"${{{{ inputs.model || '{name}' }}}}"
    (gate,) = [one for one in workflow["jobs"]["measure"]["steps"] if one.get("id") == "gate"]
    wanted = {"MINI_KEY": "${{ secrets.MINI_KEY }}"} if arguments else None
    assert gate.get("env") == wanted


def test_the_job_of_gitlab_is_valid_and_that_of_the_page(folder):
    main(["init", "--ci=gitlab"])
    path = folder / ".gitlab-ci.yml"
    assert valid("gitlab-ci", path)
    assert (
        path.read_text()
        == GITLAB
        == (ROOT / "pytest_llmops" / "scaffold" / "gitlab.yml").read_text()
    )


def test_jobs_that_a_project_has_are_included_and_not_changed(folder, capsys):
    (folder / ".gitlab-ci.yml").write_text("test:\n  script: [make]\n")
    main(["init", "--ci=gitlab", *ENDPOINT])
    assert "include: [{ local: .gitlab/token-gate.yml }]" in capsys.readouterr().out
    assert (folder / ".gitlab-ci.yml").read_text() == "test:\n  script: [make]\n"
    job = yaml.safe_load((folder / ".gitlab" / "token-gate.yml").read_text())["token-gate"]
    assert job["variables"]["MODEL"] == "org-mini.2"
    assert "python -m pytest_llmops.engine.weights" not in job["script"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("agreed", [True, False])
def test_on_a_terminal_it_asks_for_what_is_not_given_and_whether_to_write(
    agreed, folder, monkeypatch, capsys
):
    typed = f"http://127.0.0.1:9/v1\n\ngithub\n{'y' if agreed else 'n'}\n"
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert main(["init", "--model=mini"]) == (0 if agreed else 1)
    assert "URL of your endpoint" in capsys.readouterr().out
    assert (folder / ".github").exists() == (folder / "models.toml").exists() == agreed
    if agreed:
        model = load_models(folder / "models.toml")["mini"]
        assert (model.url, model.api_key_env) == ("http://127.0.0.1:9/v1", "")


def test_told_to_ask_nothing_it_asks_nothing(folder, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    assert main(["init", "--yes"]) == 0
    assert list(load_models(folder / "models.toml")) == ["base"]


@pytest.mark.parametrize(
    ("host", "file"), [("github.com", ".github"), ("gitlab.x", ".gitlab-ci.yml")]
)
def test_the_pipeline_is_that_of_the_host(host, file, folder):
    Path(".git").mkdir()
    Path(".git/config").write_text(f'[remote "origin"]\n\turl = git@{host}:o/n.git\n')
    main(["init"])
    assert Path(file).exists()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[other]\nfolder = "embedded:starter"', r"write \[starter\]"),
        ('[starter]\nfolder = "embedded:starter"\ntrain_share = 0.5', r"fields stay as they are"),
        ('[x]\nfolder = "embedded:x"', r"'folder' is 'embedded:x'; the package has starter"),
    ],
)
def test_a_suite_of_the_package_is_taken_as_it_is(table, told, folder):
    (folder / "suites.toml").write_text(table)
    with pytest.raises(CaseError, match=told):
        find_suites(folder / "suites.toml", [])
