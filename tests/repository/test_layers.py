"""The flow of data is the direction of imports: nothing imports what comes after it."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest_llmops

PACKAGE = Path(pytest_llmops.__file__).parent
LISTED = re.findall(r"^    (\w+(?:, \w+)*) {2,}", pytest_llmops.__doc__, re.MULTILINE)
FLOW = [stage for line in LISTED for stage in line.split(", ")]
HEAVY = {"torch", "transformers", "peft", "datasets"}
FILE_LINES = 250
FUNCTION_LINES = 60
MODULES = sorted(PACKAGE.rglob("*.py"))
TRAINING = sorted((PACKAGE.parent / "finetune").rglob("*.py"))
WHOLE = [*MODULES, *TRAINING]
INSIDE = PACKAGE / "sandbox" / "python" / "runner.py"
"""Runs in the sandbox, where nothing of the package is."""
DOWNSTREAM = {"sinks", "session", "observability", "mining", "plugin", "cli"}
"""Stages that fine-tuning does without: it knows cases, models and records."""


def stage_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


@cache
def read(path):
    """All that a file imports, anywhere in it, and its functions with their sizes in lines."""
    names, sizes = set(), []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            if node.module == "pytest_llmops":
                names.update(f"pytest_llmops.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            sizes.append((node.name, (node.end_lineno or 0) - node.lineno + 1))
    return names, sizes


def imported(path):
    return read(path)[0]


def packages(path):
    return {name.split(".")[0] for name in imported(path)}


def relative(path):
    return str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else PACKAGE.parent))


def stages_used(path):
    names = (name for name in imported(path) if name.startswith("pytest_llmops."))
    return {stage for name in names if not (stage := name.split(".")[1]).startswith("__")}


def test_imports_point_upstream():
    later = {
        f"{relative(path)} imports {used}"
        for path in MODULES
        if (stage := stage_of(path)) != "__init__"
        for used in stages_used(path)
        if FLOW.index(used) > FLOW.index(stage)
    }
    assert not later


def test_only_the_plugin_knows_pytest():
    knowing = {path for path in MODULES if packages(path) & {"pytest", "_pytest", "xdist"}}
    assert {relative(path) for path in knowing - {INSIDE} if stage_of(path) != "plugin"} == set()


def test_only_the_engine_and_the_tokenizer_know_torch():
    knowing = {path for path in MODULES if packages(path) & HEAVY and path.stem != "tokenizer"}
    assert {relative(path) for path in knowing if stage_of(path) != "engine"} == set()


def module_name(path):
    parts = ["pytest_llmops", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_itself_in_a_circle():
    names = {module_name(path) for path in MODULES}
    graph = {module_name(path): names.intersection(imported(path)) for path in MODULES}
    assert list(TopologicalSorter(graph).static_order())


def test_every_module_has_its_place_in_the_flow():
    assert {stage_of(path) for path in MODULES} - {"__init__"} == set(FLOW)


def test_fine_tuning_knows_cases_models_and_records_alone():
    assert {relative(path) for path in TRAINING if stages_used(path) & DOWNSTREAM} == set()


def test_files_and_functions_keep_the_size_one_can_read():
    sizes = {relative(path): len(path.read_text("utf-8").splitlines()) for path in WHOLE}
    assert {name: size for name, size in sizes.items() if size > FILE_LINES} == {}
    long = {
        f"{relative(path)}: {name}"
        for path in WHOLE
        for name, size in read(path)[1]
        if size > FUNCTION_LINES and name != "pytest_addoption"
    }
    assert not long


def test_no_module_is_named_after_nothing():
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "helpers", "common", "base", "manager", "misc"}


def test_a_test_takes_from_its_own_room_and_from_support_alone():
    for path in Path(__file__).parents[1].glob("*/*.py"):
        taken = {name for name in imported(path) if name.startswith("test_")}
        missing = {name for name in taken if not path.with_name(f"{name}.py").is_file()}
        assert not missing, f"{path} imports {missing} of another room: move it to tests/support"
