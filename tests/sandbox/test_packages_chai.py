"""What `assert` of the npm package chai states is falsified, as that of vitest's own chai is."""

import hashlib
import json

import pytest

from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.node.installation import Installation

ASSERT = """\
class Failed extends Error {}
function assert(value, text) { if (!value) throw new Failed(text) }
assert.equal = (one, other) => assert(one == other, `${one} is not ${other}`)
assert.deepEqual = (one, other) => assert(one.equals(other), "another")
assert.throws = (run, text) => { try { run() } catch (error) { return assert(error.message.includes(text), "other") } assert(false, "none") }
assert.strictEqual = (one, other) => assert(one === other, `${one} is not ${other}`)
assert.isTrue = (one, text) => assert(one === true, text)
assert.isNull = (one) => assert(one === null, "not null")
"""  # noqa: E501
PACKAGES = {
    "a script": ("script", ASSERT + "exports.assert = assert\nexports.version = '4.0.0'\n"),
    "a module": (
        "module",
        ASSERT + "export { assert }\nexport const version = '5.0.0'\nexport default { assert }\n",
    ),
}
WAYS = {
    "by its name": "import { assert } from 'chai'",
    "in its namespace": "import * as chai from 'chai'\nconst { assert } = chai",
    "in its default": "import chai from 'chai'\nconst { assert } = chai",
    "later": "const { assert } = await import('chai')",
}
SOURCE = "export const half = (n: number): any => n / 2\nexport function fail() { throw new Error('no') }\n"  # noqa: E501
TESTS = """\
import { it } from "vitest"
import { fail, half } from "./half"
%s
it("states a value", () => { assert.equal(half(4), 2) })
it("states what it throws", () => { assert.throws(fail, "no") })
it("states true", () => { assert.isTrue(half(4) > 1, "more") })
it("states none", () => { assert(half(2)); assert.isNull(null) })
it("fails", () => { assert.equal(half(4), 3) })
it("is not true", () => { assert.isTrue(half(4) > 2, "too little") })
"""


@pytest.fixture(scope="module", params=PACKAGES)
def packages(tmp_path_factory, request):
    kind, code = PACKAGES[request.param]
    folder = tmp_path_factory.mktemp("chai")
    (folder / "node_modules" / "chai").mkdir(parents=True)
    about = {"name": "chai", "main": "index.js", **({"type": kind} if kind == "module" else {})}
    (folder / "node_modules" / "chai" / "package.json").write_text(json.dumps(about))
    (folder / "node_modules" / "chai" / "index.js").write_text(code)
    return folder


@pytest.fixture
def run(packages, tmp_path):
    def judged(way, overlay=None, test=TESTS, **more):
        (tmp_path / "half.ts").write_text(SOURCE)
        (tmp_path / "half.test.ts").write_text(test % WAYS[way])
        job = TestJob(root=tmp_path, tests=("half.test.ts",), overlay=overlay or {}, **more)
        code = (packages / "node_modules" / "chai" / "index.js").read_bytes()
        digest = hashlib.sha256(code).hexdigest()[:16]
        with NodePool(tmp_path, packages=Installation(packages, digest)) as pool:
            report = pool.run(job)
        assert report.status == "finished", report.detail
        return report

    return judged


@pytest.mark.parametrize("way", WAYS)
def test_what_it_states_is_tried_with_another_value_and_the_test_is_as_ever(run, way):
    for more, refuted in (({}, [0] * 6), ({"falsify": 7}, [1, 1, 1, 0, 0, 0])):
        results = run(way, **more).results
        assert [one.passed for one in results] == [True] * 4 + [False] * 2
        assert "2 is not 3" in results[4].message
        assert "too little" in results[5].message
        assert [one.refuted for one in results] == refuted
        assert [one.held for one in results] == [0] * 6


def test_what_equals_anything_is_found_out(run):
    lie = "export const half = (): any => ({ equals: () => true })\nexport function fail() {}\n"
    test = TESTS.replace("assert.equal(half(4), 2)", "assert.deepEqual(half(4), 2)")
    for falsify in (None, 7):
        report = run("by its name", {"half.ts": lie}, test, falsify=falsify)
        assert report.results[0].passed
        assert report.results[0].held == (falsify is not None)
