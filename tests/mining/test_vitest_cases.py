"""A suite with a lock file of its own: mined, proved, and noticed when it changes."""

import msgspec
import pytest
from own_tree import own_suite, write_own

from pytest_llmops.cli.main import main
from pytest_llmops.errors import CaseError
from pytest_llmops.manifests import load_cases, write_manifest
from pytest_llmops.mining.alike import known_functions
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import open_source


@pytest.fixture(scope="module")
def suites(tmp_path_factory):
    """The suite, mined by the command."""
    suites = write_own(tmp_path_factory.mktemp("mined"))
    assert main(["mine", "functions", "--suite", "own", "--suites", str(suites)]) == 0
    return suites


def test_functions_whose_tests_mock_modules_become_cases_with_the_digest_of_the_lock(suites):
    suite = own_suite(suites)
    cases = {case.symbol: case for case in load_cases(suite)}
    assert sorted(cases) == ["price", "seconds"]  # any body passes the test of `unchecked`
    digest = open_source(suite).lock.digest
    assert {case.packages for case in cases.values()} == {digest}
    price, seconds = cases["price"], cases["seconds"]
    assert (len(price.fail_to_pass), len(price.pass_to_pass), price.falsifiable) == (2, 2, 4)
    assert (len(seconds.fail_to_pass), len(seconds.pass_to_pass), seconds.falsifiable) == (1, 3, 4)


def test_the_cases_are_valid(suites, capsys):
    assert main(["validate", "--suite", "own", "--suites", str(suites)]) == 0
    assert "2 cases, 2 valid, 0 not" in capsys.readouterr().out


def test_a_case_that_a_wrong_body_would_pass_is_not(suites, tmp_path, capsys):
    weak = write_own(tmp_path)
    cases = load_cases(own_suite(suites))
    first = cases[1]
    left = msgspec.structs.replace(
        first, fail_to_pass=first.pass_to_pass[:1], pass_to_pass=(), falsifiable=1
    )
    write_manifest(tmp_path / "own.jsonl", [left])
    assert main(["validate", "--suite", "own", "--suites", str(weak)]) == 1
    assert "a wrong body passes: throw" in capsys.readouterr().out


def test_a_changed_lock_file_is_noticed(suites, tmp_path):
    changed = own_suite(write_own(tmp_path))
    tree = open_source(changed)
    case = load_cases(own_suite(suites))[0]
    assert materialize(case, tree).case == case
    tree.lock.path.write_text(tree.lock.path.read_text() + "\n")
    told = f"of the lock file {case.packages}, .* has {tree.lock.digest}"
    with pytest.raises(CaseError, match=told):
        materialize(case, tree)


def test_functions_that_are_cases_of_another_suite_of_the_commit_are_left_to_it(suites):
    other = own_suite(suites)
    pinned = {"repository": "https://example.org/a", "commit": "0" * 40, "folder": ""}
    one, two = (msgspec.structs.replace(other, name=name, **pinned) for name in ("own", "more"))
    functions = {("src/price.ts", "price"), ("src/price.ts", "seconds")}
    assert known_functions(two, [one, two]) == functions
    assert known_functions(two, [two]) == frozenset()
    assert known_functions(msgspec.structs.replace(two, vitest=""), [one]) == frozenset()
    assert known_functions(two, [msgspec.structs.replace(one, commit="1" * 40)]) == frozenset()
