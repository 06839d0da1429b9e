"""A project that does not use the plugin has nothing of it; one that does keeps its own names."""

import shutil

import pytest
from project import write_answers, write_benchmark

NAMES = (
    "--model", "--runs", "--samples", "--split", "--source", "--suite", "--temperature",
    "--max-tokens", "--no-cache", "--sandbox", "--gate", "--sink",
)  # fmt: skip
"""What projects call options of their own."""

CONFTEST = f"""
def pytest_addoption(parser):
    for name in {NAMES!r}:
        parser.addoption(name, default="none")
"""
TEST = f"""
def test_own(pytestconfig):
    assert [pytestconfig.getoption(name) for name in {NAMES!r}] == ["theirs"] * {len(NAMES)}
"""
THEIRS = [f"{name}=theirs" for name in NAMES]
SEEN = """
import sys

def test_seen(pytestconfig):
    ours = {name for name in sys.modules if name.partition(".")[0] == "pytest_llmops"}
    assert ours == {"pytest_llmops", "pytest_llmops.guest"}
    assert not {"msgspec", "aiohttp", "rich", "tree_sitter", "numpy"} & set(sys.modules)
    assert not [name for name in vars(pytestconfig.option) if name.startswith("llmops")]
"""
SUITES = "llmops_suites = cases/suites.toml\n"


