"""Mining the same tree again gives the same manifests, whatever chance does to its tests."""

import msgspec
import pytest

from pytest_llmops.cases import Suite, id_of_test
from pytest_llmops.mining.curate import Setup, run_mine
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.mined import LATE
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.sandbox import NodePool, TestReport
from pytest_llmops.tasks.sources import open_source

FILES = {
    "lib/half.ts": "export function half(n: number): number {\n  return n / 2\n}\n"
    "export function twice(n: number): number {\n  return n * 2\n}\n",
    "lib/half.test.ts": """import { expect, it } from "vitest"
import { half, twice } from "./half"
it("halves", () => expect(half(4)).toBe(2))
it("doubles", () => expect(twice(2)).toBe(4))
it("goes by chance", () => {
  expect(half(4)).toBe(2)
  expect(Math.random()).toBeLessThan(0.2)
})
it("goes by chance as well", () => {
  expect(twice(4)).toBe(8)
  expect(Math.random()).toBeLessThan(0.2)
})
""",
    "lib/marks.test.ts": """import { expect, it } from "vitest"
import { half } from "./half"
it("halves and leaves a mark", () => {
  expect(half(6)).toBe((globalThis as any).marked ? 0 : 3)
  ;(globalThis as any).marked = true
})
""",
    "lib/marked.test.ts": """import { expect, it } from "vitest"
import { half, twice } from "./half"
it("halves where no mark is", () => {
  expect(half(8)).toBe((globalThis as any).marked ? 0 : 4)
  expect(twice(8)).toBe(16)
  ;(globalThis as any).marked = true
})
""",
    "lib/luck.test.ts": """import { expect, it } from "vitest"
import { half } from "./half"
it("has luck", () => expect(half(2) + (Math.random() < 0.8 ? 1 : 0)).toBe(1))
""",
}


@pytest.fixture
def suite(tmp_path):
    for name, text in FILES.items():
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / name).write_text(text)
    return Suite(name="again", manifests=("again.jsonl",), folder="tree", root=tmp_path)


def test_two_minings_write_the_same_bytes_whatever_passes_by_chance(suite, tmp_path):
    outputs = [tmp_path / "one.jsonl", tmp_path / "two.jsonl"]
    for output in outputs:
        assert run_mine(suite, Setup(isolation="process"), output=output) == 0
    first, second = (output.read_bytes() for output in outputs)
    assert first == second
    for title in ("goes by chance", "goes by chance as well"):
        assert id_of_test("lib/half.test.ts", title).encode() not in first


class Unlucky:
    """A judge with whom one test fails in the jobs that are chosen, and never else."""

    def __init__(self, pool, title, fails):
        self._pool, self._title, self._fails = pool, title, fails
        self._plain = 0

    def run(self, job):
        report = self._pool.run(job)
        self._plain += not (job.survey or job.overlay)
        if not self._fails(job, self._plain):
            return report
        kept = [
            msgspec.structs.replace(one, passed=False, message="no luck")
            if one.title == self._title
            else one
            for one in report.results
        ]
        return msgspec.structs.replace(report, results=tuple(kept))


UNLUCKY = {
    "in one of the runs of its file": (
        lambda job, number: not job.overlay and number == 2,
        "failed in run 3 of 3: no luck",
    ),
    "while functions are proved": (lambda job, _: job.falsify is not None, LATE),
}


@pytest.mark.parametrize("when", UNLUCKY)
def test_a_test_that_fails_once_is_in_quarantine_and_left_out_of_every_case(suite, when):
    fails, said = UNLUCKY[when]
    for name in FILES:
        if name not in ("lib/half.ts", "lib/half.test.ts"):
            (suite.root / "tree" / name).unlink()
    tests = suite.root / "tree" / "lib" / "half.test.ts"
    tests.write_text(FILES["lib/half.test.ts"].partition('it("goes')[0])
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        mined = Miner(suite, tree, Unlucky(pool, "doubles", fails), crew).mine()
    assert [case.symbol for case in mined.cases] == ["half"]
    assert mined.cases[0].expected == {id_of_test("lib/half.test.ts", "halves")}
    assert [(one.symbol, one.reason) for one in mined.rejections] == [("twice", "no test fails")]
    assert [(one.title, one.detail) for one in mined.quarantine] == [("doubles", said)]


class Late:
    """A judge that does not come back where expectations of some test files are changed."""

    def __init__(self, pool, fails):
        self._pool, self._fails = pool, fails

    def run(self, job):
        if job.falsify is None or not self._fails(job.tests):
            return self._pool.run(job)
        said = "no report within 10 s"
        return TestReport(status="timeout", results=(), detail=said, seconds=10.0)


def mined_late(suite, names, fails):
    for name in FILES:
        if name != "lib/half.ts" and name not in names:
            (suite.root / "tree" / name).unlink()
    tree = open_source(suite)
    with NodePool(tree.root, isolation="process") as pool, Crew(1) as crew:
        return Miner(suite, tree, Late(pool, fails), crew).mine()


def test_a_reference_that_takes_too_long_under_the_look_makes_no_test_flaky(suite):
    tests = suite.root / "tree" / "lib" / "half.test.ts"
    tests.write_text(FILES["lib/half.test.ts"].partition('it("goes')[0])
    mined = mined_late(suite, ["lib/half.test.ts"], lambda _: True)
    assert (mined.cases, mined.quarantine) == ([], [])
    assert [(one.symbol, one.reason, one.detail) for one in mined.rejections] == [
        (name, "reference: timeout", "no report within 10 s") for name in ("half", "twice")
    ]
    assert "where each expectation is looked at" in mined.rejections[0].remedy


def test_test_files_that_take_too_long_together_judge_alone(suite):
    (suite.root / "tree" / "lib" / "half.test.ts").write_text(
        FILES["lib/half.test.ts"].partition('it("goes')[0]
    )
    marks = suite.root / "tree" / "lib" / "marks.test.ts"
    marks.write_text(FILES["lib/marks.test.ts"].replace("marked = true", "marked = false"))
    names = ["lib/half.test.ts", "lib/marks.test.ts"]
    mined = mined_late(suite, names, lambda tests: len(tests) > 1)
    assert [case.symbol for case in mined.cases] == ["half", "twice"]
    assert [test.path for test in mined.cases[0].tests] == ["lib/half.test.ts"]
    assert mined.quarantine == []


SPOILING = {
    "for one reason": ("n", "0 : 6", ("a trivial body passes", "first argument")),
    "for two reasons": (
        "n === 6 ? 0 : n",
        "1 : 0",
        (
            "order of its tests matters",
            "lib/marked.test.ts and lib/marks.test.ts fail together; alone: "
            "a trivial body passes (first argument), a trivial body passes (return 0)",
        ),
    ),
}


@pytest.mark.parametrize("why", SPOILING)
def test_files_that_spoil_each_other_are_told_with_what_each_says_alone(suite, why):
    half, expected, told = SPOILING[why]
    folder = suite.root / "tree" / "lib"
    (folder / "half.ts").write_text(FILES["lib/half.ts"].replace("n / 2", half))
    (folder / "marks.test.ts").write_text(FILES["lib/marks.test.ts"].replace("0 : 3", expected))
    (folder / "marked.test.ts").write_text(FILES["lib/marked.test.ts"].replace("0 : 4", "0 : 8"))
    mined = mined_late(suite, ["lib/marks.test.ts", "lib/marked.test.ts"], lambda _: False)
    (one,) = (one for one in mined.rejections if one.symbol == "half")
    assert (one.reason, one.detail) == told
