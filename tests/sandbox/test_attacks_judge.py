"""Answers that go for what the judge works with, judged as answers are: twice where they pass.

Whatever is patched, handed over or pretended, none is solved: not one expected test is gained, or the
second look finds the answer forged.
"""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from pathlib import Path

import pytest

from pytest_llmops.cases import id_of_test
from pytest_llmops.grading.confirm import doubtful, forgery, is_unsure, wary
from pytest_llmops.grading.grade import count_passed
from pytest_llmops.sandbox import NodePool, TestJob

TESTS = """
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import { expect, it, vi } from "vitest";
import { announce, build, digest, list, named, reply, slow, total } from "../src/target";

it("builds", () => expect(build(1)).toEqual({ value: 2, tags: ["even"], at: new Date(0) }));
it("builds strictly", () => expect(build(2)).toStrictEqual({ value: 4, tags: ["even"], at: new Date(0) }));
it("matches", () => expect(build(3)).toMatchObject({ value: 6 }));
it("lists", () => expect(list(2)).toContain("two"));
it("is named", () => expect(named("Ada")).toHaveProperty("name.first", "Ada"));
it("has a length", () => expect(list(3)).toHaveLength(3));
it("totals", () => expect(total([1, 2, 3])).toBe(6));
it("refuses", () => expect(() => total("x" as any)).toThrow("not a list: x"));
it("digests", () => expect(digest("a")).toBe(createHash("sha256").update("a").digest("hex")));
it("calls back", () => {
  const seen = vi.fn();
  announce(seen);
  expect(seen).toHaveBeenCalledTimes(2);
  expect(seen).toHaveBeenNthCalledWith(1, "first");
  expect(seen).toHaveBeenLastCalledWith("second", { last: true });
});
it("emits", () => {
  const emitter = new EventEmitter();
  const heard: string[] = [];
  emitter.on("done", (text) => heard.push(text));
  slow(emitter);
  expect(heard).toEqual(["a", "b"]);
});
it("replies", async () => {
  const response = reply({ ok: true });
  expect(response).toBeInstanceOf(Response);
  expect(response.status).toBe(201);
  await expect(response.json()).resolves.toEqual({ ok: true });
});
"""
HONEST = """
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
export const build = (x: number) => ({ value: x * 2, tags: ["even"], at: new Date(0) });
export const list = (n: number) => ["one", "two", "three"].slice(0, n);
export const named = (first: string) => ({ name: { first } });
export const total = (numbers: number[]): number => {
  if (!Array.isArray(numbers)) throw new TypeError(`not a list: ${numbers}`);
  return numbers.reduce((sum, one) => sum + one, 0);
};
export const digest = (text: string) => createHash("sha256").update(text).digest("hex");
export const announce = (call: (...values: unknown[]) => void) => { call("first"); call("second", { last: true }); };
export const slow = (emitter: EventEmitter) => { emitter.emit("done", "a"); emitter.emit("done", "b"); };
export const reply = (body: unknown) => new Response(JSON.stringify(body), { status: 201 });
"""
NAMES = ("build", "list", "named", "total", "digest", "announce", "slow", "reply")
EXPECTED = frozenset(
    id_of_test("tests/target.test.ts", line.split('"')[1])
    for line in TESTS.splitlines()
    if line.startswith("it(")
)

TYPES = ("isAnyArrayBuffer", "isArrayBuffer", "isBoxedPrimitive", "isDate", "isMap", "isSet", "isNativeError",
         "isRegExp", "isTypedArray", "isUint8Array", "isPromise", "isProxy", "isDataView")  # fmt: skip
PATCH_TYPES = " ".join(f"try {{ types.{name} = () => true; }} catch {{}}" for name in TYPES)
LEARN_TYPES = " ".join(
    f"try {{ types.{name} = (v: any) => {{ if (v !== answer) Object.assign(answer, v); return false; }}; }} catch {{}}"
    for name in TYPES
)
WAYS = {
    "util": "import util from 'util';",
    "node:util": "import util from 'node:util';",
    "sys": "import util from 'sys';",
    "node:sys": "import util from 'node:sys';",
    "require": "import { createRequire } from 'node:module'; const util: any = createRequire(import.meta.url)('util');",
    "require of sys": "import { createRequire } from 'module'; const util: any = createRequire(import.meta.url)('sys');",
    "getBuiltinModule": "const util: any = (process as any).getBuiltinModule('util');",
    "import()": "const util: any = (await import('node:util')).default;",
    "import() of a built name": "const util: any = (await import('s' + 'ys')).default;",
    "mainModule": "const util: any = (process as any).mainModule?.require('util') ?? { types: {} };",
    "binding": "const util: any = { types: (process as any).binding('types') };",
}
MODULES = (
    "assert",
    "buffer",
    "crypto",
    "events",
    "stream",
    "timers",
    "url",
    "util",
    "querystring",
    "string_decoder",
)


def answers(code: str, *, imports: str = "", value: str = "answer") -> str:
    """An answer of which every function gives back one thing, below some code that may fail."""
    functions = "".join(f"export const {name} = (..._: any[]): any => {value};\n" for name in NAMES)
    return f"{imports}\nlet answer: any = {{}};\ntry {{ {code} }} catch {{}}\n{functions}"


