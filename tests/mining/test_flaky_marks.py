"""Tests that pass at times: found by many runs, marked in manifests, and judging nothing then."""

import hashlib
import json

import msgspec
import pytest

from pytest_llmops.cases import id_of_test, load_suites
from pytest_llmops.cli.main import main
from pytest_llmops.flaky import FlakyTest
from pytest_llmops.manifests import load_all, load_cases, write_manifest
from pytest_llmops.mining.marking import ONLY_FLAKY
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.repeat import repeated
from pytest_llmops.sandbox import NodePool, TestReport
from pytest_llmops.tasks.sources import open_source

TEST = "half.test.ts"
FILES = {
    "half.ts": """export function half(n: number): number {
  return n / 2
}
export function thrice(n: number): number {
  return n * 3
}
export function sign(n: number): number {
  return Math.sign(n)
}
""",
    TEST: """import { expect, it } from "vitest"
import { half, sign, thrice } from "./half"
it("halves", () => expect(half(4)).toBe(2))
it("halves by chance", () => {
  expect(half(6)).toBe(3)
  expect(CHANCE).toBeLessThan(0.5)
})
it("triples by chance", () => {
  expect(thrice(2)).toBe(6)
  expect(CHANCE).toBeLessThan(0.5)
})
it("has a sign", () => expect(sign(0)).toBe(0))
it("has a sign by chance", () => {
  expect(sign(5)).toBe(1)
  expect(CHANCE).toBeLessThan(0.5)
})
""",
    "word.ts": "export function word(n: number): string {\n  return `w${n}`\n}\n",
    "word.test.ts": """import { expect, it } from "vitest"
import { word } from "./word"
it("words", () => expect(word(4)).toBe("w4"))
""",
}
LUCK = {one: id_of_test(TEST, f"{one} by chance") for one in ("halves", "triples", "has a sign")}
IN_PROCESS = ["--sandbox", "process"]


def write_test(suite, text):
    """Write the test file, and its digest into the manifest."""
    (suite.root / "tree" / TEST).write_text(text)
    (before,) = {one.sha256 for case in load_all(suite) for one in case.tests if one.path == TEST}
    manifest = suite.root / "marks.jsonl"
    digest = hashlib.sha256(text.encode()).hexdigest()
    manifest.write_text(manifest.read_text().replace(before, digest))


@pytest.fixture(scope="module")
def mined(tmp_path_factory):
    """The bytes of the manifest of a tree whose tests have no luck to need yet."""
    folder = tmp_path_factory.mktemp("mined")
    write_tree(folder, "0")
    assert main(command(folder, "mine", "functions")) == 0
    return (folder / "marks.jsonl").read_bytes()


def opened(folder, manifest, chance="Math.random()"):
    """The suite in a folder of its own, with this manifest and tests that go by chance."""
    write_tree(folder, "0")
    (folder / "marks.jsonl").write_bytes(manifest)
    suite = load_suites(folder / "suites.toml")["marks"]
    write_test(suite, FILES[TEST].replace("CHANCE", chance))
    return suite


@pytest.fixture
def suite(tmp_path, mined):
    """A suite whose manifest lets tests judge that pass at times."""
    return opened(tmp_path, mined)


@pytest.fixture(scope="module")
def with_marks(tmp_path_factory, mined):
    """Its manifest with these tests marked."""
    suite = opened(tmp_path_factory.mktemp("marked"), mined)
    assert main(repeat(suite, "--mark")) == 0
    return (suite.root / "marks.jsonl").read_bytes()


@pytest.fixture
def marked(tmp_path, with_marks):
    return opened(tmp_path, with_marks)


def write_tree(folder, chance):
    (folder / "tree").mkdir()
    for name, text in FILES.items():
        (folder / "tree" / name).write_text(text.replace("CHANCE", chance))
    (folder / "suites.toml").write_text('[marks]\nfolder = "tree"\nmanifests = ["marks.jsonl"]\n')


def command(folder, *words):
    return [*words, "--suite", "marks", "--suites", str(folder / "suites.toml"), *IN_PROCESS]


def repeat(suite, *words):
    return command(suite.root, "validate", "--repeat", "20", *words)


def by_symbol(suite):
    return {case.symbol: case for case in load_all(suite)}


def lines(suite):
    return (suite.root / "marks.jsonl").read_bytes().splitlines()


