"""The gate, through whole sessions of pytest, with and without xdist."""

import json
import shutil
from xml.etree import ElementTree

import pytest
import wide
from once import made_once
from project import PYTEST_INI
from sessions import run_session

from pytest_llmops.cli.main import main
from pytest_llmops.runs.reading import find_run, read_run

TEST = "def test_function(attempt):\n    attempt.complete()\n    attempt.grade()\n"
PLAIN, XDIST = ("-p", "no:xdist"), ("-n2",)
both = pytest.mark.parametrize("spread", [PLAIN, XDIST], ids=["alone", "xdist"])


def all_alone_and_one_on_workers(names, rows):
    """Each row in a session of one process, the first on workers, too.

    Where the controller asks is one thing, and what it is told another: they are tested once each.
    """
    spread = [pytest.param(PLAIN, *row, id=f"{key}-alone") for key, row in rows.items()]
    first = next(iter(rows))
    spread.append(pytest.param(XDIST, *rows[first], id=f"{first}-xdist"))
    return pytest.mark.parametrize(("spread", *names), spread)


@pytest.fixture
def project(pytester, mined_wide, monkeypatch):
    """A project whose models answer as recorded: `same` as `base`, `wordy`, `short`, ..."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("COLUMNS", "300")  # a reason stays on its line
    shutil.copytree(mined_wide / "cases", pytester.path / "cases")
    (pytester.path / "pytest.ini").write_text(PYTEST_INI)
    (pytester.path / "benchmarks").mkdir()
    (pytester.path / "benchmarks" / "test_functions.py").write_text(TEST)
    answers = {
        "base": {},
        "same": {},
        "wordy": {"ratio": 1.1},
        "short": {"ratio": 0.6},
        "long": {"ratio": 1.5},
        "worse": {"unsolved": 2},
        "capped": {"max_tokens": 32},
    }
    for name, fields in answers.items():
        wide.write_run(pytester.path / "recorded" / name, samples=3, **fields)
    entries = [f'[{name}]\nreplay = "recorded/{name}/records.jsonl"\n' for name in answers]
    (pytester.path / "models.toml").write_text("\n".join(entries))
    return pytester


@pytest.fixture
def blessed(project, tmp_path_factory):
    """The project with a run of `base`, one attempt per case, that was made its baseline."""
    kept = made_once(tmp_path_factory, "blessed", lambda folder: keep(bless(project), folder))
    shutil.copytree(kept, project.path, dirs_exist_ok=True)
    return project


def keep(project, folder):
    for name in ("runs", "benchmarks/baselines"):
        shutil.copytree(project.path / name, folder / name)


def run(project, *arguments, model):
    command = ["benchmarks", f"--model={model}", "-q", *arguments]
    return run_session(project, *command)


def bless(project, *arguments):
    assert run(project, *arguments, model="base").ret == 0
    folder, baselines = str(project.path / "runs"), str(project.path / "benchmarks" / "baselines")
    told = ["bless", "latest", "--force", "--runs", folder, "--baselines", baselines]
    assert main(told) == 0  # --force: the models of these tests replay recorded answers
    return project


def runs(project):
    return sorted((project.path / "runs").glob("*"))


def latest(project):
    return read_run(find_run("latest", project.path / "runs"))


def break_harness(project, how):
    """Let the harness fail at one case."""
    broken = f'    if "m5#plus2" in attempt.case.id:\n        {how}\n    attempt.grade()\n'
    path = project.path / "benchmarks" / "test_functions.py"
    path.write_text(TEST.replace("    attempt.grade()\n", broken))


@pytest.mark.parametrize("spread", [("-n0",), XDIST, PLAIN])
def test_a_planted_regression_of_ten_per_cent_is_caught_and_no_change_is_not(blessed, spread):
    caught = run(blessed, "--gate", "base", "--gate-max-tokens=1.05", *spread, model="wordy")
    assert caught.ret == 1
    caught.stdout.fnmatch_lines(["*output tokens*1.10*regressed*", "regressed: wordy*"])
    held = run(blessed, "--gate", "base", *spread, model="same")
    assert held.ret == 0
    held.stdout.fnmatch_lines(["held: same*"])


def test_lost_solves_regress_even_with_fewer_tokens(blessed):
    result = run(blessed, "--gate", "base", model="worse")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*solve rate*regressed*"])


def test_what_the_gate_said_is_on_record(blessed):
    baseline = latest(blessed).run.id
    run(blessed, "--gate", "base", "--gate-max-tokens", "1.08", model="wordy")
    end = latest(blessed).end
    assert (end.exit_status, end.gate.verdict, end.gate.sequential) == (1, "regressed", False)
    assert (end.gate.baseline, end.gate.margins["tokens"]) == (baseline, 1.08)
    assert end.gate.reason.startswith("output tokens regressed: 1.1")


@both
def test_a_missing_baseline_is_told_before_anything_is_asked(project, spread):
    result = run(project, "--gate", "base", *spread, model="same")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*base: no baseline in *llmops bless RUN*"])
    assert not (project.path / "runs").exists()


@both
@pytest.mark.parametrize(
    ("model", "arguments", "message"),
    [
        pytest.param(
            "same",
            ["-k", "m1 or m2"],
            "the runs hold other cases: 18 of 24 are only in the baseline (was -k used?)",
            id="fewer cases",
        ),
    ],
)
def test_another_session_than_that_of_the_baseline_is_refused_before_anything_is_asked(
    blessed, spread, model, arguments, message
):
    before = runs(blessed)
    result = run(blessed, "--gate", "base", *arguments, *spread, model=model)
    assert result.ret == 4
    assert message in result.stderr.str()
    assert runs(blessed) == before


def first_line(change):
    def edit(lines):
        run = json.loads(lines[0])
        change(run)
        return [json.dumps(run).encode() + b"\n", *lines[1:]]

    return edit


def crashed(lines):
    record = json.loads(lines[5])
    record |= {"error": "EndpointError: gone", "grade": None}
    return [*lines[:5], json.dumps(record).encode() + b"\n", *lines[6:]]


BASELINES = {
    "fewer cases": (first_line(lambda run: run.update(suite_hash="f" * 16)), "suite_hash: fffff"),
    "grader": (
        first_line(lambda run: run.update(grader="exact match")),
        "grader: exact match against vitest ",
    ),
    "interrupted": (lambda lines: lines[:-1], "it was interrupted or still goes on"),
    "crashed": (crashed, "1 attempts crashed: "),
    "too small": (
        lambda lines: [
            *first_line(lambda run: run.update(cases=3, attempts=3))(lines[:4]),
            lines[-1],
        ],
        "3 cases are too few for a verdict",
    ),
}


@all_alone_and_one_on_workers(("edit", "message"), BASELINES)
def test_a_baseline_of_no_use_is_refused_before_anything_is_asked(blessed, spread, edit, message):
    path, before = blessed.path / "benchmarks" / "baselines" / "base.jsonl", runs(blessed)
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    result = run(blessed, "--gate", "base", *spread, model="same")
    assert result.ret == 4
    assert message in result.stderr.str()
    assert runs(blessed) == before


@both
def test_a_selection_without_attempts_is_no_verdict(blessed, spread):
    (blessed.path / "benchmarks" / "test_other.py").write_text("def test_other():\n    pass\n")
    result = run(blessed, "--gate", "base", "-k", "test_other", *spread, model="same")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--gate: no attempt is selected*"])


def test_a_gate_without_a_model_is_no_verdict(project):
    result = run_session(project, "benchmarks", "--gate", "base", "-k", "nothing")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--gate needs --model NAME*"])


@both
def test_a_session_that_is_cut_short_is_no_verdict(blessed, spread):
    break_harness(blessed, 'raise RuntimeError("the harness broke")')
    result = run(blessed, "--gate", "base", "-x", *spread, model="same")
    assert result.ret in {1, 2}  # pytest's own: failed, or interrupted (the controller of xdist)
    result.stdout.fnmatch_lines(["gate: no verdict, which fails: *records for 24 attempts*"])
    assert latest(blessed).end.gate.verdict is None


@pytest.mark.parametrize(
    ("spread", "how", "why"),
    [
        pytest.param(PLAIN, 'raise RuntimeError("it broke")', "*it broke", id="alone"),
        pytest.param(XDIST, 'raise RuntimeError("it broke")', "*it broke", id="xdist"),
        pytest.param(XDIST, 'os = __import__("os"); os._exit(9)', "*crashed*", id="dead worker"),
    ],
)
def test_a_crashed_attempt_is_a_regression(blessed, spread, how, why):
    break_harness(blessed, how)
    result = run(blessed, "--gate", "base", *spread, model="same")
    assert result.ret == 1
    crash = "errors: 1 attempts crashed, 0 allowed; first: wide:m5#plus2*"
    result.stdout.fnmatch_lines([crash, why])
    assert latest(blessed).end.gate.verdict == "regressed"


@all_alone_and_one_on_workers(("policy", "status"), {"fail": ("fail", 6), "pass": ("pass", 0)})
def test_what_undecided_means_is_the_users_choice(blessed, policy, status, spread):
    """24 cases without a lost solve do not prove that two points would not be lost."""
    result = run(blessed, "--gate", "base", "--gate-undecided", policy, *spread, model="short")
    assert result.ret == status
    result.stdout.fnmatch_lines(["solve rate: *80 % power: *to decide: *", "undecided: short*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--gate-sequential"], "--gate-sequential needs --gate"),
        (["--gate-max-tokens=1.1"], "--gate-max-tokens needs --gate BASELINE"),
        (["--gate-max-solve-loss=0.01"], "--gate-max-solve-loss needs --gate BASELINE"),
        (["--gate-max-cost=1.1"], "--gate-max-cost needs --gate BASELINE"),
        (["--gate-metrics=dollars"], "--gate-metrics needs --gate BASELINE"),
        (["--gate-proof=change"], "--gate-proof needs --gate BASELINE"),
        (["--gate-max-tokens=abc"], "'abc' is not a number from 0.1 to 100"),
        (["--model="], "--model names no model; it is empty"),
        (["--gate", "base", "--no-grade"], "--gate needs grades"),
    ],
)
def test_contradictions_are_usage_errors(project, arguments, message):
    result = run(project, *arguments, model="same")
    assert result.ret == 4
    assert message in result.stderr.str()


@pytest.mark.parametrize(("model", "status"), [("same", 0), ("long", 1)])
def test_a_session_without_a_terminal_is_judged(blessed, model, status):
    asked = ("--gate", "base", "-p", "no:terminal", "--junitxml=junit.xml", *PLAIN)
    result = run_session(blessed, "benchmarks", f"--model={model}", *asked)
    assert result.ret == status
    suite = next(ElementTree.parse(blessed.path / "junit.xml").iter("testsuite"))
    assert suite.get("failures") == str(status)


ALONE = ["--gate-sequential", "--gate-max-tokens=1.1", "--gate-metrics=dollars"]


@pytest.mark.parametrize(
    ("option", "spread"),
    [(ALONE[0], XDIST), *((one, spread) for one in ALONE for spread in (PLAIN, ("--co",)))],
    ids=["xdist", *(f"{one}-{how}" for one in ALONE for how in ("alone", "listed"))],
)
def test_options_of_a_gate_without_gate_and_model_are_usage_errors(project, option, spread):
    result = run_session(project, "benchmarks", option, *spread)
    assert result.ret == 4
    assert f"{option.partition('=')[0]} needs --gate BASELINE" in result.stderr.str()


@all_alone_and_one_on_workers(
    ("options",), {"at once": ((),), "sequential": (("--gate-sequential",),)}
)
def test_two_tests_of_the_same_attempts_are_a_usage_error(blessed, options, spread):
    (blessed.path / "benchmarks" / "test_more.py").write_text(TEST)
    before = runs(blessed)
    result = run(blessed, "--gate", "base", *options, *spread, model="same")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*two selected tests attempt the same case*"])
    assert runs(blessed) == before


@pytest.mark.parametrize("spread", [("-n3",), PLAIN])
def test_a_sequential_gate_asks_no_more_than_it_must(project, spread):
    bless(project, "--samples", "3")
    common = ("--gate", "base", "--gate-sequential", "--samples", "3", *spread)
    result = run(project, *common, model="long")
    recorded = latest(project)
    assert result.ret == 1
    assert recorded.end.decided_after == len(recorded.records) < recorded.run.attempts == 72
    assert (recorded.end.gate.verdict, recorded.end.gate.sequential) == ("regressed", True)
    result.stdout.fnmatch_lines(["asked * of 72 attempts; *", "regressed: long, sequential"])


@both
def test_an_undecided_sequential_gate_tells_what_it_would_take(blessed, spread):
    """One attempt a case is one look, and it is the last of the plan."""
    result = run(blessed, "--gate", "base", "--gate-sequential", *spread, model="short")
    assert result.ret == 6
    result.stdout.fnmatch_lines(
        [
            "solve rate *undecided",
            "solve rate: *80 % power: *to decide: *",
            "what would decide is reckoned for one look *",
            "undecided: short, sequential",
        ]
    )


def test_records_of_a_gated_session_are_plain_records(blessed):
    path = find_run("latest", blessed.path / "runs")
    first = json.loads(path.read_text().splitlines()[0])
    assert first["type"] == "run"


@pytest.mark.parametrize("text", ["--gate=", "--gate= "])
def test_a_gate_that_names_nothing_is_refused(project, text):
    """`--gate="$BASELINE"` where the variable is not set."""
    result = run(project, text, model="same")
    assert result.ret == 4
    assert "--gate names no baseline; it is empty" in result.stderr.str()
    assert not (project.path / "runs").exists()


NOTHING_RUNS = ["--co", "--setup-plan", "--setup-only", "--fixtures", "--fixtures-per-test"]


@pytest.mark.parametrize("option", NOTHING_RUNS)
def test_a_gate_under_which_no_test_runs_is_refused(blessed, option):
    result = run(blessed, "--gate", "base", option, model="same")
    assert result.ret == 4
    assert "would judge nothing" in result.stderr.str()


def test_so_it_is_where_the_option_comes_from_elsewhere(blessed, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "--setup-plan")
    assert run(blessed, "--gate", "base", model="same").ret == 4
    monkeypatch.delenv("PYTEST_ADDOPTS")
    ini = "[pytest]\nllmops_suites = cases/suites.toml\naddopts = --co --gate base\n"
    (blessed.path / "pytest.ini").write_text(ini)
    assert run(blessed, model="same").ret == 4


def test_a_mistyped_baseline_is_told_with_the_nearest_names_before_collection(blessed):
    (blessed.path / "benchmarks" / "test_functions.py").write_text("raise RuntimeError\n")
    result = run(blessed, "--gate", "bsae", model="same")
    assert result.ret == 4
    assert "bsae: no baseline in " in result.stderr.str()
    assert "did you mean base?" in result.stderr.str()


@both
def test_a_replay_of_the_baseline_is_refused_before_anything_is_asked(blessed, spread):
    before = runs(blessed)
    result = run(blessed, "--gate", "base", *spread, model="base")
    assert result.ret == 4
    assert "hold the same answers, those of run base" in result.stderr.str()
    result = run(blessed, "--gate", "base", *spread, model=f"replay:{latest(blessed).run.id}")
    assert result.ret == 4
    assert runs(blessed) == before


IDENTITIES = {
    "prompt": ({"prompt_version": "0"}, "prompt: version 0 -> ", "priced tokens"),
    "tokenizer": ({"tokenizer_sha256": "f"}, "output tokens left out: ", "priced tokens"),
    "model": ({"served": "m at http://a"}, "model: m at a -> ", "output tokens"),
}


@all_alone_and_one_on_workers(("changed", "told", "judged"), IDENTITIES)
def test_what_people_change_is_told_and_judged(blessed, spread, changed, told, judged):
    path = blessed.path / "benchmarks" / "baselines" / "base.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(first_line(lambda run: run["identity"].update(changed))(lines)))
    result = run(blessed, "--gate", "base", *spread, model="long")
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"{judged} *regressed", f"note: *{told}*"])


def test_what_cannot_be_judged_is_refused_before_anything_is_asked(blessed):
    before = runs(blessed)
    for arguments, told in {
        ("--gate-max-cost=1.1",): "dollars cannot be judged: baseline",
        ("--gate-metrics=speed",): "metrics: 'speed' is none of truncation, ",
        ("--gate-metrics=dollars", "--gate-sequential"): "--gate-sequential judges truncation, ",
    }.items():
        result = run(blessed, "--gate", "base", *arguments, model="same")
        assert result.ret == 4
        assert told in result.stderr.str()
    assert runs(blessed) == before


def test_what_the_gate_judged_is_on_record(blessed):
    options = ("--gate-metrics=solve-rate,truncation", "--gate-undecided=pass")
    assert run(blessed, "--gate", "base", *options, model="wordy").ret == 0
    assert latest(blessed).end.gate.metrics == ("truncation", "solve rate")


def test_a_model_stands_for_its_newest_run_also_where_that_regressed(project):
    assert run(project, "--gate-undecided=pass", model="short").ret == 0
    first = latest(project).run.id
    assert run(project, "--gate", first, model="wordy").ret == 1
    again = run(project, "--gate", "wordy", model="same")
    assert again.ret == 4
    assert f"ended as regressed against {first}" in again.stderr.str()


def failed_in_junit(project):
    suite = ElementTree.parse(project.path / "junit.xml").getroot()[0]
    failures = [case for case in suite if case.find("failure") is not None]
    assert int(suite.attrib["failures"]) == len(failures)
    return [(case.attrib["name"], case.find("failure").attrib["message"]) for case in failures]


@all_alone_and_one_on_workers(
    ("model", "arguments", "said"),
    {
        "regressed": ("long", (), "regressed: output tokens regressed: 1.5"),
        "undecided": ("short", (), "undecided: truncation undecided: "),
        "other cases": (
            *("same", ("-k", "m1")),
            "no verdict: the runs hold other cases: 21 of 24 are only in the",
        ),
    },
)
def test_a_gate_that_fails_is_a_failure_in_junit(blessed, spread, model, arguments, said):
    result = run(
        blessed, "--gate", "base", "--junitxml=junit.xml", *arguments, *spread, model=model
    )
    assert result.ret in {1, 4, 6}
    ((name, message),) = failed_in_junit(blessed)
    assert name == "gate"
    assert message.startswith(said)


def test_a_gate_that_lets_pass_is_none(blessed):
    for arguments in ((), ("--gate-undecided=pass",)):
        model = "short" if arguments else "same"
        result = run(blessed, "--gate=base", "--junitxml=junit.xml", *arguments, model=model)
        assert result.ret == 0
        assert failed_in_junit(blessed) == []


UNSENDABLE = """import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and "m7#plus3" in item.nodeid:
        report.user_properties.append(("what", object()))
    return report
