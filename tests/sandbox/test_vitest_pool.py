"""A repository's own vitest judges in the cage: its settings, its packages, our reports."""

import pytest
from own_tree import TEST, own_suite, own_tree, with_body, write_own
from test_waiting import LATE

from pytest_llmops.errors import SandboxError
from pytest_llmops.sandbox import Round, Section, TestJob
from pytest_llmops.sandbox.opening import open_pool
from pytest_llmops.sandbox.texts import texts
from pytest_llmops.sandbox.vitest.given import TAKEN
from pytest_llmops.sandbox.vitest.pool import START
from pytest_llmops.tasks.sources import open_source

PRICE, SECONDS = "src/price.ts", "reads a duration"
RIGHT = "  return ms(text) / 1000"


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return own_tree(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def pool(tree):
    with open_pool(tree, size=1) as opened:
        yield opened


def job(tree, overlay=None, **more):
    return TestJob(root=tree.root, tests=(TEST,), overlay=overlay or {}, **more)


def passed(report):
    return {one.title: one.passed for one in report.results}


def test_tests_that_mock_modules_run_with_the_settings_of_their_repository(tree, pool):
    report = pool.run(job(tree))
    assert report.status == "finished", report.detail
    assert passed(report) == {
        "price > asks for the rate": True,
        "price > passes on what cannot be told": True,
        "reads a duration": True,
        "has the files of its tree beside it": True,
        "fails with any body": False,
    }
    assert {one.file for one in report.results} == {TEST}
    assert 0 < report.seconds < 10
    assert report.peak_memory is None


def test_a_candidate_stands_in_the_place_of_its_file_and_no_file_is_written(tree, pool):
    before = dict(texts(tree.root, TAKEN))
    found = passed(pool.run(job(tree, {PRICE: with_body("seconds", "  return ms(text)")})))
    assert not found[SECONDS]
    assert found["price > asks for the rate"]
    texts.cache_clear()
    assert texts(tree.root, TAKEN) == before


def test_a_survey_names_the_files_that_are_loaded_and_the_packages(tree, pool):
    report = pool.run(job(tree, survey=True))
    assert report.files == (TEST, PRICE)
    assert report.packages == ("vitest",)


def bodies(*given):
    return [{PRICE: with_body("seconds", one)} for one in given]


def test_rounds_and_sections_are_judged_each_by_itself(tree, pool):
    throws, zero, two, right = bodies("  throw 1", "  return 0", "  return 120", RIGHT)
    rounds = (Round(overlay=zero), Round(overlay=two), Round(overlay=right))
    other = {"src/rates.ts": "export const rate = 1"}
    sections = (Section(overlay=other, rounds=rounds), Section(overlay=throws, rounds=rounds[2:]))
    report = pool.run(job(tree, throws, rounds=rounds, sections=sections))

    def judged(one):
        return [passed(each)[SECONDS] for each in (one, *one.rounds)]

    assert judged(report) == [False, False, False, True]
    assert list(map(judged, report.sections)) == [[True, False, False, True], [False, True]]


@pytest.mark.parametrize(
    ("overlay", "status", "said"),
    [
        ({PRICE: "export const = 1"}, "syntax_error", "src/price.ts: "),
        ({PRICE: "throw new Error('early')"}, "load_error", "early"),
        (
            {PRICE: "import 'node:net'"},
            "forbidden_import",
            "may not import 'node:net'",
        ),
        ({PRICE: "import './rates'"}, "forbidden_import", "may not import './rates'"),
        ({PRICE: "require('vitest')"}, "forbidden_import", "may not import 'vitest'"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_does_not_run_is_told_as_our_own_judge_tells_it(overlay, status, said, tree, pool):
    report = pool.run(job(tree, overlay))
    assert (report.status, said in report.detail) == (status, True), report.detail


ALLOWED = (
    'import { rate } from "@/rates"\nimport { isDeepStrictEqual } from "node:util"',
    'import type { Socket } from "node:net"',
    'import { one } from "./own-part.js"',
)


@pytest.mark.parametrize("above", ALLOWED)
def test_an_answer_may_import_what_its_file_does_harmless_modules_types_and_its_own(
    above, tree, pool
):
    overlay = {
        PRICE: with_body("seconds", RIGHT, above.replace("{ rate }", "{ rate as other }")),
        "src/own-part.ts": "export const one = 1",
    }
    report = pool.run(job(tree, overlay))
    assert passed(report)[SECONDS], report.detail


def test_an_endless_loop_ends_with_its_time(tree):
    with open_pool(tree, size=1) as pool:
        overlay = {PRICE: with_body("seconds", "  for (;;) {}")}
        report = pool.run(job(tree, overlay, timeout=5.0 - START))
    assert report.status == "timeout"


def test_memory_is_limited(tree, pool):
    body = "  const all: string[][] = []\n  for (;;) all.push(new Array(1e6).fill(text))"
    overlay = {PRICE: with_body("seconds", body)}
    report = pool.run(job(tree, overlay, memory=64 * 2**20))
    assert report.status == "out_of_memory", report.detail


def test_a_test_file_that_the_settings_leave_out_is_told(tree, pool):
    overlay = {"other.test.ts": "import { it } from 'vitest'\nit('is', () => {})"}
    report = pool.run(TestJob(root=tree.root, tests=("other.test.ts",), overlay=overlay))
    assert report.status == "load_error"
    assert report.detail == "other.test.ts: vitest's configuration leaves it out"


def computed(tree, rounds):
    """Result of a test with a limit of one second that computes so many rounds."""
    overlay = {"src/late.test.ts": LATE % (rounds // 20)}
    asked = TestJob(root=tree.root, tests=("src/late.test.ts",), overlay=overlay, timeout=200)
    with open_pool(tree, size=1) as pool:
        report = pool.run(asked)
    return report.seconds, passed(report)


@pytest.mark.usefixtures("starved")
def test_a_limit_of_a_test_is_what_its_process_takes_itself(tree):
    seconds, found = computed(tree, 150_000_000)
    assert seconds > 1
    assert found == {"computes": True}


def test_a_test_that_computes_for_longer_than_its_limit_fails(tree):
    _, found = computed(tree, 3_000_000_000)
    assert found == {"computes": False}


BUILT = {
    "packages/one/package.json": """\
{"name": "@own/one", "exports": {
  ".": {"types": "./dist/index.d.ts", "import": "./dist/index.js"}, "./deep/*": "./dist/deep/*.js"
}}
""",
    "packages/one/src/index.ts": "export const one: number = 1",
    "packages/one/src/deep/two.ts": "export const two: number = 2",
    "src/uses.test.ts": """\
import { expect, it } from "vitest"
import { one } from "@own/one"
import { two } from "@own/one/deep/two"
it("is", () => expect([one, two]).toEqual([1, 2]))
""",
}


def test_a_package_of_the_tree_that_nobody_has_built_leads_to_its_source(tree, pool):
    tests = ("src/uses.test.ts",)
    report = pool.run(TestJob(root=tree.root, tests=tests, overlay=BUILT, trusted=True))
    assert passed(report) == {"is": True}, report.detail


def test_the_lock_file_may_lie_in_a_folder_of_the_tree(tmp_path):
    suites = write_own(tmp_path)
    (tmp_path / "own").rename(tmp_path / "sdk")
    (tmp_path / "own").mkdir()
    (tmp_path / "sdk").rename(tmp_path / "own" / "sdk")
    suites.write_text(suites.read_text().replace('vitest = "', 'vitest = "sdk/'))
    tree = open_source(own_suite(suites))
    with open_pool(tree, size=1) as pool:
        test = f"sdk/{TEST}"
        report = pool.run(TestJob(root=tree.root, tests=(test,), overlay={}))
    assert sum(passed(report).values()) == 4, report.detail
    assert {one.file for one in report.results} == {test}


def test_without_namespaces_nothing_is_judged(tree):
    with pytest.raises(SandboxError, match="'vitest' are judged in namespaces alone"):
        open_pool(tree, size=1, isolation="process")