@pytest.fixture
def project(pytester, mined, monkeypatch):
    """A benchmark, in a project that has still to opt in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    (pytester.path / "pytest.ini").unlink()
    return pytester


def run(pytester, *arguments):
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *arguments)


def ran(result):
    """Whether a session has run the benchmark."""
    text = result.stdout.str()
    assert ("1 solved" in text) == ("llmops: model recorded" in text)
    return result.ret == 0 and "1 solved" in text


@pytest.mark.parametrize("workers", ["0", "2"])
def test_options_of_a_project_that_does_not_use_the_plugin_are_its_own(workers, pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TEST)
    run(pytester, *THEIRS, "-n", workers).assert_outcomes(passed=1)


@pytest.mark.parametrize("ini", ["", "[pytest]\naddopts = -q\n# llmops_suites = later\n"])
def test_an_unrelated_session_imports_a_few_lines_and_declares_nothing(ini, pytester):
    (pytester.path / "pytest.ini").write_text(ini or "[pytest]\n")
    pytester.makepyfile(SEEN)
    result = run(pytester)
    result.assert_outcomes(passed=1)
    assert "llmops" not in run(pytester, "--help").stdout.str()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", f"[pytest]\n{SUITES}"),
        ("tox.ini", f"[pytest]\n{SUITES}"),
        ("setup.cfg", f"[tool:pytest]\n{SUITES}"),
        ("pyproject.toml", "[tool.pytest.ini_options]\nllmops_models = 'models.toml'\n"),
        ("conftest.py", "pytest_plugins = ['pytest_llmops.plugin']\n"),
        ("pytest.ini", "[pytest]\naddopts = --llmops-samples=1\n"),
    ],
)
def test_a_project_opts_in_by_a_file(file, text, project):
    (project.path / file).write_text(text)
    assert ran(run(project, "benchmarks", "--model", "recorded"))


def test_so_does_a_file_that_the_command_line_names(project):
    (project.path / "other.ini").write_text(f"[pytest]\n{SUITES}")
    assert ran(run(project, "-c", "other.ini", "benchmarks", "--model=recorded"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "llmops_models=models.toml", "--model=recorded"),
        ("-p", "llmops", "--model=recorded"),
        ("-p", "pytest_llmops", "--model=recorded"),
        ("-p", "pytest_llmops.plugin", "--model=recorded"),
        ("--llmops-model", "recorded", "-p", "no:xdist"),
        ("--llmops-model=recorded", "-n", "2"),
    ],
    ids=" ".join,
)
def test_one_session_opts_in_by_its_command_line(arguments, project):
    assert ran(run(project, "benchmarks", *arguments))


def test_so_it_does_by_the_environment(project, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--llmops-model=recorded")
    assert ran(run(project, "benchmarks"))


def test_where_no_plugin_loads_by_itself_this_one_is_named(project, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    for name in ("llmops", "pytest_llmops.plugin"):
        assert ran(run(project, "-p", name, "benchmarks", "--model=recorded"))
    (project.path / "conftest.py").write_text("pytest_plugins = ['pytest_llmops.plugin']\n")
    result = run(project, "benchmarks")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: llmops: a conftest.py *give -p pytest_llmops.plugin"])


@pytest.mark.parametrize("workers", ["0", "2"])
def test_names_that_a_project_has_taken_stay_its_own_and_are_told(workers, project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    project.makeconftest(CONFTEST)
    project.makepyfile(test_own=TEST)
    result = run(
        project, ".", *THEIRS, "--llmops-model", "recorded", "--llmops-suite=mini", "-n", workers
    )
    assert result.ret == 0
    head = next(line for line in result.outlines if "another plugin" in line)
    assert all(f" {name}," in head or f" {name}:" in head for name in NAMES)
    assert "--llmops-max-tokens" in head
    result.stdout.fnmatch_lines(["*1 passed*1 solved*" if workers == "0" else "*1 solved*"])


def test_a_taken_name_is_told_where_benchmarks_are_skipped(project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    project.makeconftest("def pytest_addoption(parser): parser.addoption('--model')\n")
    result = run(project, "benchmarks", "--model=theirs")
    result.stdout.fnmatch_lines(["llmops: 1 skipped: no model is named; * --llmops-model=NAME *"])


def test_an_option_of_another_plugin_keeps_its_name_too(project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    plugin = "def pytest_addoption(parser): parser.addoption('--runs', action='store_true')\n"
    project.makepyfile(theirs=plugin)
    result = run(project, "-p", "theirs", "benchmarks", "--runs", "--model=recorded")
    assert ran(result)
    result.stdout.fnmatch_lines(["llmops: --runs: declared by *; here: --llmops-runs"])


@pytest.mark.parametrize("name", ["--difficulty", "--tier", "--llmops-tier"])
def test_the_difficulty_is_chosen_by_its_name_and_by_the_former_one(name, project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    assert ran(run(project, "benchmarks", "--model=recorded", name, "easy"))
    none = run(project, "benchmarks", "--model=recorded", name, "hard")
    none.stderr.fnmatch_lines(["ERROR: *has no eval cases hard (it has *"])


def test_values_of_options_are_no_paths_to_look_for_conftests_in(project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}testpaths = benchmarks\n")
    for folder in ("recorded", "mini"):
        (project.path / folder).mkdir(exist_ok=True)
        (project.path / folder / "conftest.py").write_text("raise RuntimeError('not asked for')")
    own = "def pytest_addoption(parser): parser.addoption('--own', action='store_true')\n"
    (project.path / "benchmarks" / "conftest.py").write_text(own)
    assert ran(run(project, "--model", "recorded", "--llmops-suite", "mini", "--own"))


def test_who_gives_an_option_without_having_opted_in_is_told_how_to(project):
    result = run(project, "benchmarks", "--model=recorded")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*unrecognized arguments: --model=recorded*", "*`llmops init`*"])


def test_help_shows_both_names_once_where_the_project_has_opted_in(project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    text = run(project, "--help").stdout.str()
    assert "--model=NAME, --llmops-model=NAME" in text
    assert text.count("--llmops-max-tokens") == 1


def test_help_survives_a_broken_conftest(project):
    (project.path / "pytest.ini").write_text(f"[pytest]\n{SUITES}")
    project.makeconftest("import nothing_of_that_name\n")
    assert "--llmops-model" in run(project, "--help").stdout.str()


IDLE = """
import sys

def test_idle():
    loaded = {"aiohttp", "asyncio", "sqlite3", "git", "rich", "tree_sitter"} & set(sys.modules)
    assert not loaded, loaded
"""


@pytest.mark.parametrize("workers", ["", "2"])
def test_a_project_that_opted_in_loads_the_client_only_to_run_attempts(workers, project):
    project.makeini(f"[pytest]\n{SUITES}")
    project.makepyfile(test_idle=IDLE)
    arguments = ["-p", "no:anyio", "test_idle.py", *(["-n", workers] if workers else [])]
    run(project, *arguments).assert_outcomes(passed=1)
