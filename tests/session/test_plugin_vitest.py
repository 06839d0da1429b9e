"""Sessions with a suite that its own vitest judges, and without its packages."""

import pytest
from own_tree import own_suite, own_task, write_own
from project import write_answers, write_benchmark
from sessions import run_session

from pytest_llmops.errors import RecordError
from pytest_llmops.manifests import write_manifest
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.tasks.sources import open_source

RIGHT = """\
```typescript
export function seconds(text: string): number {
  return ms(text) / 1e3
}
```"""
CASE = "own:src/price#seconds"


@pytest.fixture
def project(pytester):
    """A benchmark of one case, which a recorded answer solves."""
    cases = pytester.path / "cases"
    tree = open_source(own_suite(write_own(cases)))
    beside = ("price > asks for the rate", "has the files of its tree beside it")
    task = own_task(tree, "seconds", judged_by="reads a duration", beside=beside)
    write_manifest(cases / "own.jsonl", [task.case])
    write_benchmark(pytester.path)
    write_answers(pytester.path, {CASE: RIGHT})
    return pytester


def run(project, *arguments):
    return run_session(project, "benchmarks", "--model=recorded", "--suite=own", *arguments)


def outcomes(project):
    found = read_run(find_run("latest", project.path / "runs"))
    return {record.case: record.outcome for record in found.records}


def test_a_right_answer_is_solved(project):
    assert run(project).ret == 0
    assert outcomes(project) == {CASE: "solved"}


def test_without_its_packages_the_suite_is_named_and_its_cases_are_not_run(project, monkeypatch):
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(project.path / "npm"))
    tree = open_source(own_suite(project.path / "cases/suites.toml"))
    lock = tree.lock.path
    lock.write_text(lock.read_text() + "\n")
    case = own_task(tree, "seconds", judged_by="reads a duration", beside=()).case
    write_manifest(project.path / "cases/own.jsonl", [case])
    result = run(project, "-rs")
    assert result.ret == 0
    why = f"the packages of {lock} cannot be installed: *ECONNREFUSED*"
    result.stdout.fnmatch_lines(
        [
            f"llmops: cases of own that are not run: 1: {why}",
            f"*not run: its tests need npm packages: {why}",
        ]
    )
    result.assert_outcomes(skipped=1)
    with pytest.raises(RecordError, match="No runs yet"):
        outcomes(project)


def test_without_namespaces_the_session_says_that_it_cannot_judge_before_it_asks(project):
    result = run(project, "--sandbox=process")
    assert result.ret != 0
    said = "*'vitest' are judged in namespaces alone*"
    (result.stdout if said in str(result.stdout) else result.stderr).fnmatch_lines([said])


def test_it_is_attempted_where_it_is_named_alone(project):
    result = run_session(project, "benchmarks", "--model=recorded")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*suites.toml: no cases to attempt: name them by --suite: *"])
