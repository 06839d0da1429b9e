"""Suites in Python from end to end: mined, proved, asked, answered and judged."""

import gzip
import hashlib
import io
import tarfile

import pytest
from project import write_answers, write_benchmark
from python_tree import SOURCE, TESTS, fenced, mined, python_tree

from pytest_llmops.cases import load_cases, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError, SandboxError, SourceError
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
    result = pytester.runpytest_subprocess("benchmarks", *options)
    assert result.ret == 0
    found = read_run(find_run("latest", pytester.path / "runs"))
    assert [one.grade.outcome for one in found.records] == [outcome] * count
    assert found.run.grader.startswith("pytest ")
    assert found.run.suites == ("starter-python",)


def packed(files, top="own-1.0"):
    """A source distribution with those files."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


FILES = {"numbers_lib.py": SOURCE, "test_numbers_lib.py": TESTS, "PKG-INFO": "Name: own\n"}


def from_sdist(folder, data, sha256=""):
    digest = sha256 or hashlib.sha256(data).hexdigest()
    (folder / "own-1.0.tar.gz").write_bytes(data)
    table = '[own]\nlanguage = "python"\nsdist = "own==1.0"\nmanifests = ["own.jsonl"]\n'
    (folder / "suites.toml").write_text(f'{table}sha256 = "{digest}"\n')
    return load_suites(folder / "suites.toml")["own"], str(folder / "own-1.0.tar.gz")


@pytest.fixture
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def test_a_suite_can_be_a_source_distribution_of_the_package_index(tmp_path, cache, capsys):
    _, file = from_sdist(tmp_path, packed(FILES))
    options = ["--suite=own", f"--suites={tmp_path / 'suites.toml'}", f"--source={file}"]
    assert main(["mine", "functions", *options]) == 0
    assert "2 cases" in capsys.readouterr().out
    (tmp_path / "own-1.0.tar.gz").unlink()  # it is in the cache
    assert main(["validate", *options[:2]]) == 0


@pytest.mark.parametrize(
    ("data", "sha256", "said"),
    [
        (packed(FILES), "0" * 64, "SHA-256 is .* not the pinned 0000"),
        (b"no archive", "", "not unpacked"),
        (packed(FILES)[:-200], "", "not unpacked"),
        (packed({"../../out.py": "x"}), "", "leaves its folder"),
    ],
    ids=["other", "none", "torn", "outside"],
)
def test_a_file_that_is_not_the_pinned_distribution_leaves_nothing(
    tmp_path, cache, data, sha256, said
):
    suite, file = from_sdist(tmp_path, data, sha256)
    with pytest.raises(SourceError, match=said):
        open_source(suite, source=file)
    assert not list(cache.rglob("*.py"))


def test_a_file_that_cannot_be_fetched_is_named_with_what_to_do(tmp_path, cache):
    suite, _ = from_sdist(tmp_path, packed(FILES))
    with pytest.raises(
        SourceError, match=r"own==1\.0: .*No such file.*--source or LLMOPS_OWN_REPO"
    ):
        open_source(suite, source=str(tmp_path / "absent.tar.gz"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('sdist = "own"\nsha256 = "' + "0" * 64 + '"', "'sdist' must be NAME==VERSION"),
        ('sdist = "own==1"\nsha256 = "12"', "'sha256' must be 64 hex digits"),
        ('sdist = "own==1"\nfolder = "x"', "needs one of"),
        ('folder = "x"\nwalk = {since = "2026-01-01"}', "commits are cases of TypeScript alone"),
        ('folder = "x"\nlanguage = "cobol"', "Invalid enum value|cobol|language"),
    ],
)
def test_a_table_that_names_no_source_in_python_is_refused(tmp_path, fields, said):
    language = "" if "language" in fields else 'language = "python"\n'
    (tmp_path / "suites.toml").write_text(f"[own]\n{language}manifests = []\n{fields}\n")
    with pytest.raises(CaseError, match=said):
        load_suites(tmp_path / "suites.toml")


def test_nothing_confines_python_without_namespaces(tmp_path):
    tree = python_tree(tmp_path)
    with pytest.raises(SandboxError, match="judged in namespaces alone"):
        PythonPool(tree.root, isolation="process")
