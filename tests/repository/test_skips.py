"""Where CI=true, a test that is skipped fails the run unless skips.toml names it."""

import shutil
import tomllib
from pathlib import Path

import cline_trees
import pytest
import skips
from commit_repo import make_repository

from pytest_llmops.errors import SourceError

HERE = Path(__file__).parents[1]
TESTS = """
import pytest
{before}
@pytest.mark.parametrize("number", {numbers})
def test_it(number):
    {body}
"""
ENDS = {
    "passed": ("", "[1]", "pass", 0, {"passed": 2}),
    "skipped": ("", "[1]", "pytest.skip('no engine here')", 1, {"passed": 1, "skipped": 1}),
    "named": ("", "['named']", "pytest.skip('no clone here')", 0, {"passed": 1, "skipped": 1}),
    "without cases": ("", "[]", "pass", 1, {"passed": 1, "skipped": 1}),
    "a module": ("pytest.importorskip('no_such')", "[1]", "pass", 1, {"passed": 1, "skipped": 1}),
    "expected to fail": ("", "[1]", "pytest.xfail('some day')", 1, {"passed": 1, "xfailed": 1}),
}
"""What comes before a test, its parameters and body; exit status and outcomes, with another's."""


@pytest.fixture
def folder(pytester):
    shutil.copy(HERE / "skips.py", pytester.path)
    pytester.makeconftest("from skips import pytest_configure as pytest_configure")
    (pytester.path / "skips.toml").write_text('"test_[a-z]*.py::*[[]named]" = "no clone in CI"\n')
    pytester.makeini("[pytest]\naddopts = -p no:cacheprovider\n")
    return pytester


def run(folder, end, *arguments):
    before, numbers, body, status, outcomes = ENDS[end]
    test = TESTS.format(before=before, numbers=numbers, body=body)
    folder.makepyfile(test_one=test, test_other="def test_other():\n    pass")
    return folder.runpytest_subprocess("-rs", *arguments), status, outcomes


@pytest.mark.parametrize("end", [*ENDS, "skipped on workers", "a module on workers"])
def test_in_ci_only_a_named_test_may_be_skipped(folder, monkeypatch, end):
    monkeypatch.setenv("CI", "true")
    end, _, workers = end.partition(" on ")
    arguments = ["-n1"] if workers else []
    result, status, outcomes = run(folder, end, *arguments)
    result.assert_outcomes(**outcomes)
    told = "skipped, and not named in skips.toml" in result.stdout.str()
    assert told == bool(status)
    assert result.ret == status


def test_elsewhere_a_skipped_test_fails_nothing(folder, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    result, _, outcomes = run(folder, "skipped")
    result.assert_outcomes(**outcomes)
    assert result.ret == 0


def test_these_tests_are_run_under_the_rule(request):
    plugins = request.config.pluginmanager.get_plugins()
    mine = [one for one in plugins if getattr(one, "__file__", "") == str(HERE / "conftest.py")]
    assert [one.pytest_configure for one in mine] == [skips.pytest_configure]


def test_every_named_skip_has_a_reason_and_names_a_test():
    for pattern, reason in tomllib.loads((HERE / "skips.toml").read_text()).items():
        file, _, rest = pattern.partition("::")
        assert (HERE.parent / file).is_file(), pattern
        assert rest
        assert len(reason) > 20


def test_a_fault_of_a_repository_that_answers_is_no_reason_to_skip(tmp_path, monkeypatch):
    monkeypatch.setattr(cline_trees, "REPOSITORY", str(tmp_path / "none"))
    with pytest.raises(pytest.skip.Exception, match="damaged"), cline_trees.within_reach():
        raise SourceError("damaged")
    make_repository(tmp_path / "origin")
    monkeypatch.setattr(cline_trees, "REPOSITORY", str(tmp_path / "origin"))
    with pytest.raises(SourceError, match="damaged"), cline_trees.within_reach():
        raise SourceError("damaged")
