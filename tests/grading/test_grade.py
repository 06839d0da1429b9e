import dataclasses
import hashlib
import time
from pathlib import Path

import msgspec
import pytest
from made_tasks import MODULE, fenced, make_task

from pytest_llmops.cases import FileHash, id_of_test
from pytest_llmops.completions import Completion, Loop, Timing, Usage
from pytest_llmops.errors import SandboxError
from pytest_llmops.grading.grade import DETAIL_LIMIT, count_passed, grade
from pytest_llmops.grading.graded import Grade
from pytest_llmops.grading.grader import GRADER
from pytest_llmops.sandbox import NodePool, TestReport, TestResult
from pytest_llmops.sandbox.judge.lock import read_lock
from pytest_llmops.tasks.materialize import materialize
from pytest_llmops.tasks.sources import SourceTree

FILE = "text.test.ts"
CUT = "export function cut(text: string, limits: Limits): string {\n  return text;\n}"
ANSWER = fenced(CUT)
TITLES = ("cut > shortens", "cut > keeps")
EXPECTED = tuple(id_of_test(FILE, title) for title in TITLES)


class Pool:
    """A judge that reports what it is told, in turn, and remembers what it was asked."""

    def __init__(self, *reports):
        self.reports = list(reports)
        self.jobs = []

    def run(self, job):
        self.jobs.append(job)
        report = self.reports[0] if len(self.reports) == 1 else self.reports.pop(0)
        if isinstance(report, Exception):
            raise report
        return report


def completion(text, finish_reason="stop", refusal=""):
    return Completion(
        text=text,
        finish_reason=finish_reason,
        usage=Usage(input=1, output=1),
        timing=Timing(started=0, queue=0, first_token=0, total=0),
        refusal=refusal,
    )


def result(title, *, passed=True, file=FILE, message=""):
    return TestResult(file=file, title=title, passed=passed, message=message)


def report(*results, status="finished", detail=""):
    return TestReport(status=status, results=results, detail=detail, seconds=0.25)


ALL = report(*map(result, TITLES))


def task():
    return make_task(
        "cut", root=Path("/tree"), fail_to_pass=EXPECTED[:1], pass_to_pass=EXPECTED[1:]
    )


def graded(text=ANSWER, judged=ALL, **fields):
    return grade(task(), completion(text, **fields), Pool(judged))


def test_an_answer_that_passes_every_expected_test_is_solved():
    pool = Pool(ALL)
    got = grade(task(), completion(fenced(CUT)), pool)
    assert (got.outcome, got.solved, got.detail) == ("solved", True, "")
    assert (got.tests_passed, got.tests_expected, got.seconds) == (2, 2, 0.25)
    assert got.quality.code_share > 0.5
    (job,) = pool.jobs
    assert job.falsify is not None
    assert job.wary
    assert (job.root, job.tests) == (Path("/tree"), (FILE,))
    assert list(job.overlay) == ["text.ts"]
    assert CUT in job.overlay["text.ts"]


@pytest.mark.parametrize(
    ("judged", "passed", "detail"),
    [
        (report(), 0, "2 expected tests were not reported"),
        (report(result(TITLES[0])), 1, "1 expected tests were not reported"),
        (report(result(TITLES[0]), result(TITLES[1], passed=False, message="no\n  way")), 1,
         "cut > keeps: no way"),
        (report(*map(result, (*TITLES, TITLES[0]))), 1, "cut > shortens: reported 2 times"),
        (report(*map(result, TITLES), result(TITLES[0], passed=False)), 1, "reported 2 times"),
        (report(*(result(title, file="other.test.ts") for title in TITLES)), 0, "not reported"),
        (report(*(result(title + " (2)") for title in TITLES)), 0, "not reported"),
    ],
)  # fmt: skip
def test_anything_but_the_exact_set_is_wrong(judged, passed, detail):
    got = graded(judged=judged)
    assert (got.outcome, got.tests_passed, got.tests_expected) == ("wrong", passed, 2)
    assert detail in got.detail


def test_tests_beyond_the_expected_count_neither_way():
    other = result("flaky", passed=False, message="no")
    assert graded(judged=report(other, *map(result, TITLES), other)).solved


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("crashed", "wrong"),
        ("syntax_error", "syntax_error"),
        ("load_error", "load_error"),
        ("forbidden_import", "forbidden_import"),
        ("timeout", "timeout"),
        ("out_of_memory", "out_of_memory"),
    ],
)
def test_a_judge_that_did_not_finish_proves_nothing(status, outcome):
    got = graded(judged=report(*map(result, TITLES), status=status, detail="so it was"))
    assert (got.outcome, got.tests_passed) == (outcome, 0)
    assert got.detail.endswith(": so it was")


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"text": ""}, "empty"),
        ({"text": "I do not know."}, "empty"),
        ({"text": "", "finish_reason": "length"}, "truncated"),
        ({"text": "<think>So", "finish_reason": "length"}, "truncated"),
        ({"text": "", "refusal": "I must not."}, "refused"),
        ({"refusal": "I must not."}, "refused"),
        ({"finish_reason": "content_filter"}, "refused"),
    ],
)
def test_what_holds_no_answer_is_not_run(fields, outcome):
    pool = Pool(ALL)
    text = fields.pop("text", fenced(CUT))
    got = grade(task(), completion(text, **fields), pool)
    assert (got.outcome, got.tests_passed, got.seconds) == (outcome, 0, 0)
    assert got.detail
    assert pool.jobs == []