def test_tests_that_pass_at_times_are_named_with_counts_and_nothing_is_written(suite, capsys):
    before = lines(suite)
    assert main(repeat(suite)) == 1
    told = capsys.readouterr().out
    for title, identity in LUCK.items():
        assert f"marks: {TEST} > {title} by chance: failed in " in told
        assert f"{identity}: AssertionError: expected 0." in told
    assert " of 20 runs, judges 3 cases" in told
    assert "to do: make them independent of time and chance, or leave them out with --mark" in told
    assert "4 cases, 20 runs each: 1 steady, 3 not" in told
    assert lines(suite) == before


def test_a_marked_test_judges_nothing_and_the_manifest_tells_what_was_counted(marked):
    case = by_symbol(marked)["half"]
    assert case.fail_to_pass == (id_of_test(TEST, "halves"),)
    assert case.pass_to_pass == (id_of_test(TEST, "has a sign"),)
    assert case.falsifiable == 2
    assert [one.id for one in case.flaky] == sorted(LUCK.values())
    assert {one.path for one in case.flaky} == {TEST}
    assert all(0 < one.failed < one.runs == 20 for one in case.flaky)


def test_lines_that_have_no_such_test_keep_their_bytes(suite):
    *others, word = lines(suite)
    word = json.dumps(json.loads(word)).encode()  # with spaces, as nothing here writes it
    (suite.root / "marks.jsonl").write_bytes(b"\n".join([*others, word, b""]))
    assert main(repeat(suite, "--mark")) == 0
    assert lines(suite)[-1] == word
    assert len({*lines(suite)} - {*others}) == 4


def test_marked_cases_are_valid_and_their_flaky_tests_are_no_news(marked, capsys):
    before = lines(marked)
    assert main(command(marked.root, "validate")) == 0
    assert capsys.readouterr().out == "2 cases, 2 valid, 0 not\n"
    assert main(repeat(marked, "--mark")) == 0
    told = capsys.readouterr().out
    assert f"{TEST} > halves by chance: failed in " in told
    assert "marked as flaky" in told
    assert "2 cases, 20 runs each: 2 steady, 0 not" in told
    assert lines(marked) == before


def test_mining_again_keeps_marks_and_quarantine_and_gives_the_same_bytes(marked, capsys):
    before = lines(marked)
    for _ in range(2):
        assert main(command(marked.root, "mine", "functions", "--verbose")) == 0
        assert lines(marked) == before
    told = " ".join(capsys.readouterr().out.split())
    assert "marks.jsonl: 2 cases, 2 in quarantine" in told
    assert f"left out: half.ts#thrice: in quarantine: {ONLY_FLAKY}" in told
    assert f"in quarantine: {TEST} > halves by chance: marked as flaky in the manifest (fai" in told


def test_mining_another_part_keeps_what_is_in_quarantine(marked):
    before = lines(marked)
    assert main(command(marked.root, "mine", "functions", "--within", "word.ts")) == 0
    assert lines(marked) == before


def test_what_only_flaky_tests_judge_is_no_case_and_says_why(marked, capsys):
    assert [case.symbol for case in load_cases(marked)] == ["half", "word"]
    found = by_symbol(marked)
    assert found["thrice"].quarantine == ONLY_FLAKY
    weak = "without its flaky tests a wrong body passes: return 0"
    assert found["sign"].quarantine == weak
    for case in (found["thrice"], found["sign"]):
        assert (case.expected, case.falsifiable, len(case.flaky)) == (frozenset(), 0, 3)
    suites = ["--suites", str(marked.root / "suites.toml")]
    for words in (["validate", *IN_PROCESS], ["cases", "show"]):
        assert main([*words, "marks:half#sign", *suites]) != 0
        assert f"marks:half#sign is in quarantine: {weak}" in capsys.readouterr().err


def test_showing_a_case_tells_what_is_left_out(marked, capsys):
    assert (
        main(["cases", "show", "marks:half#half", "--suites", str(marked.root / "suites.toml")])
        == 0
    )
    told = capsys.readouterr().out
    for one in by_symbol(marked)["half"].flaky:
        assert f"left out as flaky: test {one.id} of {TEST} (failed in {one.failed} of 20" in told


