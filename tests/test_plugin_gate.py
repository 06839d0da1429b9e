"""The gate, through whole sessions of pytest."""

import json
import shutil

import pytest
import wide

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import find_run, read_run


@pytest.fixture(scope="session")
def mined_wide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    wide.write_suite(folder)
    suites = str(folder / "cases" / "suites.toml")
    assert main(["mine", "functions", "--suite", "wide", "--suites", suites]) == 0
    return folder


@pytest.fixture
def project(pytester, mined_wide, monkeypatch):
    """A project whose models answer as recorded: `same` as `base`, `wordy`, `short`, `worse`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    (pytester.path / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
    (pytester.path / "benchmarks").mkdir()
    (pytester.path / "benchmarks" / "test_functions.py").write_text(
        "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n"
    )
    answers = {
        "base": {},
        "same": {},
        "wordy": {"ratio": 1.1},
        "short": {"ratio": 0.6},
        "long": {"ratio": 1.5},
        "worse": {"unsolved": 4},
    }
    for name, fields in answers.items():
        wide.write_run(pytester.path / "recorded" / name, samples=3, **fields)
    entries = [f'[{name}]\nreplay = "recorded/{name}/records.jsonl"\n' for name in answers]
    (pytester.path / "models.toml").write_text("\n".join(entries))
    return pytester


def run(project, *arguments, model):
    command = ["benchmarks", f"--model={model}", "-q", *arguments]
    return project.runpytest_subprocess(*command)


def bless(project, model="base", *arguments):
    assert run(project, *arguments, model=model).ret == 0
    folder, baselines = str(project.path / "runs"), str(project.path / "benchmarks" / "baselines")
    assert main(["bless", "latest", "--runs", folder, "--baselines", baselines]) == 0


@pytest.mark.parametrize("spread", [("-n0",), ("-n2",), ("-p", "no:xdist")])
def test_a_planted_regression_of_ten_per_cent_is_caught_and_no_change_is_not(project, spread):
    bless(project)
    caught = run(project, "--gate", "base", *spread, model="wordy")
    assert caught.ret == 1
    caught.stdout.fnmatch_lines(["*output tokens*1.10*regressed*", "regressed: wordy*"])
    held = run(project, "--gate", "base", *spread, model="same")
    assert held.ret == 0
    held.stdout.fnmatch_lines(["held: same*"])


def test_lost_solves_regress_even_with_fewer_tokens(project):
    bless(project)
    result = run(project, "--gate", "base", model="worse")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*solve rate*regressed*"])


def test_the_exit_status_of_the_gate_is_on_record(project):
    bless(project)
    run(project, "--gate", "base", model="wordy")
    recorded = read_run(find_run("latest", project.path / "runs"))
    assert recorded.end.exit_status == 1


def test_a_missing_baseline_is_told_before_anything_is_asked(project):
    result = run(project, "--gate", "base", model="same")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*base: no baseline in *llmops bless RUN*"])
    assert not (project.path / "runs").exists()


def test_other_cases_than_those_of_the_baseline_are_refused_before_anything_is_asked(project):
    bless(project)
    before = len(list((project.path / "runs").iterdir()))
    result = run(project, "--gate", "base", "-k", "m1 or m2", model="same")
    assert result.ret == 4
    assert "cases" in result.stderr.str()
    assert len(list((project.path / "runs").iterdir())) == before


@pytest.mark.parametrize("spread", [("-n0",), ("-n2",)])
def test_a_selection_without_attempts_is_no_verdict(project, spread):
    bless(project)
    (project.path / "benchmarks" / "test_other.py").write_text("def test_other():\n    pass\n")
    result = run(project, "--gate", "base", "-k", "test_other", *spread, model="same")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--gate: no attempt is selected*"])


def test_a_gate_without_a_model_is_no_verdict(project):
    result = project.runpytest_subprocess("benchmarks", "--gate", "base", "-k", "nothing")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--gate needs --model NAME*"])


def test_a_session_that_is_cut_short_is_no_verdict(project):
    bless(project)
    path = project.path / "benchmarks" / "test_functions.py"
    path.write_text(path.read_text().replace("    attempt.complete()\n", STOP))
    result = run(project, "--gate", "base", "-x", model="same")
    assert result.ret != 0
    result.stdout.fnmatch_lines(["gate: no verdict, which fails: *"])


STOP = """    attempt.complete()
    if "m5#plus2" in attempt.case.id:
        raise RuntimeError("the harness broke")
"""


def test_a_crashed_attempt_is_a_regression(project):
    bless(project)
    path = project.path / "benchmarks" / "test_functions.py"
    path.write_text(path.read_text().replace("    attempt.complete()\n", STOP))
    result = run(project, "--gate", "base", model="same")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["errors: 1 attempts crashed, 0 allowed; first: wide:m5#plus2*", "*the harness broke"]
    )


@pytest.mark.parametrize("policy", ["fail", "pass"])
def test_what_undecided_means_is_the_users_choice(project, policy):
    bless(project)
    result = run(
        project,
        "--gate",
        "base",
        "--gate-undecided",
        policy,
        "--gate-max-tokens",
        "1.001",
        "--samples",
        "2",
        model="short" if False else "same",
    )
    assert result.ret in {0, 3}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gate-sequential"], "--gate-sequential needs --gate"),
        (["--gate", "base", "--no-grade"], "--gate needs grades"),
    ],
)
def test_contradictions_are_usage_errors(project, arguments, message):
    result = run(project, *arguments, model="same")
    assert result.ret == 4
    assert message in result.stderr.str()


@pytest.mark.parametrize("spread", [("-n0",), ("-n3",), ("-p", "no:xdist")])
def test_a_sequential_gate_asks_no_more_than_it_must(project, spread):
    bless(project, "base", "--samples", "3")
    common = ("--gate", "base", "--gate-sequential", "--samples", "3", *spread)
    result = run(project, *common, model="long")
    recorded = read_run(find_run("latest", project.path / "runs"))
    assert result.ret == 1
    assert recorded.end.decided_after == len(recorded.records) < recorded.run.attempts == 72
    result.stdout.fnmatch_lines(["asked * of 72 attempts; *", "regressed: long, sequential"])


def test_records_of_a_gated_session_are_plain_records(project):
    bless(project)
    path = find_run("latest", project.path / "runs")
    first = json.loads(path.read_text().splitlines()[0])
    assert first["type"] == "run"