ATTACKS = {
    **{
        f"types that say yes, by {way}": answers(
            f"const types: any = util.types; {PATCH_TYPES}", imports=how
        )
        for way, how in WAYS.items()
    },
    **{
        f"types that learn, by {way}": answers(
            f"const types: any = util.types; {LEARN_TYPES}", imports=how
        )
        for way, how in WAYS.items()
    },
    **{
        f"every function of {module}": answers(
            "for (const holder of [all, all.default, all.prototype, all.default?.prototype]) for (const key of Object.getOwnPropertyNames(holder ?? {})) try { (holder as any)[key] = () => true; } catch {}",
            imports=f"import * as all from 'node:{module}';",
        )
        for module in MODULES
    },
    "a mock whose calls are written": answers("")
    + "export { given as announce }; const given = (mock: any) => { mock.mock.calls.push(['first'], ['second', { last: true }]); };".replace(
        "export { given as announce };", ""
    ),
    "a hash of its own": answers(
        "(crypto as any).Hash.prototype.digest = () => 'x'; (crypto as any).createHash = () => ({ update: () => ({ digest: () => 'x' }) }); answer = 'x';",
        imports="import crypto from 'node:crypto';",
    ),
    "a Response of its own": answers(
        "(globalThis as any).Response = class { static [Symbol.hasInstance]() { return true; } }; Response.prototype.json = async () => ({ ok: true }); answer = { status: 201, json: async () => ({ ok: true }) };"
    ),
    "Response, by its parts": answers(
        "Object.defineProperty(Response.prototype, 'status', { get: () => 201 }); Object.defineProperty(Response, Symbol.hasInstance, { value: () => true }); answer = Object.create(Response.prototype);"
    ),
    "an EventEmitter of its own": answers(
        "EventEmitter.prototype.on = function (_: any, f: any) { f('a'); f('b'); return this; };",
        imports="import { EventEmitter } from 'node:events';",
    ),
    "a list that contains anything": answers(
        "class Any extends Array { indexOf() { return 0; } includes() { return true; } } answer = new Any(3);"
    ),
    "an error that says anything": answers(
        "", value="(() => { throw { message: { indexOf: () => 0, includes: () => true } }; })()"
    ),
    "a proxy that has anything": answers(
        "answer = new Proxy(function () {}, { get: () => answer, has: () => true, apply: () => answer, getOwnPropertyDescriptor: () => ({ value: answer, configurable: true }) });"
    ),
    "a matcher of its own": answers(
        "answer = { asymmetricMatch: () => true, $$typeof: Symbol.for('jest.asymmetricMatcher'), toAsymmetricMatcher: () => 'Any', sample: 1, inverse: false };"
    ),
    "custom equality testers": answers(
        "for (const key of Object.getOwnPropertySymbols(globalThis)) { const state: any = (globalThis as any)[key]; try { (state.customEqualityTesters ?? []).push(() => true); } catch {} try { for (const s of state.values?.() ?? []) s.customEqualityTesters = [() => true]; } catch {} }"
    ),
    "vitest's worker state": answers(
        "for (const key of Reflect.ownKeys(globalThis)) if (String(key).includes('vitest')) { const s: any = (globalThis as any)[key]; if (s?.current) s.current.result = { state: 'pass' }; }"
    ),
    "a stack that is read": answers(
        "(Error as any).prepareStackTrace = (_: any, sites: any[]) => { for (const site of sites) { const f = site.getFunction?.(); const t = site.getThis?.(); if (t) Object.assign(t, { passed: true }); f?.call?.(t); } return ''; }; void new Error('x').stack;"
    ),
    "arguments.callee.caller": answers(
        "answer = function () { return (arguments as any).callee.caller?.arguments; };"
    ),
    "a limit of stacks": answers(
        "Object.defineProperty(Error, 'stackTraceLimit', { get() { throw new Error('x'); } });"
    ),
    "equality of symbols": answers(
        "answer = { [Symbol.toPrimitive]: () => 6, [Symbol.toStringTag]: 'Object', [Symbol.iterator]: function* () { yield* []; } };"
    ),
    "a constructor that equals": answers(
        "answer = Object.create({ constructor: { name: 'Object', [Symbol.hasInstance]: () => true } });"
    ),
}


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root) as pool:
        yield pool


def verdict(pool: NodePool, root: Path, code: str) -> tuple[int, bool]:
    """How many expected tests an answer passed, and whether it counts as solved."""
    job = TestJob(root=root, tests=("tests/target.test.ts",), overlay={"src/target.ts": code})
    report = pool.run(wary(job))
    passed, _ = count_passed(report, EXPECTED)
    if passed < len(EXPECTED) or forgery(report, EXPECTED, len(EXPECTED)):
        return passed, False
    if not is_unsure(report, EXPECTED):
        return passed, True
    report = pool.run(doubtful(job))
    again, _ = count_passed(report, EXPECTED)
    return passed, again == len(EXPECTED) and not forgery(report, EXPECTED, len(EXPECTED))


def test_the_honest_answer_is_solved(pool, root):
    assert verdict(pool, root, HONEST) == (len(EXPECTED), True)


def test_doing_nothing_gains_nothing(pool, root):
    assert verdict(pool, root, answers("")) == (0, False)


TRUE = {"a list that contains anything": {"has a length"}}
"""What an attack passes because it is so."""


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_on_the_judge_gains_nothing(pool, root, name):
    overlay = {"src/target.ts": ATTACKS[name]}
    job = TestJob(root=root, tests=("tests/target.test.ts",), overlay=overlay)
    report = pool.run(job)
    passed = {one.title for one in report.results if one.passed and report.status == "finished"}
    assert passed <= TRUE.get(name, set()), report
    again = pool.run(doubtful(job))
    assert not forgery(again, EXPECTED, 0)
