"""Suites in Python from end to end: mined, proved, asked, answered and judged."""

import pytest
from project import write_answers, write_benchmark
from python_tree import TESTS, fenced, mined, python_tree
from sessions import run_session

from pytest_llmops.cases import load_suites
from pytest_llmops.errors import SandboxError
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.validate import validate
from pytest_llmops.runs.reading import find_run, read_run
from pytest_llmops.sandbox.job import TestJob
from pytest_llmops.sandbox.python.changes import changed
from pytest_llmops.sandbox.python.pool import PythonPool
from pytest_llmops.sandbox.python.sites import sites
from pytest_llmops.shipped import SUITES
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.selection import Choice, select
from pytest_llmops.tasks.sources import open_source

STARTER = load_suites(SUITES)["starter-python"]
CASES = load_cases(STARTER)


def test_cases_are_mined_and_proved(tmp_path):
    tree = python_tree(tmp_path)
    with PythonPool(tree.root) as pool, Crew(1) as crew:
        cases, found = mined(tree, pool)
        assert validate(cases.values(), tree, pool, crew) == []
    assert (sorted(cases), found.rejections) == (["Counter.add", "doubled"], [])
    case = cases["doubled"]
    assert case.id == "own:numbers_lib.py#doubled"
    assert (len(case.fail_to_pass), len(case.pass_to_pass), case.falsifiable) == (5, 1, 6)


WEAK = """\
from numbers_lib import Counter, doubled


def shows(value):
    assert value == 6


def test_it_runs():
    shows(doubled(3))


def test_steps_are_added():
    Counter().add(1)
"""


def test_a_function_is_no_case_where_no_test_states_a_value_or_looks_at_it(tmp_path):
    tree = python_tree(tmp_path, tests=WEAK)
    with PythonPool(tree.root) as pool:
        cases, found = mined(tree, pool)
    assert cases == {}
    reasons = {one.symbol: one.reason for one in found.rejections}
    assert reasons == {
        "doubled": "no test can be falsified",
        "Counter.add": "a trivial body passes",
    }


@pytest.mark.parametrize(
    ("tests", "reason", "detail"),
    [
        ("import numpy\n" + TESTS, "needs a package", "numpy"),
        (TESTS + "\n(", "does not load", "SyntaxError"),
        ("", "no tests", ""),
        ("def test_no():\n    assert 1 == 2\n", "nothing passes", "assert 1 == 2"),
    ],
)
def test_a_test_file_that_judges_nothing_is_named_with_the_reason(tmp_path, tests, reason, detail):
    tree = python_tree(tmp_path, tests=tests)
    with PythonPool(tree.root) as pool:
        _, found = mined(tree, pool)
    (refused,) = found.unusable
    assert (refused.path, refused.reason) == ("test_numbers_lib.py", reason)
    assert detail in refused.detail


def test_a_survey_tells_which_files_tests_load(tmp_path):
    tree = python_tree(tmp_path, tests="from pkg.inner import one\nimport absent\n" + TESTS)
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    (tmp_path / "pkg" / "inner.py").write_text("from . import other\nfrom .other import x\n")
    (tmp_path / "pkg" / "other.py").write_text("import json\n")
    (tmp_path / "conftest.py").write_text("import numbers_lib\n")
    job = TestJob(root=tree.root, tests=("test_numbers_lib.py",), overlay={}, survey=True)
    with PythonPool(tree.root) as pool:
        found = pool.run(job)
    assert found.files == (
        *("conftest.py", "numbers_lib.py", "pkg/__init__.py", "pkg/inner.py", "pkg/other.py"),
        "test_numbers_lib.py",
    )
    assert found.missing == ("test_numbers_lib.py: imports absent, which is not in the sandbox",)


STATED = """\
def test_value():
    assert f() == "ab"

def test_left():
    assert 5 == f()

def test_negated():
    assert not f()

def test_true():
    assert f() is True

def test_none():
    assert f() is None

def test_other():
    assert f() == g()

@pytest.mark.parametrize("x,y", [(1, "p"), pytest.param(2, "q", id="z")])
def test_rows(x, y):
    assert f(x) == y

def test_loop():
    for x, y in [(1, "p"), (2, "q")]:
        assert f(x) == y

def test_named():
    expected = {"a": [1]}
    assert f() == expected

def test_raises():
    with pytest.raises(ValueError):
        f()

def test_near():
    assert f() == pytest.approx(2.5)

class TestCase:
    def test_unit(self):
        self.assertTrue(f())
        self.assertEqual(f(), [])

def test_input_is_no_expectation():
    text = "ab"
    assert f(text) == text

def test_branch():
    if f():
        assert g() == 1

def test_after_return():
    if f():
        return
    assert g() == 1

def helper():
    assert f() == 1
"""


def test_what_tests_state_is_found_where_it_always_runs():
    found = sites(STATED)
    kinds = {name.removeprefix("test_"): [one.kind for one in ones] for name, ones in found.items()}
    assert kinds == {
        **{one: ["value"] for one in ("value", "left", "true", "loop", "named", "near")},
        **{one: ["not"] for one in ("negated", "none", "other", "input_is_no_expectation")},
        "rows": ["values"],
        "raises": ["class"],
        "TestCase::test_unit": ["method", "value"],
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_changed_file_is_valid_and_differs_in_the_chosen_tests_alone(seed):
    for name in sites(STATED):
        text = changed(STATED, {name}, seed)
        compile(text, "a.py", "exec")
        pairs = zip(STATED.split("\n\n"), text.split("\n\n"), strict=True)
        differing = [old for old, new in pairs if old != new]
        assert [name.rpartition("::")[2] in old for old in differing] == [True], text


def test_the_embedded_suite_has_both_splits_and_proves_nothing_of_others():
    assert {case.split for case in CASES} == {"eval", "train"}
    assert len(CASES) >= 15
    assert all(case.falsifiable for case in CASES)
    chosen = select(Choice(suites_file=SUITES))
    assert "starter-python" not in {*chosen.trees, *chosen.unreachable}


def recorded(folder, answer):
    """A project that answers the embedded suite's cases by a recorded run."""
    (folder / "cases").mkdir()
    table = '[starter-python]\nfolder = "embedded:starter-python"\n'
    (folder / "cases" / "suites.toml").write_text(table)
    write_benchmark(folder)
    tree = open_source(STARTER)
    tasks = [materialize(case, tree) for case in CASES if case.split == "eval"]
    write_answers(folder, {task.case.id: answer(task) for task in tasks})
    return len(tasks)


def whole(task):
    one = task.declaration
    return fenced(task.module.text(one.start, one.end))


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [(whole, "solved"), (lambda task: fenced(f"{task.declaration.signature}pass"), "wrong")],
    ids=["references", "empty"],
)
def test_a_session_attempts_the_suite_like_any_other(pytester, answer, outcome):
    count = recorded(pytester.path, answer)
    options = ["--model=recorded", "--suite=starter-python", "--runs=runs"]
    result = run_session(pytester, "benchmarks", *options)
    assert result.ret == 0
    found = read_run(find_run("latest", pytester.path / "runs"))
    assert [one.grade.outcome for one in found.records] == [outcome] * count
    assert found.run.grader.startswith("pytest ")
    assert found.run.suites == ("starter-python",)


def test_nothing_confines_python_without_namespaces(tmp_path):
    tree = python_tree(tmp_path)
    with pytest.raises(SandboxError, match="judged in namespaces alone"):
        PythonPool(tree.root, isolation="process")
