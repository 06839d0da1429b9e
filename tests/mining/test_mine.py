import hashlib

import pytest
from toy_tree import MODULE, make_suite

from pytest_llmops.cases import FileHash, Suite, id_of_test
from pytest_llmops.errors import CaseError
from pytest_llmops.mining.curate import Setup, run_mine
from pytest_llmops.mining.measure import MAX_SECONDS, list_tests
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.mutants import Mutant
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.mining.prove import body_lines, fault_of_wrong
from pytest_llmops.mining.refused import Rejection
from pytest_llmops.sandbox import NodePool, TestReport
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.sources import SourceTree, open_source

TEST = "lib/text.test.ts"


def mine(suite, limit=0):
    tree = open_source(suite)
    with NodePool(tree.root, size=2, isolation="process") as pool, Crew(2) as crew:
        return Miner(suite, tree, pool, crew).mine(limit)


@pytest.fixture(scope="module")
def suite(tmp_path_factory):
    return make_suite(tmp_path_factory.mktemp("mine"))


@pytest.fixture(scope="module")
def mined(suite):
    return mine(suite)


def test_functions_whose_tests_look_at_what_they_give_back_become_cases(mined):
    assert [case.id for case in mined.cases] == [
        "toy:lib/text#Counter.next",
        "toy:lib/text#double",
        "toy:lib/text#shout",
    ]


FIRST = "lib/text.test.ts: Error: not implemented"
FAILS = "1 of 9 tests of lib/text.test.ts fail here"


def test_every_other_function_that_a_test_reaches_is_told_with_its_reason(mined):
    assert mined.rejections == [
        Rejection("lib/text.ts", "first", "throw: load_error", FIRST),
        Rejection("lib/text.ts", "long", "body too long", "62 lines"),
        Rejection("lib/text.ts", "nothing", "body empty", "0 lines"),
        Rejection("lib/text.ts", "same", "a trivial body passes", f"first argument; {FAILS}"),
        Rejection("lib/text.ts", "unchecked", "a trivial body passes", f"empty; {FAILS}"),
    ]


def test_a_test_file_that_needs_a_package_is_left_out_and_told(mined):
    (one,) = mined.unusable
    assert (one.name, one.reason) == ("lib/package.test.ts", "needs an npm package")
    assert "cannot find 'some-package' imported from lib/package.test.ts: npm" in one.detail
    assert one.remedy == "pin it in the lock file that the suite's `packages` names"


def test_a_case_holds_digests_and_ids_and_no_text(mined):
    case = mined.cases[1]
    digest = hashlib.sha256(MODULE.encode()).hexdigest()
    assert case.source == FileHash(path="lib/text.ts", sha256=digest)
    body = b"{\n  return value * 2\n}"
    assert case.body_sha256 == hashlib.sha256(body).hexdigest()
    assert (case.symbol, case.body_lines, case.complexity, case.difficulty) == (
        "double",
        1,
        1,
        "easy",
    )
    assert [file.path for file in case.tests] == [TEST]


def test_only_the_tests_that_a_throw_breaks_judge_a_case(mined):
    assert mined.cases[1].fail_to_pass == (id_of_test(TEST, "text > doubles"),)


def test_a_test_that_fails_with_the_reference_is_not_expected_to_pass(mined):
    failing = id_of_test(TEST, "text > fails with any body")
    assert all(failing not in case.expected for case in mined.cases)
    assert len(mined.cases[1].pass_to_pass) == 7


def test_mining_again_gives_the_same_cases(suite, mined):
    assert mine(suite).cases == mined.cases


def test_a_limit_stops_early_with_so_many_cases(suite):
    assert len(mine(suite, limit=2).cases) == 2


def test_the_tree_is_not_written(suite, mined):
    assert mined.cases
    tree = suite.root / "tree" / "lib"
    assert (tree / "text.ts").read_text() == MODULE
    assert sorted(path.name for path in tree.iterdir()) == [
        "package.test.ts",
        "text.test.ts",
        "text.ts",
    ]


