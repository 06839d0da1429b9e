import pytest

from pytest_llmops.mining.reach import (
    NO_SOURCE,
    PROBE,
    ImportGraph,
    instrumented,
    nearest_tests,
    reached,
)
from pytest_llmops.sandbox import NodePool, TestJob, TestReport, TestResult
from pytest_llmops.tasks.sources import SourceTree
from pytest_llmops.tasks.typescript import syntax_errors

FILES = {
    "lib/a.test.ts": """\
        import { it } from "vitest"
        import { called, quick } from "./a.js"
        import { C } from "./deep"
        it("runs", async () => { called(); quick(1); await new C().method() })
    """,
    "lib/a.ts": """\
        import type { T } from "../other/types.ts"
        export function called(): T { return inner() }
        function inner() { return 1 }
        export function never() { return 2 }
        export const quick = (value: number) => ({ value })
        export const unused = () => 3
    """,
    "lib/deep/index.ts": """\
        export * from "./c"
    """,
    "lib/deep/c.ts": """\
        export class C { async method() { return (await import("../late.js")).late() } }
    """,
    "lib/late.ts": "export function late() { return 4 }\n",
    "other/types.ts": "export type T = number\nexport function far() { return 5 }\n",
    "other/alone.ts": "export function alone() { return 6 }\n",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return SourceTree(tmp_path.resolve(), "")


def test_imports_are_followed_through_reexports_types_and_dynamic_imports(tree):
    functions = ImportGraph(tree).reachable("lib/a.test.ts")
    assert [(module.path, one.symbol) for module, one in functions] == [
        ("lib/a.ts", "called"),
        ("lib/a.ts", "inner"),
        ("lib/a.ts", "never"),
        ("lib/a.ts", "quick"),
        ("lib/a.ts", "unused"),
        ("lib/deep/c.ts", "C.method"),
        ("lib/late.ts", "late"),
        ("other/types.ts", "far"),
    ]


def test_imports_that_leave_the_tree_or_lead_nowhere_are_passed_over(tree):
    test = tree.root / "x.test.ts"
    test.write_text('import "../outside"\nimport "./none"\nimport "./data.json"\nimport "fs"\n')
    (tree.root.parent / "outside.ts").write_text("export function out() { return 1 }\n")
    assert ImportGraph(tree).reachable("x.test.ts") == []


def test_a_specifier_means_the_file_that_the_judge_loads(tree):
    for name in ("u.ts", "u.mts", "v.cts", "w.tsx", "k/index.mts", "z.ts", "z.js"):
        path = tree.root / "m" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"export function f() {{ return '{name}' }}\n")
    for specifier, found in {
        "./u": ["m/u.mts"],
        "./u.ts": ["m/u.ts"],
        "./u.js": ["m/u.ts"],
        "./u.mjs": ["m/u.mts"],
        "./v.cjs": ["m/v.cts"],
        "./w": ["m/w.tsx"],
        "./w.jsx": ["m/w.tsx"],
        "./k": ["m/k/index.mts"],
        "./z": [],
    }.items():
        (tree.root / "m" / "x.test.ts").write_text(f'import {{ f }} from "{specifier}"\n')
        functions = ImportGraph(tree).reachable("m/x.test.ts")
        assert [module.path for module, _ in functions] == found, specifier


def test_modules_that_import_each_other_end(tree):
    (tree.root / "x.ts").write_text('import "./y"\nexport function x() { return 1 }\n')
    (tree.root / "y.ts").write_text('import "./x"\n')
    (tree.root / "x.test.ts").write_text('import "./x"\n')
    assert len(ImportGraph(tree).reachable("x.test.ts")) == 1


def test_an_instrumented_tree_is_as_valid_as_it_was(tree):
    graph = ImportGraph(tree)
    functions = graph.reachable("lib/a.test.ts")
    overlay = instrumented(graph.module("lib/a.test.ts"), functions)
    assert set(overlay) == {module.path for module, _ in functions} | {"lib/a.test.ts"}
    assert {path: syntax_errors(text.encode(), path) for path, text in overlay.items()} == (
        dict.fromkeys(overlay, 0)
    )


def test_the_instrumented_run_tells_which_functions_were_called(tree):
    graph = ImportGraph(tree)
    functions = graph.reachable("lib/a.test.ts")
    overlay = instrumented(graph.module("lib/a.test.ts"), functions)
    with NodePool(tree.root, isolation="process") as pool:
        report = pool.run(TestJob(root=tree.root, tests=("lib/a.test.ts",), overlay=overlay))
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
        (TestResult(file="a", title="other", passed=False, message="reached:1;"),),
        (TestResult(file="a", title=PROBE, passed=False, message="reached:1"),),
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
    assert NO_SOURCE.search(path)
    assert nearest_tests({"x.test.ts": [(path, "f")]}) == {}


@pytest.mark.parametrize("path", ["lib/test.ts", "lib/contest/a.ts", "lib/a.generated-access.ts"])
def test_files_that_are_only_named_like_tests_are_sources(path):
    assert not NO_SOURCE.search(path)
