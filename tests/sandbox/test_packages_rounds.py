"""npm packages of many bodies in one process: loaded once for all behind the first."""

import hashlib

import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.sandbox import NodePool, Round, TestJob
from pytest_llmops.sandbox.node.installation import Installation

PACKAGE = """globalThis.loads = (globalThis.loads || 0) + 1;
exports.number = globalThis.loads;
"""
SOURCE = "export const one = (): number => 1;\n"
TESTS = """import { expect, it, vi } from "vitest";
import { number } from "counted";
import { one } from "./one";
const state = globalThis as any;
it("is the first that is loaded", () => expect(number).toBe(1));
it("is the third that is loaded", () => expect(number).toBe(3));
it("is loaded anew where modules are forgotten", async () => {
  const before = state.loads;
  vi.resetModules();
  expect((await import("counted")).number).toBe(before + 1);
});
it("is one", () => expect(one()).toBe(1));
"""
EXPECTED = id_of_test("one.test.ts", "is one")


@pytest.fixture
def judged(tmp_path):
    """The titles of the tests that pass: of a first body and of three in the same process."""
    tree, modules = tmp_path / "tree", tmp_path / "packages"
    package = modules / "node_modules/counted/index.js"
    package.parent.mkdir(parents=True)
    package.write_text(PACKAGE)
    (package.parent / "package.json").write_text('{ "name": "counted" }')
    tree.mkdir()
    (tree / "one.ts").write_text(SOURCE)
    (tree / "one.test.ts").write_text(TESTS)
    bodies = [SOURCE.replace("1;", f"{number};") for number in (2, 3, 4, 1)]
    first, *others = ({"one.ts": body} for body in bodies)
    job = TestJob(
        root=tree,
        tests=("one.test.ts",),
        overlay=first,
        rounds=tuple(Round(overlay=overlay, whole=True) for overlay in others),
        expected=(EXPECTED,),
    )
    installed = Installation(modules, hashlib.sha256(PACKAGE.encode()).hexdigest()[:16])
    with NodePool(tree, packages=installed) as pool:
        report = pool.run(job)
    found = (report, *report.rounds)
    return [[one.title for one in each.results if one.passed] for each in found]


def test_the_first_body_has_packages_of_its_own_and_those_behind_it_share_theirs(judged):
    first, *others = judged
    assert "is the first that is loaded" in first
    assert [titles[0] for titles in others] == ["is the third that is loaded"] * 3


def test_a_test_that_forgets_modules_gets_a_package_anew_and_no_one_else_does(judged):
    assert all("is loaded anew where modules are forgotten" in titles for titles in judged)


def test_the_control_passes_behind_bodies_that_do_not(judged):
    assert ["is one" in titles for titles in judged] == [False, False, False, True]
