"""The manifest of edits of Cline: what it holds, and what it does not."""

import re
from collections import Counter
from pathlib import Path

import pytest
from cline_trees import spread, trees_of
from test_cline_commits import COMMIT, DIGEST, FILE, TEST
from test_commit_cases import answered

from pytest_llmops.cases import SPLITS, load_suites
from pytest_llmops.grading.grade import grade
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.changes import difficulty_of_change
from pytest_llmops.mining.edits import functions_of
from pytest_llmops.mining.strata import split_of
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.asked import question
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.edits import NODES
from pytest_llmops.tasks.selection import Choice, select

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
SUITE = load_suites(SUITES)["cline-edits"]
CASES = load_cases(SUITE)
DRAWN = spread(CASES, 4)
"""Cases that are judged here; `llmops validate --suite cline-edits` proves all."""
SYMBOL = re.compile(r"[\w$]+(?:\.[\w$#]+)?")


def test_there_are_as_many_as_were_asked_for():
    assert len(CASES) >= 80


def test_no_kind_has_more_than_the_suite_asks_for_nor_two_of_a_file():
    edited = [(case.symbol.partition("-")[0], case.change.edits[0].path) for case in CASES]
    assert max(Counter(edited).values()) == 1
    kinds = Counter(kind for kind, _ in edited)
    assert kinds.keys() <= {*NODES, "several"}
    assert max(kinds.values()) <= SUITE.edits.each


def test_the_splits_share_no_file():
    files = {
        split: {file.path for case in CASES if case.split == split for file in case.change.sources}
        for split in SPLITS
    }
    assert not files["eval"] & files["train"]


def test_every_case_follows_from_the_rules():
    for case in CASES:
        change = case.change
        assert case.id == f"cline-edits:{case.source.path.removesuffix('.ts')}#{case.symbol}"
        assert case.split == split_of(SUITE, case.source.path)
        assert case.difficulty == difficulty_of_change(case.body_lines, len(change.sources))
        assert change.commit == change.parent == SUITE.commit
        assert case.date == "2026-08-22"
        assert len(change.sources) <= 3
        assert not change.given
        assert case.body_sha256 == change.digest
        assert case.fail_to_pass
        assert {edit.path for edit in change.edits} <= {file.path for file in change.sources}


def test_a_manifest_holds_paths_names_and_digests_and_no_text():
    for case in CASES:
        files = (case.source, *case.tests, *case.change.sources, *case.change.solution)
        assert all(FILE.fullmatch(file.path) for file in files)
        assert all(DIGEST.fullmatch(file.sha256) for file in files)
        assert all(TEST.fullmatch(one) for one in case.expected)
        assert COMMIT.fullmatch(case.change.commit)
        assert all(SYMBOL.fullmatch(edit.symbol) for edit in case.change.edits)


def test_they_are_of_the_tree_of_the_functions():
    assert functions_of(SUITE, load_suites(SUITES)).name == "cline"


def test_a_session_that_names_no_suite_attempts_no_edits():
    selection = select(Choice(suites_file=SUITES))
    assert "cline-edits" not in {*selection.trees, *selection.unreachable}


@pytest.fixture(scope="module")
def shelf():
    return trees_of(SUITE, DRAWN)


@pytest.mark.cline
def test_the_reference_patch_of_a_sample_solves_and_an_empty_one_does_not(shelf):
    with NodePool(shelf.root, size=2, many=True) as pool:
        for case in DRAWN:
            task = materialize_change(case, shelf)
            (message,) = question(task, context_tokens=1)
            assert all(text.strip() in message.content for text in task.before.values())
            assert grade(task, answered(task.reference), pool).outcome == "solved"
            assert grade(task, answered(""), pool).outcome == "empty"
