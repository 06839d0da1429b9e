import pytest
from importing import importing_tree

from pytest_llmops.mining.reach import (
    SHARE,
    Modules,
    instrumented,
    is_source,
    nearest_tests,
    reached,
)
from pytest_llmops.sandbox import NodePool, TestJob, TestReport, TestResult
from pytest_llmops.tasks.code.languages import TYPESCRIPT, syntax_errors

PROBE = TYPESCRIPT.probe[0]


@pytest.fixture
def tree(tmp_path):
    return importing_tree(tmp_path)


@pytest.fixture
def judge(tree):
    with NodePool(tree.root, isolation="process") as pool:
        yield pool


def functions_of(tree, judge, test="lib/a.test.ts"):
    report = judge.run(TestJob(root=tree.root, tests=(test,), overlay={}, survey=True))
    return Modules(tree).functions(report.files)


def test_functions_are_those_of_the_modules_that_a_test_file_loads(tree, judge):
    assert [(module.path, one.symbol) for module, one in functions_of(tree, judge)] == [
        ("lib/a.ts", "called"),
        ("lib/a.ts", "inner"),
        ("lib/a.ts", "never"),
        ("lib/a.ts", "quick"),
        ("lib/a.ts", "unused"),
        ("lib/deep/c.ts", "C.method"),
        ("lib/late.ts", "late"),
    ]


def test_an_instrumented_tree_is_as_valid_as_it_was(tree, judge):
    functions = functions_of(tree, judge)
    job = instrumented(TestJob(root=tree.root, tests=("lib/a.test.ts",), overlay={}), functions)
    assert set(job.overlay) == {module.path for module, _ in functions} | {PROBE}
    assert {path: syntax_errors(text.encode(), path) for path, text in job.overlay.items()} == (
        dict.fromkeys(job.overlay, 0)
    )


@pytest.mark.parametrize("share", [SHARE, 3])
def test_the_instrumented_run_tells_which_functions_were_called(tree, judge, share):
    functions = functions_of(tree, judge)
    job = TestJob(root=tree.root, tests=("lib/a.test.ts",), overlay={})
    report = judge.run(instrumented(job, functions, share=share))
    assert reached(report, functions) == {
        ("lib/a.ts", "called"),
        ("lib/a.ts", "inner"),
        ("lib/a.ts", "quick"),
        ("lib/deep/c.ts", "C.method"),
        ("lib/late.ts", "late"),
    }


@pytest.mark.parametrize(
    "results",
    [
        (),
        (TestResult(file="a", title="other", passed=False, message="reached:0:1;"),),
        (TestResult(file=PROBE, title="from 0", passed=False, message="reached:0:1"),),
        (
            TestResult(file=PROBE, title="from 0", passed=False, message="reached:0:0;"),
            TestResult(file=PROBE, title="from 1", passed=False, message="Error: no more memory"),
        ),
    ],
)
def test_a_run_whose_probe_does_not_report_tells_nothing(results):
    assert reached(TestReport(status="finished", results=results), []) is None


def test_the_nearest_two_test_files_judge_a_function():
    function = ("lib/deep/text.ts", "f")
    tests = ["lib/a.test.ts", "far/off/b.test.ts", "lib/deep/z.test.ts", "lib/deep/text.test.ts"]
    chosen = nearest_tests({test: [function] for test in tests})
    assert chosen == {function: ("lib/deep/text.test.ts", "lib/deep/z.test.ts")}


@pytest.mark.parametrize(
    "path",
    [
        "lib/a.test.ts",
        "lib/a.spec.tsx",
        "lib/a.d.ts",
        "lib/a.generated.ts",
        "lib/a.gen.ts",
        "lib/__mocks__/a.ts",
        "__fixtures__/a.ts",
        "tests/a.ts",
        "a/fixtures/b.ts",
    ],
)
def test_functions_of_tests_and_generated_files_are_no_cases(path):
    assert not is_source(path)
    assert nearest_tests({"x.test.ts": [(path, "f")]}) == {}


@pytest.mark.parametrize("path", ["lib/test.ts", "lib/contest/a.ts", "lib/a.generated-access.ts"])
def test_files_that_are_only_named_like_tests_are_sources(path):
    assert is_source(path)
