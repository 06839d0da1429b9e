"""Functions that are members of an object become cases, which are judged as all others are."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import json
from pathlib import Path

import pytest
from made_tasks import fenced
from object_module import SOURCE, SYMBOLS, TESTS

from pytest_llmops.cases import Suite
from pytest_llmops.completions import Completion, Timing, Usage
from pytest_llmops.grading.grade import grade
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.curate import Setup, Telling, run_mine
from pytest_llmops.mining.curate_validate import run_validate
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source

SETUP = Setup(isolation="process")
RIGHT = """\
get(id, flags = {}) {
  if (id in flags) return flags[id];
  return known(id) && table[id].on;
}"""


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    (folder / "tree").mkdir()
    (folder / "tree" / "trials.ts").write_text(SOURCE)
    (folder / "tree" / "trials.test.ts").write_text(TESTS)
    return Suite(name="objects", manifests=("objects.jsonl",), folder="tree", root=folder)


@pytest.fixture(scope="module")
def mined(suite):
    report = suite.root / "report.json"
    assert run_mine(suite, SETUP, telling=Telling(report=report)) == 0
    return json.loads(report.read_text())


def test_members_of_objects_are_mined_under_the_name_of_their_object(suite, mined):
    assert [case.symbol for case in load_cases(suite)] == ["known", *SYMBOLS]
    assert [case.id for case in load_cases(suite)][1] == "objects:trials#trials.get"
    assert (mined["left_out"], mined["quarantine"]) == ([], [])


def test_a_test_file_that_calls_nothing_but_members_of_an_object_judges_them(tmp_path):
    (tmp_path / "one.ts").write_text("export const one = { up: (n: number) => n + 1 }\n")
    test = 'import { one } from "./one"\nit("adds", () => expect(one.up(1)).toBe(2))\n'
    (tmp_path / "one.test.ts").write_text(test)
    suite = Suite(name="one", manifests=("one.jsonl",), folder=".", root=tmp_path)
    assert run_mine(suite, SETUP) == 0
    assert [case.id for case in load_cases(suite)] == ["one:one#one.up"]


def test_what_was_mined_is_valid_and_mined_again_it_is_the_same(suite, mined, tmp_path, capsys):
    assert run_validate([suite], SETUP) == 0
    assert run_mine(suite, SETUP, output=tmp_path / "again.jsonl") == 0
    assert (tmp_path / "again.jsonl").read_bytes() == (suite.root / "objects.jsonl").read_bytes()


ANSWERS = {
    "right": (RIGHT, "solved"),
    "wrong": (RIGHT.replace("table[id].on", "!table[id].on"), "wrong"),
    "a throw": ('get: () => { throw new Error("no") }', "wrong"),
    "the reference": ("get: (id, flags = {}) => flags[id] ?? (known(id) && table[id].on),", "solved"),
}  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_mined_member_is_graded_in_the_sandbox(suite, mined, answer):
    text, outcome = ANSWERS[answer]
    tree = open_source(suite)
    (case,) = (one for one in load_cases(suite) if one.symbol == "trials.get")
    timing = Timing(started=0, queue=0, first_token=0, total=0)
    completion = Completion(
        text=fenced(text), finish_reason="stop", usage=Usage(input=1, output=1), timing=timing
    )
    with NodePool(Path(tree.root)) as pool:
        assert grade(materialize(case, tree), completion, pool).outcome == outcome
