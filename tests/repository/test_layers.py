"""The flow of data is the direction of imports: nothing imports what comes after it."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import pytest_llmops

PACKAGE = Path(pytest_llmops.__file__).parent
LISTED = re.findall(r"^    (\w+(?:, \w+)*) {2,}", pytest_llmops.__doc__, re.MULTILINE)
FLOW = [stage for line in LISTED for stage in line.split(", ")]
HEAVY = {"torch", "transformers", "peft", "datasets"}
FILE_LINES = 250
FUNCTION_LINES = 60
MODULES = sorted(PACKAGE.rglob("*.py"))
TRAINING = sorted((PACKAGE.parent / "finetune").rglob("*.py"))
INSIDE = PACKAGE / "sandbox" / "python" / "runner.py"
"""Runs in the sandbox, where nothing of the package is."""
DOWNSTREAM = {"sinks", "session", "observability", "mining", "plugin", "cli"}
"""Stages that fine-tuning does without: it knows cases, models and records."""


def stage_of(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "pytest_llmops":
                yield from (f"pytest_llmops.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def relative(path):
    return str(path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else PACKAGE.parent))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_imports_point_upstream(path):
    stage = stage_of(path)
    if stage == "__init__":
        return
    for name in imported(path):
        if name.startswith("pytest_llmops.") and not name.startswith("pytest_llmops.__"):
            used = name.split(".")[1]
            assert FLOW.index(used) <= FLOW.index(stage), f"{stage} imports {used}"


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_plugin_knows_pytest(path):
    names = {name.split(".")[0] for name in imported(path)}
    assert (
        stage_of(path) == "plugin" or path == INSIDE or not names & {"pytest", "_pytest", "xdist"}
    )


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_only_the_engine_and_the_tokenizer_know_torch(path):
    names = {name.split(".")[0] for name in imported(path)}
    assert stage_of(path) == "engine" or path.stem == "tokenizer" or not names & HEAVY


def module_name(path):
    parts = ["pytest_llmops", *path.relative_to(PACKAGE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_imports_itself_in_a_circle():
    names = {module_name(path) for path in MODULES}
    graph = {module_name(path): names.intersection(imported(path)) for path in MODULES}
    assert list(TopologicalSorter(graph).static_order())


def test_every_module_has_its_place_in_the_flow():
    assert {stage_of(path) for path in MODULES} - {"__init__"} == set(FLOW)


@pytest.mark.parametrize("path", TRAINING, ids=relative)
def test_fine_tuning_knows_cases_models_and_records_alone(path):
    used = {name.split(".")[1] for name in imported(path) if name.startswith("pytest_llmops.")}
    assert not used & DOWNSTREAM


@pytest.mark.parametrize("path", [*MODULES, *TRAINING], ids=relative)
def test_files_and_functions_keep_the_size_one_can_read(path):
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or 0) - node.lineno + 1
            assert size <= FUNCTION_LINES or node.name == "pytest_addoption", node.name


def test_no_module_is_named_after_nothing():
    names = {path.stem for path in MODULES}
    assert not names & {"utils", "helpers", "common", "base", "manager", "misc"}


def test_a_test_takes_from_its_own_room_and_from_support_alone():
    for path in Path(__file__).parents[1].glob("*/*.py"):
        taken = {name for name in imported(path) if name.startswith("test_")}
        missing = {name for name in taken if not path.with_name(f"{name}.py").is_file()}
        assert not missing, f"{path} imports {missing} of another room: move it to tests/support"