def test_a_marked_test_that_is_gone_is_noticed_and_its_mark_goes(marked, capsys):
    text = (marked.root / "tree" / TEST).read_text()
    write_test(marked, text.replace("halves by chance", "halves at times"))
    assert main(command(marked.root, "validate", "marks:half#half")) == 1
    told = "".join(line.strip("│ ") for line in capsys.readouterr().out.splitlines())
    assert f"stale: marked as flaky and not there: {LUCK['halves']} of {TEST}" in told
    assert main(command(marked.root, "mine", "functions")) == 0
    left = {one.id for one in by_symbol(marked)["half"].flaky}
    assert left == set(LUCK.values()) - {LUCK["halves"]}


def test_a_marked_test_that_passes_every_time_is_told(marked, capsys):
    write_test(marked, FILES[TEST].replace("CHANCE", "0"))
    assert main(repeat(marked)) == 0
    said = f"marks: marked as flaky, passes in all of 20 runs: {LUCK['halves']} of {TEST}"
    assert said in capsys.readouterr().out


def test_one_run_tells_nothing_and_marks_need_runs(suite, capsys):
    assert main(command(suite.root, "validate", "--repeat", "1")) != 0
    assert "--repeat needs at least 2 runs" in capsys.readouterr().err
    assert main(command(suite.root, "validate", "--mark")) != 0
    assert "--mark needs --repeat N" in capsys.readouterr().err


class Busy:
    """A judge whose first runs do not come back."""

    def __init__(self, pool, late):
        self._pool, self._late = pool, late

    def run(self, job):
        self._late -= 1
        if self._late < 0:
            return self._pool.run(job)
        return TestReport(status="timeout", results=(), detail="no report within 10 s", seconds=10)


def test_a_run_that_does_not_come_back_makes_no_test_flaky(suite):
    write_test(suite, FILES[TEST].replace("CHANCE", "0"))
    (case,) = [case for case in load_cases(suite) if case.symbol == "half"]
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        found = repeated([case], tree, Busy(pool, 2), crew, 5)
    assert found.flaky == []
    (finding,) = found.findings
    assert (finding.case_id, finding.fault) == (case.id, "reference fails")
    late = "2 of 5 runs did not come back: timeout: no report within 10 s"
    assert finding.detail == late


class Starved:
    """A judge with whom one test runs into its own time limit in the first runs."""

    def __init__(self, pool, late):
        self._pool, self._late = pool, late

    def run(self, job):
        self._late -= 1
        report = self._pool.run(job)
        said = "Error: Test timed out in 5000ms."
        slow = (
            msgspec.structs.replace(one, passed=False, message=said)
            if one.title == "halves" and self._late >= 0
            else one
            for one in report.results
        )
        return msgspec.structs.replace(report, results=tuple(slow))


def test_a_test_that_its_own_time_limit_ends_is_told_and_not_flaky(suite):
    write_test(suite, FILES[TEST].replace("CHANCE", "0"))
    tree = open_source(suite)
    cases = [case for case in load_cases(suite) if case.symbol == "half"]
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        some = repeated(cases, tree, Starved(pool, 2), crew, 5)
        none = repeated(cases, tree, Starved(pool, 5), crew, 5)
    assert (some.flaky, some.findings) == ([], [])
    assert some.late == [f"{TEST} > halves: in 2 of 5 runs"]
    (finding,) = none.findings
    assert finding.fault == "reference fails"
    assert finding.detail == "1 of 5 expected tests pass in none of 5 runs"


def test_a_test_that_never_passes_is_not_flaky(suite):
    write_test(suite, FILES[TEST].replace("CHANCE", "1"))
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        found = repeated(load_cases(suite), tree, pool, crew, 2)
    assert found.flaky == []
    assert {one.fault for one in found.findings} == {"reference fails"}
    said = {one.detail for one in found.findings}
    assert said == {"3 of 5 expected tests pass in none of 2 runs"}


def test_a_mark_counts_nothing_where_nobody_counted(suite):
    mark = FlakyTest(path=TEST, id="0" * 12)
    (case,) = [case for case in load_cases(suite) if case.symbol == "word"]
    write_manifest(suite.root / "marks.jsonl", [msgspec.structs.replace(case, flaky=(mark,))])
    assert lines(suite)[0].endswith(b'"flaky":[{"path":"half.test.ts","id":"000000000000"}]}')
    assert str(mark) == f"{'0' * 12} of {TEST}"
