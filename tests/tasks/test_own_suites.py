"""What suites with a lock file of their own are asked for, and what they are not exported to."""

import pytest
from own_tree import own_suite, own_task, write_own

from pytest_llmops.errors import CaseError
from pytest_llmops.exports.harbor import functions_of
from pytest_llmops.manifests import write_manifest
from pytest_llmops.tasks.selection import Choice, select
from pytest_llmops.tasks.sources import open_source


@pytest.fixture
def selection(tmp_path):
    suites = write_own(tmp_path)
    tree = open_source(own_suite(suites))
    case = own_task(tree, "seconds", judged_by="reads a duration", beside=()).case
    write_manifest(tmp_path / "own.jsonl", [case])
    return select(Choice(suites_file=suites, suites=("own",), split="all"))


def test_a_case_is_asked_as_any_function_is(selection):
    (task,) = (selection.task(name) for name in selection.cases)
    assert task.reference == "{\n  return ms(text) / 1000\n}"


def test_tasks_of_harbor_are_not_made_of_them(selection):
    with pytest.raises(CaseError, match="own vitest judges it, which tasks of Harbor have not got"):
        functions_of(selection)
