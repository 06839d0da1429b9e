"""Without the npm packages that cases need these are not run and named, and never unsolved."""

import json
import shutil
from pathlib import Path

import msgspec
import pytest
from project import ADD, DOUBLE, EVEN, write_answers, write_benchmark
from sessions import run_session

from pytest_llmops.cases import read_manifest
from pytest_llmops.cli.main import main
from pytest_llmops.manifests import write_manifest
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.sandbox.node.installation import HELD
from pytest_llmops.tasks.trees.locks import PackageLock

FIXTURE = Path(__file__).parents[1] / "sandbox" / "packages"
VARIABLE = "LLMOPS_MINI_PACKAGES"


def write_ready(folder: Path) -> Path:
    """An installation of the fixture's lock file, as far as it is looked at."""
    packages = json.loads((FIXTURE / "package-lock.json").read_text())["packages"]
    for place in filter(None, packages):
        (folder / place).mkdir(parents=True)
    (folder / HELD).write_text(json.dumps({"packages": packages}))
    return folder


@pytest.fixture
def project(pytester, mined, monkeypatch):
    """The small suite with a lock file, whose case `double` needs its packages."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    cases = pytester.path / "cases"
    shutil.copytree(mined / "cases", cases)
    shutil.copytree(FIXTURE, cases / "locked")
    suites = cases / "suites.toml"
    suites.write_text(f'{suites.read_text()}packages = "locked/package-lock.json"\n')
    digest = PackageLock(cases / "locked/package-lock.json", VARIABLE).digest
    made = [
        msgspec.structs.replace(case, packages=digest if case.id == DOUBLE else "")
        for case in read_manifest(cases / "mini.jsonl")
    ]
    write_manifest(cases / "mini.jsonl", made)
    write_benchmark(pytester.path)
    write_answers(pytester.path)
    return pytester


def run(project, *arguments):
    return run_session(project, "benchmarks", "--model=recorded", *arguments)


def outcomes(project):
    found = read_run(find_run("latest", project.path / "runs"))
    return {record.case: record.outcome for record in found.records}


@pytest.mark.parametrize("workers", [("-n", "0"), ("-n", "2")], ids="-".join)
def test_cases_whose_packages_are_missing_are_skipped_and_named_and_the_others_run(
    workers, project, monkeypatch
):
    monkeypatch.setenv(VARIABLE, str(project.path))
    result = run(project, *workers, "-rs")
    assert result.ret == 0
    why = f"{VARIABLE}={project.path}: there is no {HELD}"
    result.stdout.fnmatch_lines(
        [
            f"llmops: cases of mini that are not run: 1: {why}*",
            "cases of mini that are not run: 1:*",
            f"*not run: its tests need npm packages: {why}*",
        ]
    )
    result.assert_outcomes(skipped=1)
    assert outcomes(project) == {ADD: "solved", EVEN: "empty"}


def test_packages_that_npm_cannot_bring_are_told_once_with_what_to_do(project):
    result = run(project)
    assert result.ret == 0
    head = "llmops: cases of mini that are not run: 1: the npm packages of *package-lock.json"
    result.stdout.fnmatch_lines([f"{head} cannot be installed: *or name a folder*by {VARIABLE}"])
    assert outcomes(project) == {ADD: "solved", EVEN: "empty"}


def test_with_a_ready_installation_every_case_runs_without_a_network(project, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(write_ready(project.path / "ready")))
    result = run(project)
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*not run*")
    assert outcomes(project) == {ADD: "solved", DOUBLE: "wrong", EVEN: "empty"}


def test_where_nothing_is_graded_no_package_is_needed(project, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(project.path))
    result = run(project, "--no-grade")
    assert result.ret == 0
    result.stdout.no_fnmatch_line("*not run*")
    assert len(outcomes(project)) == 3


def test_the_identity_of_a_run_tells_the_cases_that_were_not_run(project, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(write_ready(project.path / "ready")))
    assert run(project).ret == 0
    whole = read_run(find_run("latest", project.path / "runs")).run
    monkeypatch.setenv(VARIABLE, str(project.path))
    assert run(project).ret == 0
    part = read_run(find_run("latest", project.path / "runs")).run
    assert (whole.cases, part.cases) == (3, 2)
    assert whole.suite_hash != part.suite_hash


def test_a_case_of_another_lock_file_is_an_error_of_the_harness(project, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(write_ready(project.path / "ready")))
    path = project.path / "cases/mini.jsonl"
    cases = read_manifest(path)
    write_manifest(
        path, [msgspec.structs.replace(c, packages="0" * 16 * bool(c.packages)) for c in cases]
    )
    result = run(project)
    assert result.ret == 1
    result.stdout.fnmatch_lines([f"*{DOUBLE}: its tests load npm packages of the lock file 0000*"])


@pytest.mark.parametrize("command", [["mine", "functions"], ["validate"]], ids=" ".join)
def test_mining_and_validating_stop_with_one_line(command, project, monkeypatch, capsys):
    monkeypatch.setenv(VARIABLE, str(project.path))
    suites = str(project.path / "cases/suites.toml")
    before = (project.path / "cases/mini.jsonl").read_bytes()
    assert main([*command, "--suite", "mini", "--suites", suites]) != 0
    shown = capsys.readouterr().err
    assert f"{VARIABLE}={project.path}: there is no {HELD}" in shown
    assert len(shown.strip().splitlines()) == 1
    assert (project.path / "cases/mini.jsonl").read_bytes() == before
