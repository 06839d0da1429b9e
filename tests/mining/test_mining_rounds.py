"""Several bodies in one process: the same outcome as each in a process of its own, or none."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from pytest_llmops.cases import Suite, id_of_test, load_suites
from pytest_llmops.manifests import load_cases
from pytest_llmops.mining.mine import Miner
from pytest_llmops.mining.mutants import Subject, mutants, passed_ids
from pytest_llmops.mining.parallel import Crew
from pytest_llmops.sandbox import NodePool, Round, TestReport
from pytest_llmops.tasks.code.languages import parse_module
from pytest_llmops.tasks.sources import SourceTree, open_source

SOURCE = """export function count(values: number[]): number {
  return values.length;
}
"""
TESTS = """import { expect, it } from "vitest";
import { count } from "./count";
const state = globalThis as any;
it("counts", () => expect(state.spoilt ? -1 : count([1, 2])).toBe(2));
it("counts none", () => expect(count([])).toBe(0));
it("fails with any body", () => expect(1).toBe(2));
it("counts three", () => expect(count([1, 2, 3])).toBe(3));
"""
SPOILING = """import { expect, it } from "vitest";
import { count } from "./count";
const state = globalThis as any;
it("counts or is null or nothing", () => {
  if (state.spoilt) throw new Error("somebody was here");
  const found = count([1]) as unknown;
  if (found === "") state.spoilt = true;
  expect([1, "", true]).toContain(found);
});
"""


class Counting:
    """A judge that keeps the jobs it was given, and may lose those with rounds."""

    def __init__(self, pool, *, losing=False):
        self.pool, self.losing, self.jobs = pool, losing, []

    def run(self, job):
        self.jobs.append(job)
        if self.losing and job.rounds:
            return TestReport(status="timeout")
        return self.pool.run(job)


@pytest.fixture
def workshop(tmp_path):
    """Gives the subject for tests of `count`, and what judges it."""
    (tmp_path / "count.ts").write_text(SOURCE)
    with NodePool(tmp_path, size=1, isolation="process") as pool:

        def made(tests, **options):
            (tmp_path / "count.test.ts").write_text(tests)
            module = parse_module(SOURCE.encode(), "count.ts")
            tree = SourceTree(tmp_path, "")
            subject = Subject(tree, module, module.declarations[0], ("count.test.ts",))
            return subject, Counting(pool, **options)

        yield made


def ids(*titles):
    return frozenset(id_of_test("count.test.ts", title) for title in titles)


EXPECTED = ids("counts", "counts none", "counts three")


def judged(subject, judge, expected=EXPECTED):
    """Names of the bodies with those expected tests that failed, or None where none did."""
    bodies = mutants(subject.module, subject.declaration)
    found = list(subject.outcomes(judge, bodies, expected))
    return [(one.name, bool(expected - passed_ids(report))) for one, report in found]


def test_one_process_judges_all_bodies_of_a_function(workshop):
    subject, judge = workshop(TESTS)
    names = [one.name for one in mutants(subject.module, subject.declaration)]
    assert judged(subject, judge) == [(name, True) for name in names]
    assert len(judge.jobs) == 1


def test_what_one_process_says_of_many_bodies_is_what_each_says_alone(workshop):
    subject, judge = workshop(TESTS)
    alone = [
        bool(EXPECTED - passed_ids(subject.run(judge.pool, one.body)))
        for one in mutants(subject.module, subject.declaration)
    ]
    assert [fails for _, fails in judged(subject, judge)] == alone


def test_a_body_that_a_test_lets_pass_is_judged_again_alone_and_the_others_go_on(workshop):
    subject, judge = workshop(TESTS)
    expected = ids("counts none")
    passing = {name for name, fails in judged(subject, judge, expected) if not fails}
    assert passing == {"return 0"}
    again = [job for job in judge.jobs if "return 0" in job.overlay["count.ts"]]
    assert len(again) == 1


def test_what_an_earlier_body_leaves_behind_does_not_count_as_a_failure(workshop):
    subject, judge = workshop(SPOILING)
    expected = ids("counts or is null or nothing")
    passing = [name for name, fails in judged(subject, judge, expected) if not fails]
    # `return ""` passes and leaves the mark behind with which `return true` would seem to fail.
    assert passing == ['return ""', "return true"]


def test_a_process_that_is_lost_says_nothing_and_each_body_is_judged_alone(workshop):
    subject, judge = workshop(TESTS, losing=True)
    assert all(fails for _, fails in judged(subject, judge))
    bodies = mutants(subject.module, subject.declaration)
    assert [bool(job.rounds) for job in judge.jobs] == [True, *([False] * len(bodies))]


@pytest.fixture
def rounds(workshop):
    """Runs the reports of one process: a throw, then the given rounds."""
    subject, judge = workshop(TESTS)

    def run(*given):
        throw, *_ = mutants(subject.module, subject.declaration)
        job = subject.job(throw.body)
        made = tuple(
            Round(overlay={"count.ts": SOURCE.replace("values.length", body)}, whole=whole)
            for body, whole in given
        )
        return judge.run(msgspec.structs.replace(job, rounds=made, expected=tuple(EXPECTED)))

    return run


def titles(report):
    return [one.title for one in report.results]


ALL = ["counts", "counts none", "fails with any body", "counts three"]


def test_a_round_ends_at_the_first_expected_test_that_fails(rounds):
    report = rounds(("0", False), ("2", False), ("9", True), ("values.length", True))
    first, second, whole, control = report.rounds
    assert titles(report) == ALL
    assert titles(first) == ["counts"]
    assert titles(second) == ["counts", "counts none"]
    assert titles(whole) == titles(control) == ALL


def test_a_round_ends_with_the_first_file_in_which_an_expected_test_fails(workshop):
    subject, judge = workshop(TESTS)
    far = "far.test.ts"
    (subject.tree.root / far).write_text(TESTS)
    subject = replace(subject, tests=(*subject.tests, far))
    expected = EXPECTED | {id_of_test(far, "counts")}
    report = judge.run(subject.in_one(mutants(subject.module, subject.declaration), expected))
    both = {*subject.tests}
    found = [{one.file for one in each.results} for each in (report, *report.rounds)]
    whole = [both, both]  # the throw and the empty body
    assert found == [*whole, *([{"count.test.ts"}] * (len(found) - 3)), both]


def test_a_test_that_fails_with_any_body_ends_no_round(rounds):
    report = rounds(("values.length % 3", False), ("values.length", True))
    assert titles(report.rounds[0]) == ALL


def test_after_a_body_that_passes_only_the_control_is_judged(rounds):
    report = rounds(("values.length + 0", False), ("7", False), ("values.length", True))
    passing, control = report.rounds
    assert passed_ids(passing) >= EXPECTED
    assert passed_ids(control) >= EXPECTED


def test_rounds_tell_no_messages_and_their_seconds_are_not_those_of_the_job(rounds):
    report = rounds(("9", True), ("values.length", True))
    assert any(one.message for one in report.results)
    assert not any(one.message for found in report.rounds for one in found.results)
    assert all(0 < found.seconds < report.seconds + 1 for found in report.rounds)


def test_nothing_follows_a_first_body_that_no_expected_test_notices(workshop):
    subject, judge = workshop(TESTS)
    overlay = {"count.ts": SOURCE}
    job = msgspec.structs.replace(
        subject.job("{ return values.length }"),
        rounds=(Round(overlay=overlay), Round(overlay=overlay)),
        expected=tuple(EXPECTED),
    )
    report = judge.run(job)
    assert (report.status, report.rounds) == ("finished", ())


SEVERAL = """export function one(): number {
  return 1;
}
export function two(): number {
  return 2;
}
export function three(): number {
  return 3;
}
export function four(): number {
  return 4;
}
"""
FOUR = """import { expect, it } from "vitest";
import { four, one, three, two } from "./several";
const state = globalThis as any;
it("is one", () => {
  LEAVES
  expect(one()).toBe(1);
});
it("is two", () => {
  if (state.spoilt) throw new Error("somebody was here");
  expect(two()).toBe(2);
});
it("is three", () => expect(three()).toBe(3));
it("is four", () => expect(four()).toBe(4));
"""
SPOILS = "try { one(); } catch (error) { state.spoilt = true; throw error; }"


@pytest.fixture
def several(tmp_path):
    """Mines the four functions with their tests; gives what came of it, and the jobs."""

    def mined(tests):
        (tmp_path / "several.ts").write_text(SEVERAL)
        (tmp_path / "several.test.ts").write_text(tests)
        suite = Suite(name="own", manifests=("own.jsonl",), folder=".", root=tmp_path)
        tree = open_source(suite)
        with NodePool(tree.root, size=1, isolation="process") as pool, Crew(1) as crew:
            judge = Counting(pool)
            return Miner(suite, tree, judge, crew).mine(), judge.jobs

    return mined


def test_functions_with_the_same_tests_are_proved_in_one_process(several):
    mined, jobs = several(FOUR.replace("LEAVES", ""))
    assert [case.symbol for case in mined.cases] == ["four", "one", "three", "two"]
    proving = [job for job in jobs if job.rounds]
    assert [len(job.sections) for job in proving] == [3]
    # Measured three times and looked at three times.
    assert len(jobs) == 1 + 3 + 1 + 3


def test_each_of_several_functions_has_the_tests_that_fail_without_it_alone(several):
    mined, _ = several(FOUR.replace("LEAVES", ""))
    for case in mined.cases:
        assert case.fail_to_pass == (id_of_test("several.test.ts", f"is {case.symbol}"),)


def test_what_the_throw_of_one_function_leaves_behind_is_not_told_of_the_next(several):
    clean, _ = several(FOUR.replace("LEAVES", ""))
    mined, _ = several(FOUR.replace("LEAVES", SPOILS))
    found, without = (
        {case.symbol: set(case.fail_to_pass) for case in one.cases} for one in (mined, clean)
    )
    # Two fails behind it in the same run, and so for a process of its own as well.
    assert found.pop("one") == {
        id_of_test("several.test.ts", f"is {name}") for name in ("one", "two")
    }
    assert found == {name: ids for name, ids in without.items() if name != "one"}


STARTER = Path(__file__).parents[2] / "cases"
FILES = ("eval/ansi_text.test.ts", "eval/duration_text.test.ts")


def test_files_of_the_embedded_suite_give_the_lines_of_its_manifest():
    suite = load_suites(STARTER / "suites.toml")["starter"]
    committed = [one for one in load_cases(suite) if one.tests[0].path in FILES]
    suite = msgspec.structs.replace(suite, tests=FILES)
    tree = open_source(suite)
    with NodePool(tree.root, size=2, isolation="process") as pool, Crew(2) as crew:
        mined = Miner(suite, tree, pool, crew).mine()
    lines = [msgspec.json.encode(msgspec.structs.replace(one, date="")) for one in committed]
    assert [msgspec.json.encode(one) for one in mined.cases] == lines