"""


@pytest.mark.parametrize("workers", ["-n1", "-n2"])
def test_an_attempt_whose_report_does_not_arrive_fails_the_session(project, workers):
    """The last one of a worker: xdist itself sees nothing amiss, and pytest exits with 0.

    Where a worker has others to do when it stops, xdist calls it an error of its own, and names it.
    """
    (project.path / "conftest.py").write_text(UNSENDABLE)
    result = run(project, workers, model="same")
    if workers == "-n2" and result.ret == pytest.ExitCode.INTERNAL_ERROR:
        result.stdout.fnmatch_lines(["INTERNALERROR> AssertionError: (*m7#plus3@0*"])
        return
    assert result.ret == 1
    result.stdout.fnmatch_lines(["1 of 24 attempts left no record, which fails: *m7#plus3*"])
    assert latest(project).end.exit_status == 1


RERUNS = """import pytest

tried = []


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    from _pytest.runner import runtestprotocol

    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    for last in (False, True):
        for report in runtestprotocol(item, nextitem=nextitem, log=False):
            if report.failed and not last:
                report.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=report)
                break
            item.ihook.pytest_runtest_logreport(report=report)
        else:
            break
        item._initrequest()
    return True
"""


@both
def test_an_attempt_that_a_plugin_makes_again_is_kept_once(project, spread):
    """What pytest-rerunfailures does: a report whose outcome is `rerun`, then the test again."""
    (project.path / "conftest.py").write_text(RERUNS)
    fault = 'import pathlib\n        flag = pathlib.Path("tried")\n        if not flag.exists():'
    break_harness(
        project, f'{fault}\n            flag.touch()\n            raise RuntimeError("gone")'
    )
    result = run(project, *spread, model="same")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["made again after a fault: 1 attempts, whose last try counts: *"])
    assert [record.error for record in latest(project).records if record.error] == []
    assert len(latest(project).records) == 24