@pytest.mark.parametrize("status", ["finished", "syntax_error", "timeout"])
def test_an_answer_that_hit_the_limit_is_truncated_unless_solved(status):
    assert graded(judged=report(status=status), finish_reason="length").outcome == "truncated"
    assert graded(finish_reason="length").outcome == "solved"


def test_an_answer_that_looks_broken_is_still_run():
    got = graded(f"```ts\n{CUT[:-2]}", judged=report(status="syntax_error", detail="line 3"))
    assert got.outcome == "syntax_error"
    assert got.quality.syntax_errors > 0


def test_a_fault_of_the_sandbox_is_not_an_outcome():
    with pytest.raises(SandboxError, match="no bubblewrap"):
        graded(judged=SandboxError("no bubblewrap"))


def test_the_detail_is_one_short_line_that_can_be_dropped():
    got = graded(judged=report(result(TITLES[0], passed=False, message="long\n" * 500)))
    assert len(got.detail) == DETAIL_LIMIT
    assert "\n" not in got.detail
    assert got.without_content() == msgspec.structs.replace(got, detail="")


def test_a_grade_survives_the_wire():
    got = graded()
    assert msgspec.json.decode(msgspec.json.encode(got), type=type(got)) == got


def test_counting_needs_no_expected_test_to_be_in_order():
    assert count_passed(report(*map(result, reversed(TITLES))), frozenset(EXPECTED))[0] == 2


TESTS = """\
import { describe, expect, it } from "vitest";
import { cut } from "./text.ts";

describe("cut", () => {
  it("shortens", () => expect(cut("abc", { size: 1, tail: "dots" })).toBe("a..."));
  it("keeps", () => expect(cut("abc", { size: 3, tail: "dots" })).toBe("abc"));
});
"""


def test_real_answers_in_the_real_sandbox(tmp_path):
    (tmp_path / "text.ts").write_text(MODULE)
    (tmp_path / FILE).write_text(TESTS)
    digest = hashlib.sha256(TESTS.encode()).hexdigest()
    tests = (FileHash(path=FILE, sha256=digest),)
    case = make_task("cut", tests=tests, fail_to_pass=EXPECTED).case
    real = materialize(case, SourceTree(tmp_path, ""))
    answers = {
        fenced(f"function cut(text, limits) {real.reference}"): ("solved", 2),
        fenced(real.reference[1:-1]): ("solved", 2),
        fenced("function cut(a, b) { return a }"): ("wrong", 1),
        fenced("function cut(a, b) { return a }").replace("}", ""): ("syntax_error", 0),
        fenced('function cut(a, b) { throw new Error("no") }'): ("wrong", 0),
    }
    with NodePool(tmp_path) as pool:
        for text, expected in answers.items():
            got = grade(real, completion(text), pool)
            assert (got.outcome, got.tests_passed) == expected
    assert (tmp_path / "text.ts").read_text() == MODULE


SETS = """\
import { describe, expect, it } from "vitest";
import { cut } from "./text.ts";

describe("cut", () => {
  it("shortens", () => expect(cut("abc", null as any)).toEqual(new Set(["abc"])));
  it("keeps", () => expect(cut("", null as any)).toEqual(new Set([""])));
});
"""
LIE = """\
function cut(a, b) {
  return { [Symbol.toStringTag]: "Set", constructor: Set, size: 1, *[Symbol.iterator]() {} }
}
"""
TRUTH = "function cut(a, b) { return new Set([a]) }"


def test_an_answer_that_would_meet_any_expectation_is_forged_in_the_real_sandbox(tmp_path):
    (tmp_path / "text.ts").write_text(MODULE)
    (tmp_path / FILE).write_text(SETS)
    digest = hashlib.sha256(SETS.encode()).hexdigest()
    tests = (FileHash(path=FILE, sha256=digest),)
    case = make_task("cut", tests=tests, fail_to_pass=EXPECTED).case
    real = materialize(case, SourceTree(tmp_path, ""))
    with NodePool(tmp_path) as pool:
        assert grade(real, completion(fenced(TRUTH)), pool).outcome == "solved"
        got = grade(real, completion(fenced(LIE)), pool)
    assert (got.outcome, got.solved, got.tests_passed) == ("forged", False, 2)
    assert "holds for another expected value as well" in got.detail


