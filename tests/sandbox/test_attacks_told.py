"""Answers whose values tell matchers what to say: with methods, tags and promises of their own.

Each has all tests pass that compare its value, or none; a changed expectation would not find those
that tell it from a real one by its looks.
"""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import re

import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.grading.confirm import doubtful, forgery, is_unsure, wary
from pytest_llmops.grading.grade import count_passed
from pytest_llmops.sandbox import NodePool, TestJob

TESTS = """
import { assert, expect, it } from "vitest";
import { given } from "../src/target";

it("resolves", async () => { await expect(given("promise")).resolves.toBe(137); });
it("rejects", async () => { await expect(given("refusal")).rejects.toThrow("bad 73"); });
it("rejects when it is called", async () => { await expect(async () => given("refusal")).rejects.toMatchObject({ code: 73 }); });
it("goes on", () => given("promise").then((value: number) => expect(value).toBe(137)));
it("holds a text", () => expect(given("text")).toEqual(expect.stringContaining("violet 17")));
it("holds a text deep inside", () => expect(given("record")).toEqual({ n: 2, text: expect.stringContaining("violet 17") }));
it("has a text", () => expect(given("text")).to.have.string("violet 17"));
it("holds members", () => expect(given("list")).toEqual(expect.arrayContaining(["red 9", "blue 4"])));
it("includes", () => expect(given("list")).to.include("red 9"));
it("includes, by assert", () => assert.include(given("set"), "red 9"));
it("includes deep", () => expect(given("lists")).to.deep.include(["red 9"]));
it("throws", () => expect(() => given("error")).toThrow("unfit 55"));
"""
HONEST = """
export function given(kind: string): any {
  switch (kind) {
    case "promise": return Promise.resolve(137);
    case "refusal": return Promise.reject(Object.assign(new Error("bad 73"), { code: 73 }));
    case "text": return "a violet 17 b";
    case "record": return { n: 2, text: "a violet 17 b" };
    case "list": return ["red 9", "green", "blue 4"];
    case "lists": return [["red 9"]];
    case "set": return new Set(["red 9"]);
    case "error": throw new Error("it is unfit 55 times");
  }
}
"""
EXPECTED = frozenset(
    id_of_test("tests/target.test.ts", title)
    for title in re.findall(r'^it\("([^"]+)"', TESTS, re.MULTILINE)
)
LOOKS_REAL = (
    "const isReal = (value: any) => typeof value === 'string' && !/[a-z]{8}/.test(value);\n"
)
VALUES = {
    "a promise that calls nobody": "const made: any = Promise.resolve(0); made.then = () => Promise.resolve(); return made;",
    "a promise that tries values": """const made: any = Promise.resolve(0);
        made.then = (tell: any) => { for (let n = 0; n < 500; n++) try { tell(n); break; } catch {} return Promise.resolve(); };
        return made;""",
    "a promise of a class of its own": """
        class Told extends Promise<any> { then(): any { return Promise.resolve(); } }
        return new Told(() => {});""",
    "a promise with a species": """const made: any = Promise.resolve(0); let asked = 0;
        class Told extends Promise<any> { constructor(run: any) { super((yes) => run(() => yes(0), () => yes(0))); } }
        Object.defineProperty(made, 'constructor', { get: () => (asked++ ? { [Symbol.species]: Told } : Promise) });
        return made;""",
    "what calls itself a text": """
        const made: any = { [Symbol.toStringTag]: 'String', includes: () => true, indexOf: () => 0 };
        return kind === 'record' ? { n: 2, text: made } : made;""",
    "what calls itself a text, and knows changed ones": """
        const made: any = { [Symbol.toStringTag]: 'String', includes: isReal, indexOf: (value: any) => (isReal(value) ? 0 : -1) };
        return kind === 'record' ? { n: 2, text: made } : made;""",
    "a list with methods of its own": """
        return Object.assign([], { some: () => true, includes: () => true, indexOf: () => 0 });""",
    "a list that knows changed members": """
        return Object.assign([], { some: () => true, indexOf: (value: any) => (isReal(value) ? 0 : -1) });""",
    "a set that knows changed members": """
        return new (class extends Set<any> { has(value: any) { return isReal(value); } })();""",
    "what calls itself a set": "return { [Symbol.toStringTag]: 'Set', has: isReal, forEach() {} };",
    "what calls itself a weak set": "return { [Symbol.toStringTag]: 'WeakSet', has: isReal };",
    "a message that knows changed texts": "throw { message: { indexOf: (value: any) => (isReal(value) ? 0 : -1) } };",
}
OWN = {key: {"goes on"} for key in ("a promise that calls nobody", "a promise that tries values")}
"""What a test tells by the answer's own `then`."""


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def job_of(root, value):
    code = f"{LOOKS_REAL}export function given(kind: string): any {{ {value} }}"
    tests = ("tests/target.test.ts",)
    return TestJob(root=root, tests=tests, overlay={"src/target.ts": code}, timeout=3)


def test_the_honest_answer_is_solved(pool, root):
    job = TestJob(root=root, tests=("tests/target.test.ts",), overlay={"src/target.ts": HONEST})
    report = pool.run(wary(job))
    assert count_passed(report, EXPECTED)[0] == len(EXPECTED)
    assert not is_unsure(report, EXPECTED)
    assert forgery(report, EXPECTED, len(EXPECTED)) == ""


@pytest.mark.parametrize("name", VALUES)
def test_a_value_is_not_asked_what_it_is(pool, root, name):
    report = pool.run(doubtful(job_of(root, VALUES[name])))
    passed = {one.title for one in report.results if one.passed}
    assert report.status in {"finished", "timeout"}
    assert passed <= OWN.get(name, set())


def test_a_test_that_compares_nothing_is_no_proof(pool, root):
    promise = VALUES["a promise that calls nobody"].replace("(0)", "(137)")
    code = HONEST.replace("Promise.resolve(137)", "quiet()")
    overlay = {"src/target.ts": f"{code}\nfunction quiet(): any {{ {promise} }}"}
    job = TestJob(root=root, tests=("tests/target.test.ts",), overlay=overlay)
    expected = EXPECTED - {id_of_test("tests/target.test.ts", "resolves")}
    report = pool.run(wary(job))
    assert count_passed(report, expected)[0] == len(expected)
    compared = len(expected) - 1
    assert forgery(report, expected, len(expected)) == (
        f"an expected value was compared in {compared} tests; {len(expected)} state one"
    )
