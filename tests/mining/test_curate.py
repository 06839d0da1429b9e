import shutil

import pytest
from toy_tree import make_suite

from pytest_llmops.cases import Suite, read_manifest
from pytest_llmops.errors import CaseError, SourceError
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.curate import Setup, manifests_of, run_mine
from pytest_llmops.mining.curate_validate import run_validate
from pytest_llmops.tasks.sources import open_source

SETUP = Setup(isolation="process")


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    suite = make_suite(tmp_path_factory.mktemp("curate"))
    assert run_mine(suite, SETUP) == 0
    return suite


@pytest.fixture
def suite(mined, tmp_path):
    """A suite of its own for each test: a copy of the tree and its manifest."""
    shutil.copytree(mined.root, tmp_path / "copy")
    return Suite(name="toy", manifests=mined.manifests, folder="tree", root=tmp_path / "copy")


def test_mining_writes_the_manifest_of_the_suite(mined):
    assert [path.name for path in mined.root.glob("*.jsonl")] == ["toy-lib.jsonl"]
    assert len(load_cases(mined)) == 3


def test_mining_shows_what_was_left_out_and_what_was_made(suite, capsys):
    assert run_mine(suite, SETUP) == 0
    shown = capsys.readouterr().out
    assert "a trivial body passes" in shown
    assert "3 cases" in shown
    assert "1 test file: needs an npm package" in shown


def test_an_output_takes_all_cases(suite, tmp_path):
    assert run_mine(suite, SETUP, output=tmp_path / "out.jsonl", limit=1) == 0
    assert len(read_manifest(tmp_path / "out.jsonl")) == 1


def test_a_limit_without_an_output_would_shorten_the_manifest_and_is_refused(suite):
    with pytest.raises(CaseError, match="--limit needs --output"):
        run_mine(suite, SETUP, limit=1)
    assert len(load_cases(suite)) == 3


def test_mining_nothing_is_a_failure_and_writes_nothing(suite, tmp_path):
    (suite.root / "tree" / "lib" / "text.test.ts").write_text("export {}\n")
    assert run_mine(suite, SETUP, output=tmp_path / "out.jsonl") == 1
    assert not (tmp_path / "out.jsonl").exists()


def test_a_star_in_the_manifest_stands_for_the_package_of_the_source(mined, tmp_path):
    suite = Suite(name="toy", manifests=("toy/functions-*.jsonl",), folder="tree", root=tmp_path)
    shutil.copytree(mined.root / "tree", tmp_path / "tree" / "deep" / "own")
    (tmp_path / "tree" / "deep" / "own" / "package.json").write_text("{}")
    assert run_mine(suite, SETUP) == 0
    assert [path.name for path in (tmp_path / "toy").iterdir()] == ["functions-own.jsonl"]


def test_a_manifest_without_a_star_takes_all_cases(mined):
    suite = Suite(name="toy", manifests=("toy.jsonl",), folder="tree", root=mined.root)
    found = manifests_of(suite, open_source(suite), load_cases(mined))
    assert {path.name: len(cases) for path, cases in found.items()} == {"toy.jsonl": 3}


def test_cases_that_hold_are_counted_and_the_status_is_0(mined, capsys):
    assert run_validate([mined], SETUP) == 0
    assert capsys.readouterr().out == "3 cases, 3 valid, 0 not\n"


def test_a_changed_source_is_shown_and_the_status_is_1(suite, capsys):
    source = suite.root / "tree" / "lib" / "text.ts"
    source.write_text(source.read_text().replace("value * 2", "value + value"))
    assert run_validate([suite], SETUP) == 1
    shown = capsys.readouterr().out
    assert "changed" in shown
    assert "3 cases, 0 valid, 3 not" in shown


def test_a_long_id_is_shown_whole(tmp_path, capsys):
    suite = make_suite(tmp_path)
    name = "a_folder_with_a_name_that_is_longer_than_a_line_of_a_terminal_of_eighty_columns"
    (tmp_path / "tree" / "lib").rename(tmp_path / "tree" / name)
    assert run_mine(suite, SETUP, output=tmp_path / "toy-all.jsonl") == 0
    source = tmp_path / "tree" / name / "text.ts"
    source.write_text(source.read_text().replace("value * 2", "value + value"))
    capsys.readouterr()
    assert run_validate([suite], SETUP, ids=[f"toy:{name}/text#double"]) == 1
    shown = "".join(line.strip("│ ") for line in capsys.readouterr().out.splitlines())
    assert f"toy:{name}/text#double" in shown


def test_ids_choose_what_is_proved(mined, capsys):
    assert run_validate([mined], SETUP, ids=["toy:lib/text#double"]) == 0
    assert capsys.readouterr().out == "1 cases, 1 valid, 0 not\n"


def test_an_id_that_no_case_has_is_an_error_naming_it(mined):
    with pytest.raises(CaseError, match="no case toy:lib/text#none"):
        run_validate([mined], SETUP, ids=["toy:lib/text#double", "toy:lib/text#none"])


def test_a_suite_without_cases_proves_nothing_and_is_an_error(suite):
    empty = Suite(name="toy", manifests=("none.jsonl",), folder="tree", root=suite.root)
    with pytest.raises(CaseError, match="suite 'toy' has no cases"):
        run_validate([empty], SETUP)


def test_a_suite_whose_tree_is_missing_is_an_error(suite):
    shutil.rmtree(suite.root / "tree")
    with pytest.raises(SourceError, match="no folder"):
        run_validate([suite], SETUP)