def test_a_grade_says_when_its_tests_began_and_old_ones_are_read_without():
    before = time.time()
    found = grade(task(), completion(ANSWER), Pool(ALL))
    assert before <= found.started + found.seconds <= time.time()
    encoded = msgspec.json.decode(msgspec.json.encode(found))
    del encoded["started"]
    assert msgspec.convert(encoded, Grade).started == 0.0


def test_an_answer_cut_by_the_context_of_the_server_has_an_outcome_of_its_own():
    assert graded("", finish_reason="context").outcome == "context"
    assert graded(finish_reason="context").outcome == "solved"


def counted(title, refuted=0, held=0, unsure=0):
    return msgspec.structs.replace(result(title), refuted=refuted, held=held, unsure=unsure)


REFUTED = report(counted(TITLES[0], 3), counted(TITLES[1]))
UNSURE = report(counted(TITLES[0], 3), counted(TITLES[1], unsure=1))


def judged(*reports, falsifiable=0, **fields):
    one = task()
    case = msgspec.structs.replace(one.case, falsifiable=falsifiable)
    pool = Pool(*reports)
    got = grade(dataclasses.replace(one, case=case), completion(ANSWER, **fields), pool)
    return got, pool


def test_an_answer_that_meets_no_other_expectation_is_solved():
    got, pool = judged(REFUTED, falsifiable=1)
    assert got.outcome == "solved"
    assert len(pool.jobs) == 1


def test_an_answer_compared_by_what_could_notice_is_judged_again_with_everything_changed():
    got, pool = judged(UNSURE, REFUTED, falsifiable=1)
    assert got.outcome == "solved"
    job, again = pool.jobs
    assert (job.wary, again.wary) == (True, False)
    assert job.falsify != again.falsify
    assert msgspec.structs.replace(again, falsify=job.falsify, wary=True) == job


@pytest.mark.parametrize("before", [(), (UNSURE,)], ids=["at once", "in the second look"])
def test_an_answer_that_meets_another_expectation_is_forged(before):
    lie = report(counted(TITLES[0], 3), counted(TITLES[1], 1, 1))
    got, pool = judged(*before, lie)
    assert (got.outcome, got.solved) == ("forged", False)
    assert got.detail == "cut > keeps: holds for another expected value as well"
    assert len(pool.jobs) == 1 + len(before)


def test_a_forged_answer_is_forged_even_where_it_was_cut_off():
    lie = report(counted(TITLES[0], 0, 1), counted(TITLES[1]))
    assert judged(lie, finish_reason="length")[0].outcome == "forged"


@pytest.mark.parametrize("before", [(), (UNSURE,)], ids=["at once", "in the second look"])
def test_an_answer_for_which_nothing_was_compared_is_forged_where_its_tests_state_values(before):
    assert judged(*before, ALL, falsifiable=2)[0].outcome == "forged"
    assert judged(*before, ALL, falsifiable=0)[0].outcome == "solved"


def test_what_tests_beyond_the_expected_ones_meet_does_not_count():
    more = report(*REFUTED.results, counted("flaky", 0, 5, 1))
    got, pool = judged(more)
    assert (got.outcome, len(pool.jobs)) == ("solved", 1)


def test_an_answer_that_does_not_pass_again_is_looked_at_once_more_and_is_not_forged():
    failing = report(result(TITLES[0], passed=False, message="late"), result(TITLES[1]))
    got, pool = judged(UNSURE, failing, REFUTED)
    assert (got.outcome, len(pool.jobs)) == ("solved", 3)
    got, pool = judged(UNSURE, failing, failing)
    assert (got.outcome, len(pool.jobs)) == ("wrong", 3)
    assert got.detail == "passed once and then no more: cut > shortens: late"
    slow = report(status="timeout", detail="no report within 10 s")
    assert judged(UNSURE, slow, slow)[0].outcome == "timeout"


def test_only_solved_answers_are_judged_again():
    failing = report(result(TITLES[0], passed=False), counted(TITLES[1], unsure=1))
    assert len(judged(failing)[1].jobs) == 1


def test_what_an_agent_makes_of_files_that_serve_tests_judges_nothing():
    one, pool = task(), Pool(ALL)
    path = one.case.source.path
    files = {path: MODULE, "near.ts": "export {};\n", "tests/compare.ts": "", "conftest.py": ""}
    loop = Loop(ending="done", turns=(), seconds=0.0, files=files)
    grade(one, msgspec.structs.replace(completion(MODULE), loop=loop), pool)
    assert pool.jobs[0].overlay.keys() == {path, "near.ts"}


def test_the_grader_on_record_names_the_version_of_vitest_that_judges():
    locked = {package.name: package.version for package in read_lock().packages}
    assert GRADER.startswith(f"vitest {locked['vitest']}, ")
