"""The manifests of the Cline suite; the suite on a stand-in, and on a clone where there is one."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from cline_trees import within_reach
from commit_repo import git
from project import SOURCE, TESTS

from pytest_llmops.cases import DIFFICULTIES, SPLITS, Case, Suite, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.strata import difficulty_of, split_of
from pytest_llmops.mining.validate import validate
from pytest_llmops.sandbox import NodePool
from pytest_llmops.sandbox.node.installation import installed
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree, open_source

SUITES = Path(__file__).parents[2] / "cases" / "suites.toml"
SUITE = load_suites(SUITES)["cline"]
CASES = load_cases(SUITE)
SAMPLE = 4
"""Cases that are proved here; `llmops validate --suite cline` proves all."""


class Found(NamedTuple):
    """A suite whose source is a git repository, with its cases and its tree."""

    suite: Suite
    cases: Sequence[Case]
    tree: SourceTree


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """The suites file of a small repository with the folders of Cline's, mined as Cline's was."""
    folder = tmp_path_factory.mktemp("stand-in")
    package = folder / "origin" / "sdk" / "packages" / "small" / "src"
    package.mkdir(parents=True)
    (folder / "origin" / "README.md").write_text("not needed\n")
    (folder / "origin" / "sdk" / "biome.json").write_text("{}\n")
    (package / "small.ts").write_text(SOURCE)
    (package / "small.test.ts").write_text(TESTS)
    git(folder / "origin", "init", "--quiet", "--initial-branch=main")
    git(folder / "origin", "add", ".")
    git(folder / "origin", "commit", "--quiet", "-m", "first")
    commit = git(folder / "origin", "rev-parse", "HEAD")
    (package / "small.ts").write_text("// changed later\n")
    git(folder / "origin", "commit", "--quiet", "-a", "-m", "second")
    suites = folder / "cases" / "suites.toml"
    suites.parent.mkdir()
    text = re.search(r"^\[cline\].*", SUITES.read_text("utf-8"), re.DOTALL | re.MULTILINE)[0]
    text = text.replace(f'packages = "{SUITE.packages}"\n', "")  # its sources import none
    suites.write_text(
        text.replace(SUITE.commit, commit).replace(SUITE.repository, (folder / "origin").as_uri())
    )
    return suites


@pytest.fixture(scope="module", params=["stand-in", "clone"])
def found(request, tmp_path_factory):
    """Cline itself where it can be reached; by the same way, a small repository in its place."""
    if request.param == "clone":
        with within_reach():
            tree = open_source(SUITE)
        yield Found(SUITE, CASES, tree)
        return
    suites = request.getfixturevalue("stand_in")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.delenv("LLMOPS_CLINE_REPO", raising=False)
        assert main(["mine", "functions", "--suite", "cline", "--suites", str(suites)]) == 0
        suite = load_suites(suites)["cline"]
        yield Found(suite, load_cases(suite), open_source(suite))


def test_there_are_enough_cases():
    assert len(CASES) >= 700


def test_every_difficulty_is_there_in_every_split():
    found = Counter((case.split, case.difficulty) for case in CASES)
    assert set(found) == {(split, difficulty) for split in SPLITS for difficulty in DIFFICULTIES}


def test_the_splits_share_no_file():
    files = {split: {case.cluster for case in CASES if case.split == split} for split in SPLITS}
    assert not files["eval"] & files["train"]


@pytest.mark.parametrize("case", CASES[:: max(1, len(CASES) // 25)], ids=lambda case: case.id)
def test_split_and_difficulty_follow_from_the_rules(case):
    assert case.split == split_of(SUITE, case.source.path)
    assert case.difficulty == difficulty_of(case.body_lines, case.complexity)
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
def test_the_tree_is_the_pinned_commit_with_only_what_is_needed(found):
    suite, _, tree = found
    assert tree.commit == suite.commit
    assert [path.name for path in tree.root.iterdir()] == ["sdk"]
    assert open_source(suite, source="/nonexistent") == tree


@pytest.mark.cline
def test_every_case_is_found_in_the_tree_with_its_digests(found):
    assert len(found.cases) >= 3
    for case in found.cases:
        assert materialize(case, found.tree).declaration.symbol == case.symbol


@pytest.mark.cline
def test_a_sample_of_the_cases_holds(found):
    chosen = found.cases[:: max(1, len(found.cases) // SAMPLE)][:SAMPLE]
    packages = installed(found.tree.lock) if found.tree.lock else None
    with NodePool(found.tree.root, size=2, packages=packages) as pool, Crew(2) as crew:
        assert validate(chosen, found.tree, pool, crew) == []
