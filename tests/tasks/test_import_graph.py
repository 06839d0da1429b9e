"""What a file needs to be there: all that it imports by relative paths."""

import pytest
from importing import importing_tree

from pytest_llmops.tasks.import_graph import ImportGraph
from pytest_llmops.tasks.sources import SourceTree


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
    assert set(ImportGraph(tree).closure(["x.test.ts"])) == {"x.test.ts"}


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
        assert set(files) == {"m/x.test.ts", *found}, specifier


def test_modules_that_import_each_other_end(tree):
    (tree.root / "x.ts").write_text('import "./y"\nexport function x() { return 1 }\n')
    (tree.root / "y.ts").write_text('import "./x"\n')
    (tree.root / "x.test.ts").write_text('import "./x"\n')
    assert set(ImportGraph(tree).closure(["x.test.ts"])) == {"x.test.ts", "x.ts", "y.ts"}


def test_data_that_is_imported_comes_along(tree):
    (tree.root / "m").mkdir(exist_ok=True)
    (tree.root / "m" / "sizes.json").write_text("{}")
    (tree.root / "x.ts").write_text('import sizes from "./m/sizes.json"\n')
    assert ImportGraph(tree).closure(["x.ts"]) == ["x.ts", "m/sizes.json"]


def test_in_python_packages_members_and_what_pytest_loads_come_along(tmp_path):
    files = {
        "conftest.py": "import fixtures\n",
        "fixtures.py": "",
        "src/kit/__init__.py": "from .base import Base\n",
        "src/kit/base.py": "import os\n",
        "src/kit/far/__init__.py": "",
        "src/kit/far/away.py": "from .. import base\n",
        "tests/conftest.py": "",
        "tests/test_away.py": "from kit.far import away\nfrom test_other import helper\n",
        "tests/test_other.py": "def helper(): ...\n",
        "unused.py": "",
        "broken.py": "def (\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    graph = ImportGraph(SourceTree(tmp_path, "", language="python"))
    source = ["src/kit/far/away.py", "src/kit/__init__.py", "src/kit/far/__init__.py"]
    assert graph.closure(source[:1]) == [*source, "src/kit/base.py"]
    assert set(graph.closure(["tests/test_away.py"])) == {*files} - {"unused.py", "broken.py"}
    without = {"tests/test_away.py", "conftest.py", "fixtures.py", "tests/conftest.py"}
    found = graph.closure(["tests/test_away.py"], tests=False)
    assert set(found) == {*without, *source, "src/kit/base.py"}
    assert len(graph.closure(["tests/test_away.py"], most=3)) == 3
    assert graph.closure(["broken.py"]) == ["broken.py"]
