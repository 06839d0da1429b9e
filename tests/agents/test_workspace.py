"""What lies in a workspace of a case in Python, and what is taken back of it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_llmops.agents.workspace import answer_in, changes, files_of, instruction, lay_out
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.sandbox.python.pool import PythonPool
from pytest_llmops.tasks.selection import Choice, select

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
ASKED = ("assistant/settings.py#parse_size", "assistant/window.py#Window.share")


@pytest.fixture(scope="module")
def tasks():
    selection = select(Choice(suites_file=SUITES, suites=("starter-python",), split="all"))
    return {name: selection.task(f"starter-python:{name}") for name in ASKED}


@pytest.mark.parametrize("name", ASKED)
def test_a_body_is_missing_and_the_tests_lie_there_where_they_are_wanted(name, tasks):
    task = tasks[name]
    path = task.case.source.path
    files = files_of(task, tests=False)
    assert set(files) == {path, "assistant/__init__.py"}
    assert task.reference.encode() not in files[path]
    assert b'    raise NotImplementedError("not implemented")\n' in files[path]
    compile(files[path], path, "exec")
    shown = files_of(task, tests=True)
    assert set(shown) - set(files) == {test.path for test in task.case.tests}
    assert f"`{task.declaration.symbol}`" in instruction(task, tests=False)


@pytest.mark.parametrize("name", ASKED)
def test_the_function_that_was_written_is_the_answer_and_is_judged(name, tasks, tmp_path):
    task = tasks[name]
    path = task.case.source.path
    before = files_of(task, tests=True)
    lay_out(before, tmp_path)
    (tmp_path / path).write_bytes(task.module.source)
    (tmp_path / "helper.py").write_text("x = 1\n")
    (tmp_path / "assistant" / "__pycache__").mkdir()
    (tmp_path / "assistant" / "__pycache__" / "left.py").write_text("x = 1\n")
    test = task.case.tests[0].path
    (tmp_path / test).write_text("def test_nothing():\n    pass\n")
    found = changes(task, tmp_path, before)
    assert set(found.files) == {path, "helper.py"}
    assert found.edited_tests == (test,)
    assert "-    " in found.diffs[path]
    completion = Completion(
        text=answer_in(task, found.files),
        finish_reason="stop",
        usage=Usage(input=0, output=0),
        timing=Timing(started=0.0, queue=0.0, total=0.0),
    )
    empty = replace(completion, text=answer_in(task, {path: before[path].decode()}))
    with PythonPool(task.tree.root) as pool:
        assert grade(task, completion, pool).solved
        assert grade(task, empty, pool).outcome in {"wrong", "no_code"}
