"""Edits as cases: asked in words, answered in every form, graded and measured."""

import json

import pytest
from edit_repo import TITLE, WORDS, WORDS_TEXT, mine_edits, opened
from once import made_once
from records import record
from test_commit_cases import answered

from pytest_llmops.agents.workspace import files_of, instruction
from pytest_llmops.cli.main import main
from pytest_llmops.grading.changed import ground
from pytest_llmops.grading.grade import grade
from pytest_llmops.grading.patching import patch
from pytest_llmops.manifests import load_cases
from pytest_llmops.quality.batches import measure_all
from pytest_llmops.tasks.asked import question
from pytest_llmops.tasks.changes import diff, materialize_change


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The repository, mined, and a pool that judges its trees."""
    with opened(made_once(tmp_path_factory, "edit-repo", mine_edits)) as found:
        yield found


@pytest.fixture
def tasks(workshop):
    """The cases as tasks, by symbol."""
    cases = load_cases(workshop[1])
    return {case.symbol: materialize_change(case, workshop[2]) for case in cases}


WORDS_OF = {
    "rename-count": f"Rename `countV1` to `count` wherever it is used in `{TITLE}` and `{WORDS}`.",
    "default-count": f"In `{WORDS}`, give the parameter `least` of `count` the default value `1`.",
}


@pytest.mark.parametrize("symbol", WORDS_OF)
def test_an_instruction_says_exactly_what_to_do(tasks, symbol):
    assert WORDS_OF[symbol] in tasks[symbol].statement


def test_what_an_instruction_quotes_is_where_it_says(tasks):
    for task in tasks.values():
        for edit in task.change.edits:
            quoted = f"`{edit.path}`"
            assert quoted in task.statement
            assert edit.symbol in task.statement


def test_several_edits_are_numbered(tasks):
    (task,) = [task for symbol, task in tasks.items() if symbol.startswith("several-")]
    assert len(task.change.edits) > 1
    assert task.statement.startswith("1. In ")
    assert "\n\n2. In " in task.statement


def test_the_question_has_every_file_whole_whatever_the_budget(tasks):
    for task in tasks.values():
        (message,) = question(task, context_tokens=1)
        assert task.statement in message.content
        for text in task.before.values():
            assert text.strip() in message.content


def test_the_reference_solves_and_nothing_and_no_change_do_not(workshop, tasks):
    pool = workshop[3]
    for task in tasks.values():
        found = grade(task, answered(f"```diff\n{task.reference}```"), pool)
        assert (found.outcome, found.detail) == ("solved", "")
        assert grade(task, answered(""), pool).outcome == "empty"
        path, text = next(iter(task.before.items()))
        same = grade(task, answered(f"{path}\n```ts\n{text}```"), pool)
        assert same.outcome == "patch_failed"


def test_half_of_an_edit_does_not_solve(workshop, tasks):
    task = tasks["rename-count"]
    for path in task.sources:
        half = diff(path, task.before, task.solution)
        found = grade(task, answered(f"```diff\n{half}```"), workshop[3])
        assert found.outcome in {"wrong", "load_error"}


def test_every_form_of_answer_is_read(workshop, tasks):
    task = tasks["default-count"]
    head = "export function count(text: string, least): number {"
    new = head.replace("least", "least = 1")
    forms = (
        f"{WORDS}\n<<<<<<< SEARCH\n{head}\n=======\n{new}\n>>>>>>> REPLACE\n",
        f"*** Begin Patch\n*** Update File: {WORDS}\n@@\n-{head}\n+{new}\n*** End Patch\n",
        f"{WORDS}\n```ts\n{task.solution[WORDS]}```\n",
        f"```diff\n{task.reference}```",
    )
    assert head in task.before[WORDS]
    for form in forms:
        assert patch(form, ground(task)).files == {WORDS: WORDS_TEXT}
        assert grade(task, answered(form), workshop[3]).outcome == "solved"


def test_an_agent_works_in_the_tree_without_the_edit(tasks):
    task = tasks["rename-count"]
    files = files_of(task, tests=False)
    assert files[WORDS].decode() == task.before[WORDS]
    assert task.statement in instruction(task, tests=False)


CASE = "default-count"
HEAD = "export function count(text: string, least): number {"
NEW = HEAD.replace("least", "least = 1")
BLOCK = f"{WORDS}\n<<<<<<< SEARCH\n{HEAD}\n=======\n%s\n>>>>>>> REPLACE\n"


@pytest.fixture
def measured(workshop, tasks):
    """What is measured of an answer to the case that gives a parameter its default value."""

    def measure(text):
        answer = record(tasks[CASE].case.id, text=text)
        (found,) = measure_all([answer], workshop[1].root / "suites.toml")
        return found

    return measure


def test_a_patch_as_small_as_the_reference_has_no_surplus(tasks, measured):
    found = measured(f"```diff\n{tasks[CASE].reference}```")
    assert (found.surplus, found.strays) == (0, 0)
    assert found.lines == found.reference_lines == 2
    assert found.consistency is None


def test_lines_beyond_those_of_the_reference_are_a_share(measured):
    found = measured(BLOCK % f"// One.\n// Two.\n{NEW}")
    assert (found.lines, found.reference_lines) == (4, 2)
    assert found.surplus == 0.5
    assert found.strays == 0


def test_files_that_the_reference_leaves_alone_are_strays(measured):
    found = measured(
        f"*** Begin Patch\n*** Update File: {WORDS}\n@@\n-{HEAD}\n+{NEW}\n"
        f"*** Add File: {TITLE}.md\n+New.\n*** End Patch\n"
    )
    assert found.strays == 0.5
    assert found.stray_files == (f"{TITLE}.md",)
    assert found.surplus == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("I do not know.", "no change in the answer"),
        (BLOCK.replace(HEAD, "nowhere"), "the patch does not apply"),
    ],
)
def test_what_does_not_apply_has_no_figures(measured, text, why):
    found = measured(text)
    assert found.why_not == why
    assert found.surplus is None


def test_what_is_for_functions_alone_is_refused_by_name(workshop, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    suites = str(workshop[1].root / "suites.toml")
    assert main(["export", "harbor", "out", "--suite=edits", "--suites", suites]) == 2
    assert "tasks of Harbor are made of functions alone" in capsys.readouterr().err
    assert not [*tmp_path.iterdir()]


def test_edits_are_exported_to_inspect(workshop, tasks, tmp_path):
    suites = str(workshop[1].root / "suites.toml")
    folder = tmp_path / "out"
    assert main(["export", "inspect", str(folder), "--suite=edits", "--suites", suites]) == 0
    lines = [json.loads(line) for line in (folder / "cases.jsonl").read_text().splitlines()]
    assert len(lines) == len(tasks)
    assert "Make this change:" in lines[0]["input"][0]["content"]
