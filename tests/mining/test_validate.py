import hashlib

import msgspec
import pytest
from toy_tree import make_suite

from pytest_llmops.cases import FileHash, Suite, id_of_test
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.validate import Finding, validate
from pytest_llmops.sandbox import NodePool
from pytest_llmops.tasks.sources import open_source


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    """The toy tree, its cases, and what runs them."""
    suite = make_suite(tmp_path_factory.mktemp("validate"))
    tree = open_source(suite)
    with NodePool(tree.root, size=2, isolation="process") as pool, Crew(2) as crew:
        cases = {case.symbol: case for case in Miner(suite, tree, pool, crew).mine().cases}
        yield cases, lambda *changed: validate(changed, tree, pool, crew)


def test_mined_cases_hold(workshop):
    cases, prove = workshop
    assert prove(*cases.values()) == []


def test_a_source_that_changed_is_found_by_its_digest(workshop):
    cases, prove = workshop
    changed = FileHash(path="lib/text.ts", sha256="0" * 64)
    (finding,) = prove(msgspec.structs.replace(cases["double"], source=changed))
    assert (finding.case_id, finding.fault) == ("toy:lib/text#double", "changed")
    assert "0" * 64 in finding.detail


def test_a_test_file_that_changed_is_found_by_its_digest(workshop):
    cases, prove = workshop
    changed = (FileHash(path="lib/text.test.ts", sha256="0" * 64),)
    (finding,) = prove(msgspec.structs.replace(cases["double"], tests=changed))
    assert finding.fault == "changed"


def test_a_body_that_is_not_the_mined_one_is_found(workshop):
    cases, prove = workshop
    (finding,) = prove(msgspec.structs.replace(cases["double"], body_sha256="0" * 64))
    assert finding.fault == "changed"


def test_an_expected_test_that_the_reference_does_not_pass_is_found(workshop):
    cases, prove = workshop
    failing = id_of_test("lib/text.test.ts", "text > fails with any body")
    (finding,) = prove(msgspec.structs.replace(cases["double"], pass_to_pass=(failing,)))
    assert finding.fault == "reference fails"
    assert finding.detail == f"finished, 1 of 2 expected tests missing: {failing}"


def test_an_expected_test_that_does_not_exist_is_found(workshop):
    cases, prove = workshop
    (finding,) = prove(msgspec.structs.replace(cases["double"], fail_to_pass=("0" * 12,)))
    assert finding.fault == "reference fails"


def test_every_wrong_body_that_passes_is_named(workshop):
    cases, prove = workshop
    indifferent = (id_of_test("lib/text.test.ts", "text > stands apart"),)
    blind = {"fail_to_pass": indifferent, "pass_to_pass": (), "falsifiable": 0}
    findings = prove(msgspec.structs.replace(cases["double"], **blind))
    stale, *findings = findings
    assert stale.fault == "stale"
    assert {finding.fault for finding in findings} == {"a wrong body passes"}
    values = [f"return {value}" for value in ("null", '""', "[]", "{}", "0", "false", "true")]
    names = [finding.detail for finding in findings]
    assert names == ["throw", "empty", *values, "first argument"]


def test_a_case_records_how_many_of_its_tests_can_be_falsified(workshop):
    cases, prove = workshop
    case = cases["double"]
    assert 0 < case.falsifiable <= len(case.expected)
    (finding,) = prove(msgspec.structs.replace(case, falsifiable=case.falsifiable + 1))
    assert finding.fault == "changed"
    assert f"the manifest says {case.falsifiable + 1}" in finding.detail


def test_a_case_that_lacks_tests_which_pass_today_is_stale(workshop):
    cases, prove = workshop
    case = cases["double"]
    absent = {id_of_test("lib/text.test.ts", f"text > {title}") for title in ("sums", "shouts")}
    kept = tuple(one for one in case.pass_to_pass if one not in absent)
    assert len(kept) == len(case.pass_to_pass) - 2
    (finding,) = prove(msgspec.structs.replace(case, pass_to_pass=kept, falsifiable=0))
    assert finding.fault == "stale"
    assert finding.detail == "2 more tests pass: text > shouts, text > sums"


def test_findings_come_in_the_order_of_the_cases(workshop):
    cases, prove = workshop
    broken = [msgspec.structs.replace(case, body_sha256="0" * 64) for case in cases.values()]
    assert [finding.case_id for finding in prove(*broken)] == [case.id for case in broken]
    assert isinstance(prove(*broken)[0], Finding)


HALF = "export function half(n: number): number {\n  return n / 2;\n}\n"
FIRST = """import { expect, it } from "vitest";
import { half } from "./half";
it("halves", () => expect(half(4)).toBe((globalThis as any).marked ?? 2));
"""
SECOND = """import { expect, it } from "vitest";
import { half } from "./half";
it("halves more", () => {
  expect(half(6)).toBe(3);
});
"""
SPOILING = SECOND.replace("{\n  expect", '{\n  (globalThis as any).marked = "here";\n  expect')


def test_test_files_of_which_one_spoils_the_other_are_found_by_another_order(tmp_path):
    lib = tmp_path / "tree" / "lib"
    lib.mkdir(parents=True)
    for name, text in {"half.ts": HALF, "a.test.ts": FIRST, "b.test.ts": SECOND}.items():
        (lib / name).write_text(text)
    suite = Suite(name="pair", manifests=("pair-*.jsonl",), folder="tree", root=tmp_path)
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        (case,) = Miner(suite, tree, pool, crew).mine().cases
        assert validate([case], tree, pool, crew) == []
        (lib / "b.test.ts").write_text(SPOILING)
        digest = hashlib.sha256(SPOILING.encode()).hexdigest()
        spoiled = (case.tests[0], FileHash(path="lib/b.test.ts", sha256=digest))
        (finding,) = validate([msgspec.structs.replace(case, tests=spoiled)], tree, pool, crew)
    assert finding.fault == "reference fails"
    assert finding.detail.endswith("(look 2, files in another order)")
