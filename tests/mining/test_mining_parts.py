"""Mining a part of a tree leaves the cases of the rest as they are."""

from dataclasses import replace

import pytest

from pytest_llmops.cases import Suite
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.curate import Setup, run_mine
from pytest_llmops.mining.kept import results_of
from pytest_llmops.tasks.sources import open_source

SETUP = Setup(isolation="process")
TEST = """import {{ expect, it }} from "vitest"
import {{ {name} }} from "./{name}"
it("is {name}", () => expect({name}(4)).toBe({value}))
"""


def source(name, body):
    return f"export function {name}(n: number): number {{\n  return {body}\n}}\n"


@pytest.fixture
def suite(tmp_path):
    """A tree of two folders with a function each, mined."""
    for folder, name, body, value in (("a", "half", "n / 2", 2), ("b", "twice", "n * 2", 8)):
        (tmp_path / "tree" / folder).mkdir(parents=True)
        (tmp_path / "tree" / folder / f"{name}.ts").write_text(source(name, body))
        test = TEST.format(name=name, value=value)
        (tmp_path / "tree" / folder / f"{name}.test.ts").write_text(test)
    suite = Suite(name="parts", manifests=("parts.jsonl",), folder="tree", root=tmp_path)
    assert run_mine(suite, SETUP) == 0
    return suite


def symbols(suite):
    return [case.symbol for case in load_cases(suite)]


@pytest.mark.parametrize("path", ["b", "b/", "b/twice.ts"])
def test_a_part_is_mined_anew_and_other_cases_stay(suite, path):
    (half, _) = before = load_cases(suite)
    (suite.root / "tree/a/half.ts").write_text(source("half", "n * 0.5"))
    (suite.root / "tree/b/twice.ts").write_text(source("twice", "n + n"))
    assert run_mine(suite, replace(SETUP, within=(path,))) == 0
    kept, new = load_cases(suite)
    assert kept == half
    assert (new.symbol, new.body_sha256 != before[1].body_sha256) == ("twice", True)


def test_a_function_that_is_gone_from_a_part_loses_its_case(suite):
    (suite.root / "tree/b/thrice.ts").write_text(source("thrice", "n * 3"))
    (suite.root / "tree/b/thrice.test.ts").write_text(TEST.format(name="thrice", value=12))
    (suite.root / "tree/b/twice.test.ts").unlink()
    assert run_mine(suite, replace(SETUP, within=("b",))) == 0
    assert symbols(suite) == ["half", "thrice"]


def test_an_output_has_the_part_alone(suite, tmp_path):
    output = tmp_path / "part.jsonl"
    assert run_mine(suite, replace(SETUP, within=("a",)), output=output) == 0
    part = of_manifest(suite, output.name)
    assert symbols(part) == ["half"]


def of_manifest(suite, name):
    return Suite(name=suite.name, manifests=(name,), folder="tree", root=suite.root)


def test_results_of_a_part_are_kept_until_all_is_mined(suite, capsys):
    run_mine(suite, replace(SETUP, within=("a",)))
    kept = results_of(suite, open_source(suite))
    assert kept.exists()
    capsys.readouterr()
    run_mine(suite, SETUP)
    # Two test files, and the function of the part.
    assert "3 results of an interrupted mining" in capsys.readouterr().out
    assert not kept.exists()


def test_a_part_of_which_no_test_reaches_anything_is_an_error_naming_it(suite):
    with pytest.raises(CaseError, match="c: no function in it is reached by a test of the suite"):
        run_mine(suite, replace(SETUP, within=("a", "c")))
    assert symbols(suite) == ["half", "twice"]
