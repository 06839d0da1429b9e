"""Falsification: honest assertions hold for one value only; a lie holds for two."""

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport

HERE = Path(__file__).parent
SEEDS = range(8)
TESTS = """
import { expect, it } from "vitest";
import { value } from "../src/target";
it("is eight", () => expect(value(4)).toBe(8));
it("is a pair", () => expect(value(1)).toEqual({ a: 2, b: ["c"] }));
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "tests" / "target.test.ts").write_text(TESTS)
    source = (HERE / "test_sandbox_falsify.ts").read_text("utf-8")
    (root / "tests" / "honest.test.ts").write_text(source)
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def judge(pool: NodePool, root: Path, test: str, falsify: int | None, code: str = "") -> TestReport:
    return pool.run(
        TestJob(root=root, tests=(test,), overlay={"src/target.ts": code}, falsify=falsify)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_assertions_of_every_kind_hold_for_one_value_only(pool, root, seed):
    report = judge(pool, root, "tests/honest.test.ts", seed)
    assert report.status == "finished", report.detail
    assert [(r.title, r.message) for r in report.results if not r.passed] == []
    assert [r.title for r in report.results if r.held] == []
    counted = {result.title: result.refuted for result in report.results}
    assert {title: int(title.rpartition(" ")[2]) for title in counted} == counted


def test_nothing_is_counted_where_nothing_is_changed(pool, root):
    report = judge(pool, root, "tests/honest.test.ts", None)
    assert {(result.refuted, result.held) for result in report.results} == {(0, 0)}


def test_the_same_seed_draws_the_same_changes(pool, root):
    code = "export const value = (x: number): any => x;"
    first, again = (judge(pool, root, "tests/target.test.ts", 5, code) for _ in range(2))
    assert [r.message for r in first.results] == [r.message for r in again.results]
