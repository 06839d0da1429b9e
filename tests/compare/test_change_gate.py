"""Commits and edits are gated as functions are, from recorded answers to the verdict."""

import shutil
from itertools import count

import msgspec
import pytest
from edit_repo import make_many, write_suites
from project import BENCHMARK, PYTEST_INI
from records import IDENTITY, RUN, record
from sessions import run_session

from pytest_llmops.cases import load_suites, read_manifest
from pytest_llmops.cli.main import main
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.marking import without
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.runs.record import RecordFile
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.prompts import PROMPT_VERSION
from pytest_llmops.tasks.trees.history import open_tree

CASES = 20
"""As many as a verdict needs."""
TOKENS = 60
NUMBERS = count()
"""Of recorded runs: the same one replayed is nothing that a gate would judge."""


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    """A repository of many modules, its commits and edits mined."""
    folder = tmp_path_factory.mktemp("many")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        functions = make_many(folder / "origin", CASES)
        suites = write_suites(folder / "cases", folder / "origin", functions)
        for kind in ("commits", "edits"):
            output = folder / "cases" / f"{kind}.jsonl"
            arguments = ["--suites", str(suites), "--output", str(output)]
            arguments += ["--limit", str(CASES)]
            assert main(["mine", kind, "--suite", kind, *arguments]) == 0
        yield folder


@pytest.fixture
def project(mined, pytester, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(mined / "cache"))
    shutil.copytree(mined / "cases", pytester.path / "cases")
    (pytester.path / "pytest.ini").write_text(PYTEST_INI)
    (pytester.path / "models.toml").write_text('[recorded]\nreplay = "recorded/records.jsonl"\n')
    (pytester.path / "benchmarks").mkdir()
    (pytester.path / "benchmarks" / "test_functions.py").write_text(BENCHMARK)
    return pytester


def references(project, suite):
    """The reference patch of every case, as a model would answer."""
    found = load_suites(project.path / "cases" / "suites.toml")[suite]
    shelf = open_tree(found)
    tasks = (materialize_change(case, shelf) for case in load_cases(found))
    return {task.case.id: f"```diff\n{task.reference}```" for task in tasks}


def attempt(project, suite, answers, *arguments, tokens=TOKENS):
    """Replay answers that took so many tokens."""
    shutil.rmtree(project.path / "recorded", ignore_errors=True)
    identity = msgspec.structs.replace(IDENTITY, prompt_version=PROMPT_VERSION)
    run = msgspec.structs.replace(RUN, id=f"recorded-{next(NUMBERS)}", identity=identity)
    file = RecordFile(project.path, run)
    for number, (case, text) in enumerate(answers.items()):
        file.write(record(case, text=text, output=tokens + number % 5))
    file.close()
    file.path.parent.rename(project.path / "recorded")
    found = run_session(project, "benchmarks", "--model=recorded", f"--suite={suite}", *arguments)
    return found, read_run(find_run("latest", project.path / "runs"))


@pytest.mark.parametrize("suite", ["commits", "edits"])
def test_changes_are_gated_from_recorded_answers_to_the_verdict(project, suite):
    answers = references(project, suite)
    assert len(answers) == CASES
    _, baseline = attempt(project, suite, answers)
    assert {one.outcome for one in baseline.records} == {"solved"}
    gate = f"--gate={baseline.run.id}"

    same, _ = attempt(project, suite, answers, gate)
    assert same.ret == 0
    same.stdout.fnmatch_lines(["held: *"])

    longer, _ = attempt(project, suite, answers, gate, tokens=3 * TOKENS)
    assert longer.ret == 1
    longer.stdout.fnmatch_lines(["*regressed*"])

    none, run = attempt(project, suite, dict.fromkeys(answers, ""), gate)
    assert {one.outcome for one in run.records} == {"empty"}
    assert none.ret == 1
    none.stdout.fnmatch_lines(["*regressed*"])


def test_a_gate_over_a_mark_is_refused_until_the_old_answers_are_graded_again(project):
    answers = references(project, "edits")
    _, before = attempt(project, "edits", answers)
    mark_one(project.path / "cases" / "edits.jsonl")

    refused, _ = attempt(project, "edits", answers, f"--gate={before.run.id}")
    assert refused.ret == 4
    refused.stderr.fnmatch_lines(["*suite_hash: * their tests changed: select the same ones*"])

    run_session(project, "benchmarks", f"--model=replay:{before.run.id}", "--suite=edits")
    again = find_run("latest", project.path / "runs")
    graded = read_run(again)
    assert {one.outcome for one in graded.records} == {"solved"}
    held, _ = attempt(project, "edits", answers, f"--gate={graded.run.id}")
    assert held.ret == 0
    held.stdout.fnmatch_lines(["held: *"])


def mark_one(manifest):
    """Mark a test in one of the cases that have several."""
    lines = read_manifest(manifest)
    case = next(one for one in lines if len(one.expected) > 1)
    name = (case.pass_to_pass or case.fail_to_pass)[-1]
    flaky = FlakyTest(path=case.tests[0].path, id=name)
    marked = without(case, {("", name): flaky})
    assert marked.fail_to_pass
    marked = msgspec.structs.replace(marked, falsifiable=0)
    write_manifest(manifest, [marked if one is case else one for one in lines])
