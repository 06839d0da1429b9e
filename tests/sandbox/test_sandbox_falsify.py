"""Falsification: honest assertions hold for one value only; a lie holds for two."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import subprocess
from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport
from pytest_llmops.sandbox.binaries import find_node
from pytest_llmops.sandbox.judge.program import RUNTIME

HERE = Path(__file__).parent
SEEDS = range(8)
TESTS = """
import { assert, expect, it } from "vitest";
import { list, named, refuse } from "../src/target";
it("holds two", () => expect(list()).toContain("two"));
it("holds two as it says", () => assert.include(list(), "two"));
it("is named", () => expect(named()).toHaveProperty("name.first"));
it("refuses", () => expect(() => refuse()).toThrow("not a number: x"));
"""
RIGHT = """
export const list = (): any => ["one", "two"];
export const named = (): any => ({ name: { first: "Ada" } });
export const refuse = (): any => { throw new Error("not a number: x"); };
"""
# What vitest itself lets pass: it asks these objects instead of looking at them.
LIES = """
class Anything extends Array { indexOf(): number { return 0; } }
const any: any = new Proxy(() => any, {
  get: (_, key) => key === Symbol.toPrimitive ? () => "Ada" : any, has: () => true,
  ownKeys: () => ["prototype"], getOwnPropertyDescriptor: () => ({ value: any, enumerable: true, configurable: true }),
});
export const list = (): any => new Anything();
export const named = (): any => any;
export const refuse = (): any => { throw { message: { indexOf: () => 0 } }; };
"""


SEEN = "export let times = 0; const seen = () => { times++; };"
SEEING = """
import { expect, it } from "vitest";
import * as target from "../src/target";
const { list } = target;
it("is looked at as often as ever", () => {
  const value = list();
  const { times: before } = target;
  expect(value).toEqual(value);
  throw new Error(`${target.times - before} times`);
});
"""
NOTICES = {
    "a getter": "return { get two() { seen(); return 2; } };",
    "a getter of a class": "return new (class { get two() { seen(); return 2; } })();",
    "a getter in depth": "return [{ a: new Map([[1, { get two() { seen(); return 2; } }]]) }];",
    "a proxy": "return new Proxy({ a: 1 }, { get: (o: any, k) => { seen(); return o[k]; } });",
    "a proxy as prototype": "return Object.create(new Proxy({}, { get: () => { seen(); } }));",
    "an iterator of its own": "return { *[Symbol.iterator]() { seen(); yield 1; } };",
    "a text that it makes": "return { toJSON() { seen(); return 1; } };",
    "a list that answers": "return new (class extends Array { indexOf() { seen(); return 0; } })();",
    "a static getter": "return class { static get name() { seen(); return 'two'; } };",
    "an enumerable stack": "return Object.defineProperty(new Error('x'), 'stack',"
    " { enumerable: true, get() { seen(); return ''; } });",
}
PLAIN = {
    "a text": "return 'two';",
    "nested data": "return { a: [1, { b: new Date(0), c: /x/ }], d: null };",
    "a map of sets": "return new Map([['a', new Set([1, 2])]]);",
    "an instance": "return new (class { x = 1; double() { return 2; } })();",
    "an error of its own": "return new (class Own extends Error { name = 'Own'; code = 7; })('x');",
    "a function": "return function two() {};",
    "a class": "return class { static two = 2; };",
    "bytes": "return Buffer.from('two');",
    "an address": "return new URL('http://a/b');",
    "a ring": "const one: any = {}; one.self = one; return one;",
    "a record without prototype": "return Object.assign(Object.create(null), { a: 1 });",
}
NOTICING = {
    "toEqual, instances 2",
    "an iterator, which is used up 0",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "src").mkdir()
    (root / "tests").mkdir()
    (root / "tests" / "target.test.ts").write_text(TESTS)
    (root / "tests" / "seen.test.ts").write_text(SEEING)
    source = (HERE / "test_sandbox_falsify.ts").read_text("utf-8")
    (root / "tests" / "honest.test.ts").write_text(source)
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def judge(
    pool: NodePool,
    root: Path,
    test: str,
    falsify: int | None,
    code: str = "",
    *,
    wary: bool = False,
) -> TestReport:
    overlay = {"src/target.ts": code}
    job = TestJob(root=root, tests=(test,), overlay=overlay, falsify=falsify, wary=wary)
    return pool.run(job)


@pytest.mark.parametrize("seed", SEEDS)
def test_honest_assertions_of_every_kind_hold_for_one_value_only(pool, root, seed):
    report = judge(pool, root, "tests/honest.test.ts", seed)
    assert report.status == "finished", report.detail
    assert [(r.title, r.message) for r in report.results if not r.passed] == []
    assert [r.title for r in report.results if r.held] == []
    counted = {result.title: result.refuted for result in report.results}
    wrong = {title: count for title, count in counted.items() if not title.endswith(f" {count}")}
    assert wrong == {}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_wary_look_tries_or_names_each_honest_assertion(pool, root, seed):
    report = judge(pool, root, "tests/honest.test.ts", seed, wary=True)
    assert report.status == "finished", report.detail
    assert [(r.title, r.message) for r in report.results if not r.passed] == []
    assert [r.title for r in report.results if r.held] == []
    counted = {result.title: result.refuted + result.unsure for result in report.results}
    wrong = {title: count for title, count in counted.items() if not title.endswith(f" {count}")}
    # An iterator is used up: whether it states a value is for the second look to find.
    assert wrong == {"an iterator, which is used up 0": 1}
    unsure = {result.title for result in report.results if result.unsure}
    assert unsure <= NOTICING


def test_nothing_is_counted_where_nothing_is_changed(pool, root):
    report = judge(pool, root, "tests/honest.test.ts", None)
    assert {(result.refuted, result.held) for result in report.results} == {(0, 0)}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_equals_anything_holds_for_another_value_too(pool, root, seed):
    plain = judge(pool, root, "tests/target.test.ts", None, LIES)
    lied = {result.title for result in plain.results if result.passed}
    assert lied, plain
    again = judge(pool, root, "tests/target.test.ts", seed, LIES)
    assert {result.title for result in again.results if result.held} == lied


def test_a_wary_look_leaves_to_the_second_what_is_asked_and_not_looked_at(pool, root):
    report = judge(pool, root, "tests/target.test.ts", 1, LIES, wary=True)
    found = {(r.refuted, r.held, r.unsure) for r in report.results if r.passed}
    assert found == {(0, 0, 1)}


@pytest.mark.parametrize("name", NOTICES)
def test_a_wary_look_is_seen_by_nobody(pool, root, name):
    """What an object would notice is the same with and without."""
    code = f"export const list = (): any => {{ {NOTICES[name]} }};\n" + SEEN
    plain, wary = (
        judge(pool, root, "tests/seen.test.ts", seed, code, wary=seed is not None)
        for seed in (None, 3)
    )
    assert [one.message for one in plain.results] == [one.message for one in wary.results]
    assert [(one.refuted, one.held, one.unsure) for one in wary.results] == [(0, 0, 1)]


LOOKING = """
import { expect, it } from "vitest";
import { list, seen } from "../src/target";
it("is looked at", () => {
  const value = list();
  seen.length = 0;
  expect(value).toEqual({ two: 2 });
  throw new Error(`${seen.length > 1} ${new Set(seen).size}`);
});
"""
WHERE = {
    "stack": "new Error('x').stack",
    "whole stack": "(Error.stackTraceLimit = Infinity, new Error('x').stack)",
    "short stack": "(Error.stackTraceLimit = 3, new Error('x').stack)",
    "captured stack": "(() => { const o: any = {}; Error.captureStackTrace(o); return o.stack; })()",
    "stack of a refusal": "(() => { try { (process as any).abort(); } catch (e: any) { return e.stack; } })()",
    "stack of a text": 'new Function("try { process.abort() } catch (e) { return e.stack }")()',
    "stack of Node": "(() => { try { new URL('x'); } catch (e: any) { return e.stack; } })()",
    "stack through the language": "[1].map(() => new Error('x').stack)[0]",
    "limit": "Error.stackTraceLimit",
}


@pytest.mark.parametrize("name", WHERE)
def test_what_is_asked_cannot_tell_a_changed_expectation_by_its_stack(pool, root, name):
    (root / "tests" / "looking.test.ts").write_text(LOOKING)
    code = f"""
        export const seen: any[] = [];
        export const list = () => ({{ get two() {{ seen.push({WHERE[name]}); return 2; }} }});
    """
    report = judge(pool, root, "tests/looking.test.ts", 3, code)
    assert [one.message for one in report.results] == ["Error: true 1"]


@pytest.mark.parametrize("name", PLAIN)
def test_plain_data_is_tried_at_once(pool, root, name):
    code = f"export const list = (): any => {{ {PLAIN[name]} }};\n" + SEEN
    report = judge(pool, root, "tests/seen.test.ts", 3, code, wary=True)
    assert [(r.refuted, r.held, r.unsure, r.message) for r in report.results] == [
        (1, 0, 0, "Error: 0 times")
    ]


def test_a_right_answer_of_the_same_functions_holds_for_none(pool, root):
    report = judge(pool, root, "tests/target.test.ts", 1, RIGHT)
    assert [(r.passed, r.refuted, r.held) for r in report.results] == [(True, 1, 0)] * 4


LEARNING = {
    "always": "(expected) => { learned = expected; return true; }",
    "what it sees first": "(expected) => { learned ??= { expected }; return learned.expected === expected; }",
    "whatever it is, each time": "(expected) => { learned = expected; return learned === expected; }",
}


@pytest.mark.parametrize("name", LEARNING)
def test_what_learns_its_expectation_is_found_or_does_not_pass_again(name):
    """An object that is handed what is expected, as a patched part of a judge would be."""
    script = f"""
        import {{ Falsifier }} from {(RUNTIME / "falsify.mjs").as_uri()!r};
        let learned;
        const equal = {LEARNING[name]};
        const method = (expected) => {{ if (!equal(expected)) throw new Error("differs"); }};
        const apply = (values) => method(...values);
        const test = {{}};
        const found = [];
        for (let seed = 0; seed < 50; seed++) {{
          learned = undefined;
          const falsifier = new Falsifier(seed, () => false);
          const flags = {{ object: {{}}, "vitest-test": test }};
          const call = {{ assertion: {{ __flags: flags }}, method }};
          const values = falsifier.before("toBe", [7], call);
          let passes = true;
          try {{ apply(values); falsifier.after(); }} catch {{ passes = false; }}
          found.push(falsifier.tallyOf(test).held > 0 || !passes);
        }}
        console.log(found.every(Boolean));
    """
    argv = [str(find_node()), "--input-type=module", "--eval", script]
    ended = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "true"


def test_the_same_seed_draws_the_same_changes_and_another_seed_others():
    script = f"""
        import {{ Falsifier }} from {(RUNTIME / "falsify.mjs").as_uri()!r};
        const drawn = (seed) => JSON.stringify(["toBe", "toEqual", "toThrow"].map((name) =>
          new Falsifier(seed, () => false).changed(name, ["some text"])));
        console.log(drawn(5) === drawn(5), drawn(5) === drawn(6));
    """
    argv = [str(find_node()), "--input-type=module", "--eval", script]
    ended = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["true", "false"]
