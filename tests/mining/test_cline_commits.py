"""The manifest of Cline's commits: what it holds, and what it does not."""

import re
from pathlib import Path

import pytest
from cline_trees import spread, trees_of
from test_commit_cases import answered

from pytest_llmops.cases import SPLITS, load_suites
from pytest_llmops.grading.grade import grade
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.changes import difficulty_of_change
from pytest_llmops.mining.strata import split_of
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.changes import materialize_change
from pytest_llmops.tasks.selection import Choice, select

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
SUITE = load_suites(SUITES)["cline-commits"]
CASES = load_cases(SUITE)
DRAWN = spread(CASES, 4)
"""Cases that are judged here; `llmops validate --suite cline-commits` proves all."""
DIGEST, TEST, COMMIT = (re.compile(rf"[0-9a-f]{{{digits}}}") for digits in (64, 12, 40))
FILE = re.compile(r"sdk/packages/[\w./@-]+")


def test_the_splits_share_no_file():
    files = {split: {case.cluster for case in CASES if case.split == split} for split in SPLITS}
    assert not files["eval"] & files["train"]


def test_every_case_follows_from_the_rules():
    for case in CASES:
        change = case.change
        assert case.id == f"cline-commits:{case.source.path.removesuffix('.ts')}#{case.symbol}"
        assert change.commit.startswith(case.symbol)
        assert case.split == split_of(SUITE, case.source.path)
        assert case.difficulty == difficulty_of_change(case.body_lines, len(change.sources))
        assert SUITE.walk.since <= case.date <= (SUITE.walk.until or "9999")
        assert len(change.sources) <= SUITE.walk.files
        assert case.body_lines <= SUITE.walk.lines
        assert case.body_sha256 == change.digest
        assert case.fail_to_pass


def test_a_manifest_holds_paths_and_digests_and_no_text():
    for case in CASES:
        files = (case.source, *case.tests, *case.change.sources, *case.change.solution)
        assert all(FILE.fullmatch(file.path) for file in files)
        assert all(not file.sha256 or DIGEST.fullmatch(file.sha256) for file in files)
        assert all(FILE.fullmatch(path) for path in case.change.given)
        assert all(TEST.fullmatch(one) for one in case.expected)
        assert COMMIT.fullmatch(case.change.commit)
        assert COMMIT.fullmatch(case.change.parent)


def test_a_session_that_names_no_suite_attempts_no_commits():
    selection = select(Choice(suites_file=SUITES))
    assert "cline-commits" not in {*selection.trees, *selection.unreachable}


@pytest.fixture(scope="module")
def shelf():
    return trees_of(SUITE, DRAWN)


@pytest.mark.cline
def test_the_reference_patch_of_a_sample_solves_and_an_empty_one_does_not(shelf):
    with NodePool(shelf.root, size=2, many=True) as pool:
        for case in DRAWN:
            task = materialize_change(case, shelf)
            assert grade(task, answered(task.reference), pool).outcome == "solved"
            assert grade(task, answered(""), pool).outcome == "empty"