def test_test_files_are_those_the_globs_of_the_suite_match(tmp_path):
    for name in ("a.test.ts", "deep/b.test.ts", "deep/c.ts", "d.spec.ts"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    tree = SourceTree(tmp_path, "")
    assert list_tests(Suite(manifests=()), tree) == ["a.test.ts", "deep/b.test.ts"]
    both = Suite(manifests=(), tests=("*.spec.ts", "deep/*.test.ts"))
    assert list_tests(both, tree) == ["d.spec.ts", "deep/b.test.ts"]


def test_a_suite_none_of_whose_globs_matches_is_an_error(tmp_path):
    with pytest.raises(CaseError, match=r"suite 'own': no test file in .* matches"):
        list_tests(Suite(name="own", manifests=()), SourceTree(tmp_path, ""))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("function f() {}", 0),
        ("function f() { return 1 }", 1),
        ("function f() {\n\n  return 1\n\n}", 1),
        ("function f(a) {\n  if (a && 1) {\n    return 1\n  }\n\n  return 2\n}", 5),
        ("const f = (a) => a", 1),
        ("const f = (a) => a ? 1 : 2", 1),
        ("const f = (a) =>\n  a.map((b) => b ?? 1)\n   .filter(Boolean)", 2),
        ("const f = (a) => a.map((b) => { if (b) return 1; return 2 })", 1),
        ("class C { async m() {\n for (const a of []) { await a }\n } }", 1),
    ],
)
def test_lines_are_counted_between_the_braces(text, lines):
    module = parse_module(text.encode(), "a.ts")
    declaration = module.declarations[0]
    assert body_lines(module, declaration) == lines


@pytest.mark.parametrize(
    ("status", "seconds", "fault"),
    [
        ("finished", MAX_SECONDS, ""),
        ("finished", MAX_SECONDS + 0.1, "throw: slow"),
        ("timeout", 10.0, "throw: timeout"),
        ("crashed", 0.1, "throw: crashed"),
        ("load_error", 0.1, "throw: load_error"),
    ],
)
def test_a_function_whose_wrong_bodies_hang_or_break_the_run_is_no_case(status, seconds, fault):
    assert fault_of_wrong(Mutant("throw", ""), TestReport(status=status, seconds=seconds)) == fault


@pytest.mark.parametrize("glob", ["/src/**/*.test.ts", ""])
def test_patterns_that_are_none_are_named(tmp_path, glob):
    with pytest.raises(CaseError, match=r"suite 'own': tests = .*; name patterns from the top"):
        list_tests(Suite(name="own", manifests=(), tests=(glob,)), SourceTree(tmp_path, ""))


UNUSABLE = {
    "import { x } from '@/shared'; x;": "cannot find '@/shared' imported from a.test.ts",
    "import { it } from '@jest/globals'; it;": "tests written for jest need jest",
    "import { it } from 'vitest'; it('is set up', () => { (globalThis as any).prepared.a; });": (
        "is set up: TypeError: Cannot read properties of undefined"
    ),
}


@pytest.mark.parametrize("code", UNUSABLE)
def test_a_test_file_of_no_use_is_told_with_its_reason_and_with_settings_not_read(
    tmp_path, capsys, code
):
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "a.test.ts").write_text(code)
    settings = "export default { test: { setupFiles: ['./a.ts'], environment: 'node' }, alias: {} }"
    (tree / "vitest.config.ts").write_text(settings)
    suite = Suite(name="a", manifests=("a.jsonl",), folder="tree", root=tmp_path)
    assert run_mine(suite, Setup(isolation="process")) == 1
    told = capsys.readouterr().out
    assert "    1 test file: " in told
    assert "it is: a.test.ts: " in told
    assert "to do: " in told
    assert UNUSABLE[code] in told
    assert "vitest.config.ts sets alias, setupFiles: not read here" in told


PAIR = {
    "lib/half.ts": "export function half(n: number): number {\n  return n / 2;\n}\n",
    "lib/a.test.ts": """import { expect, it } from "vitest";
import { half } from "./half";
it("halves", () => expect(half(4)).toBe((globalThis as any).marked ?? 2));
""",
    "lib/b.test.ts": """import { expect, it } from "vitest";
import { half } from "./half";
it("halves more", () => {
  (globalThis as any).marked = "by another file";
  expect(half(6)).toBe(3);
});
""",
}


def test_of_a_pair_of_test_files_that_spoil_each_other_one_judges_alone(tmp_path):
    for name, text in PAIR.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    suite = Suite(name="pair", manifests=("pair-*.jsonl",), folder="tree", root=tmp_path)
    mined = mine(suite)
    assert (mined.rejections, mined.unusable, mined.quarantine) == ([], [], [])
    (case,) = mined.cases
    assert [file.path for file in case.tests] == ["lib/a.test.ts"]
    assert case.fail_to_pass == (id_of_test("lib/a.test.ts", "halves"),)
