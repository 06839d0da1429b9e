"""The manifests of the Cline suite, and the suite on the real clone where it can be reached."""

import re
from collections import Counter
from pathlib import Path

import pytest

from pytest_llmops.cases import SPLITS, TIERS, load_cases, load_suites, split_of, tier_of
from pytest_llmops.errors import SourceError
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.validate import validate
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source

SUITE = load_suites(Path(__file__).parent.parent / "cases" / "suites.toml")["cline"]
CASES = load_cases(SUITE)
SAMPLE = 4
"""Cases that are proved here; `llmops validate --suite cline` proves all."""


@pytest.fixture(scope="module")
def tree():
    try:
        return open_source(SUITE)
    except SourceError as error:
        pytest.skip(str(error))


def test_there_are_enough_cases():
    assert len(CASES) >= 250


def test_every_tier_is_there_in_every_split():
    found = Counter((case.split, case.tier) for case in CASES)
    assert set(found) == {(split, tier) for split in SPLITS for tier in TIERS}


def test_the_splits_share_no_file():
    files = {split: {case.cluster for case in CASES if case.split == split} for split in SPLITS}
    assert not files["eval"] & files["train"]


@pytest.mark.parametrize("case", CASES[:: max(1, len(CASES) // 25)], ids=lambda case: case.id)
def test_split_and_tier_follow_from_the_rules(case):
    assert case.split == split_of(SUITE, case.source.path)
    assert case.tier == tier_of(case.body_lines, case.complexity)
    assert case.id.startswith("cline:sdk/packages/")


def test_a_manifest_holds_paths_names_and_digests_and_no_text():
    name = re.compile(r"[\w$#]+(\.[\w$#]+)?")
    path = re.compile(r"[\w./@-]+\.tsx?")
    digest, test = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{12}")
    for case in CASES:
        files = (case.source, *case.tests)
        assert name.fullmatch(case.symbol)
        assert all(path.fullmatch(file.path) and digest.fullmatch(file.sha256) for file in files)
        assert digest.fullmatch(case.body_sha256)
        assert all(test.fullmatch(one) for one in case.expected)


@pytest.mark.cline
def test_the_tree_is_the_pinned_commit_with_only_what_is_needed(tree):
    assert tree.commit == SUITE.commit
    assert [path.name for path in tree.root.iterdir()] == ["sdk"]
    assert open_source(SUITE, source="/nonexistent") == tree


@pytest.mark.cline
def test_every_case_is_found_in_the_tree_with_its_digests(tree):
    for case in CASES:
        assert materialize(case, tree).declaration.symbol == case.symbol


@pytest.mark.cline
def test_a_sample_of_the_cases_holds(tree):
    chosen = CASES[:: max(1, len(CASES) // SAMPLE)][:SAMPLE]
    with NodePool(tree.root, size=2) as pool, Crew(2) as crew:
        assert validate(chosen, tree, pool, crew) == []
