"""What a file needs to be there: all that it imports by relative paths."""

import pytest
from importing import importing_tree

from pytest_llmops.exports.import_graph import ImportGraph


@pytest.fixture
def tree(tmp_path):
    return importing_tree(tmp_path)


def test_imports_are_followed_through_reexports_types_and_dynamic_imports(tree):
    assert sorted(ImportGraph(tree).closure(["lib/a.test.ts"])) == [
        "lib/a.test.ts",
        "lib/a.ts",
        "lib/deep/c.ts",
        "lib/deep/index.ts",
        "lib/late.ts",
        "other/types.ts",
    ]


def test_imports_that_leave_the_tree_or_lead_nowhere_are_passed_over(tree):
    test = tree.root / "x.test.ts"
    test.write_text('import "../outside"\nimport "./none"\nimport "./data.json"\nimport "fs"\n')
    (tree.root.parent / "outside.ts").write_text("export function out() { return 1 }\n")
    assert ImportGraph(tree).closure(["x.test.ts"]) == {"x.test.ts"}


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
        files = ImportGraph(tree).closure(["m/x.test.ts"])
        assert files == {"m/x.test.ts", *found}, specifier


def test_modules_that_import_each_other_end(tree):
    (tree.root / "x.ts").write_text('import "./y"\nexport function x() { return 1 }\n')
    (tree.root / "y.ts").write_text('import "./x"\n')
    (tree.root / "x.test.ts").write_text('import "./x"\n')
    assert ImportGraph(tree).closure(["x.test.ts"]) == {"x.test.ts", "x.ts", "y.ts"}
