"""What an answer may import, and what it finds of the judge and of the platform: nothing to change."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport

# What an answer's own file imports: the modules whose insides are attacked below.
ORIGINAL = """
import * as third from "./third";
import { createRequire } from "node:module";
import "node:fs"; import "node:http";
void [third, createRequire];
export const value = (..._: any[]): any => 42;
"""
THIRD = "export const answer = (): number => 42;\nexport const table = { a: 1 };\n"
TESTS = """
import { afterEach, expect, it, vi } from "vitest";
import { createHash } from "node:crypto";
import { EventEmitter } from "node:events";
import assert from "node:assert";
import path from "node:path";
import util from "node:util";
import * as third from "./third";
import { value } from "./target";
afterEach(() => { vi.useRealTimers(); });
it("calls", () => { const f = vi.fn(); value(f); expect(f).toHaveBeenCalledWith(42); });
it("lists calls", () => { const f = vi.fn(); value(f); expect(f.mock.calls).toEqual([[42]]); });
it("lists results", () => { const f = vi.fn((x) => x); value(f); expect(f.mock.results).toEqual([{ type: "return", value: 42 }]); });
it("gives a mock that was called", () => { expect(value()).toHaveBeenCalled(); });
it("hashes", () => { expect(createHash("sha256").update("a").digest("hex")).toBe(value()); });
it("emits", () => { const e = new EventEmitter(); e.on("x", () => {}); value(); expect(e.emit("x")).toBe(value()); });
it("answers", async () => { value(); expect(await new Response("a").text()).toBe("forged"); });
it("joins", () => { value(); expect(path.posix.join("a", "b")).toBe("forged"); });
it("asserts", () => { assert.deepStrictEqual(value(), { a: 1 }); });
it("compares", () => { expect(util.isDeepStrictEqual(value(), { a: 1 })).toBe(true); });
it("inspects", () => { value(); expect(util.inspect({ a: 1 })).toBe("forged"); });
it("asks a third", () => { value(); expect(third.answer()).toBe("forged"); });
it("waits", () => { vi.useFakeTimers(); let done = false; setTimeout(() => { done = true; }, 100); value(); expect(done).toBe(true); });
it("tells the time", () => { vi.useFakeTimers({ now: 5 }); value(); expect(Date.now()).toBe(7); });
it("stands still", () => { vi.setSystemTime(5); value(); expect(Date.now()).toBe(7); });
it("is contained", () => { value(); expect({ a: 1 } as any).toContain(5); });
"""
ATTACKS = {
    "a call that was not made": "export const value = (f: any) => { f.mock.calls.push([42]); };",
    "a list of calls of its own": "export const value = (f: any) => { Object.defineProperty(f.mock, 'calls', { value: [[42]] }); };",
    "another record": "export const value = (f: any) => { Object.defineProperty(f, 'mock', { value: { calls: [[42]], results: [] } }); };",
    "another argument": "export const value = (f: any) => { f(1); f.mock.calls[0][0] = 42; };",
    "another result": "export const value = (f: any) => { f(1); f.mock.results[0] = { type: 'return', value: 42 }; };",
    "a function that says it is a mock": "export const value = (f: any) => Object.assign(() => {}, { _isMockFunction: true, getMockName: () => 'x', mock: { calls: [[]] } });",
    "hash": """import { createHash, Hash } from 'node:crypto';
        for (const p of [Hash.prototype, Object.getPrototypeOf(createHash('md5'))]) try { (p as any).digest = () => 'forged'; } catch {}
        export const value = () => 'forged';""",
    "events": """import { EventEmitter } from 'node:events';
        try { (EventEmitter.prototype as any).emit = () => 'forged'; } catch {}
        export const value = () => 'forged';""",
    "responses": "try { (Response.prototype as any).text = async () => 'forged'; } catch {} export const value = () => 0;",
    "paths": """import path, { posix } from 'node:path';
        for (const p of [path, posix, path.posix, path.win32]) try { (p as any).join = () => 'forged'; } catch {}
        export const value = () => 0;""",
    "assertions": """import assert from 'node:assert'; import strict from 'node:assert/strict';
        for (const a of [assert, strict, assert.strict]) for (const k of ['deepStrictEqual', 'deepEqual', 'strictEqual']) try { (a as any)[k] = () => {}; } catch {}
        export const value = () => 0;""",
    "equality under another name": """import * as util from 'node:util';
        for (const name of ['util', 'node:util']) try { const u: any = (process as any).getBuiltinModule(name); u.isDeepStrictEqual = () => true; u.inspect = () => 'forged'; } catch {}
        try { (util as any).default.isDeepStrictEqual = () => true; } catch {}
        export const value = () => 0;""",
    "custom inspection": """import util from 'node:util';
        try { (util.inspect as any).custom = Symbol('x'); (util.inspect as any).styles.number = 'forged'; } catch {}
        export const value = () => 0;""",
    "the namespace of a third": """import * as third from './third';
        for (const n of [third, await import('./third')]) try { Object.defineProperty(n, 'answer', { value: () => 'forged' }); } catch {}
        export const value = () => 0;""",
    "the clock": """export const value = () => {
        const now: any = Date;
        for (const holder of [setTimeout, clearTimeout, Date, Intl, performance, setInterval] as any[]) try { holder.clock.tick(1000); holder.clock.setSystemTime(7); } catch {}
        try { now.now = () => 7; } catch {}
        try { Object.defineProperty(now, 'now', { value: () => 7 }); } catch {}
        return 0; };""",
    "what a browser has": """for (const name of ['Node', 'DOMTokenList', 'Element', 'HTMLElement', 'window', 'self']) (globalThis as any)[name] =
        class { static [Symbol.hasInstance]() { return true; } };
        export const value = () => 0;""",
    "names of vitest": """export const value = (f: any) => {
        for (const name of ['__vitest_worker__', '__vitest_mocker__', '__vitest_index__', '__vitest_required__']) if (name in globalThis) throw new Error('found ' + name);
        for (const name of ['matchers-object', '$$jest-matchers-object', 'expect-global', 'asymmetric-matchers-object']) if (Symbol.for(name) in globalThis) throw new Error('found ' + name);
        return { a: 1 }; };""",
}
FORBIDDEN = {
    "a builtin module": "import { connect } from 'node:net'; void connect; export const value = () => 42;",
    "an old alias": "import sys from 'node:sys'; void sys; export const value = () => 42;",
    "an alias by import()": "const sys = await import('node:sys'); void sys; export const value = () => 42;",
    "import() of a name that is made up": "const m = await import('node:' + 'net'); void m; export const value = () => 42;",
    "a module of the tree": "import { secret } from './fourth'; void secret; export const value = () => 42;",
    "import() of a module of the tree": "const m = await import('./fourth'); void m; export const value = () => 42;",
    "getBuiltinModule": "(process as any).getBuiltinModule('net'); export const value = () => 42;",
    "createRequire": "import { createRequire } from 'node:module'; createRequire(import.meta.url)('node:net'); export const value = () => 42;",
    "require": "declare const require: any; require('node:net'); export const value = () => 42;",
    "require in a script": "exports.value = () => 42; require('node:net');",
    "the test API": "import { vi } from 'vitest'; void vi; export const value = () => 42;",
    "the test API by import()": "const m = await import('vitest'); void m; export const value = () => 42;",
    "in a try": "try { await import('node:net'); } catch {} export const value = () => 42;",
    "in a function": "export const value = () => { try { (process as any).getBuiltinModule('net'); } catch {} return 42; };",
}
ALLOWED = {
    "what its own file imports": ORIGINAL,
    "pure modules": "import { join } from 'node:path'; import { createHash } from 'crypto'; import util from 'util'; import { EventEmitter } from 'events'; void [join, createHash, util, EventEmitter]; export const value = () => 42;",
    "a pure module by getBuiltinModule": "const path = (process as any).getBuiltinModule('node:path'); export const value = () => path.join('4', '2') === '4/2' ? 42 : 0;",
    "a pure module by import()": "const { join } = await import('node:path'); void join; export const value = () => 42;",
    "a pure module by require": "declare const require: any; const { join } = require('node:path'); void join; export const value = () => 42;",
    "types of anything": "import type { Server } from 'node:net'; import { Socket } from 'node:net'; export const value = (s?: Server | Socket): number => 42;",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    (root / "target.ts").write_text(ORIGINAL)
    (root / "third.ts").write_text(THIRD)
    (root / "fourth.ts").write_text("export const secret = 1;\n")
    (root / "all.test.ts").write_text(TESTS)
    simple = 'import { expect, it } from "vitest";\nimport { value } from "./target";\n'
    (root / "one.test.ts").write_text(simple + 'it("is 42", () => { expect(value()).toBe(42); });')
    return root


@pytest.fixture(scope="module")
def pool(root):
    with NodePool(root, size=1) as pool:
        yield pool


def attempt(pool: NodePool, root: Path, code: str, test: str) -> TestReport:
    return pool.run(TestJob(root=root, tests=(f"{test}.test.ts",), overlay={"target.ts": code}))


@pytest.mark.parametrize("name", ATTACKS)
def test_what_an_answer_changes_changes_no_verdict(pool, root, name):
    report = attempt(pool, root, ATTACKS[name], "all")
    passed = {result.title for result in report.results if result.passed}
    honest = {"compares", "asserts"} if name == "names of vitest" else set()
    assert (report.status, passed) == ("finished", honest), report.detail


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_an_answer_may_not_import_is_an_outcome_of_its_own(pool, root, name):
    report = attempt(pool, root, FORBIDDEN[name], "one")
    assert report.status == "forbidden_import", report
    assert "target.ts" in report.detail or "process.getBuiltinModule" in report.detail


@pytest.mark.parametrize("name", ALLOWED)
def test_what_an_answer_may_import_is_there(pool, root, name):
    report = attempt(pool, root, ALLOWED[name], "one")
    assert report.status == "finished", report.detail
    assert [result.passed for result in report.results] == [True]


def test_a_name_that_its_own_file_puts_together_may_be_asked_for(pool, root):
    code = """
        import { createRequire } from "node:module";
        const load = (name: string) => createRequire(import.meta.url)(name);
        export const other = () => load(["node", ":zlib"].join(""));
        export const value = () => (load("node:zlib").gzipSync ? 42 : 0);"""
    (root / "pieces.ts").write_text(code)
    test = (root / "one.test.ts").read_text().replace("./target", "./pieces")
    (root / "pieces.test.ts").write_text(test)
    for answer, status in (
        (code, "finished"),
        (code.replace("? 42 : 0", '&& load("node:net")'), "forbidden_import"),
    ):
        job = TestJob(root=root, tests=("pieces.test.ts",), overlay={"pieces.ts": answer})
        assert pool.run(job).status == status


def test_the_whole_process_can_be_stubbed_and_comes_back(pool, root):
    (root / "stub.test.ts").write_text("""
import { afterEach, expect, it, vi } from "vitest";
afterEach(() => { vi.unstubAllGlobals(); });
it("is gone", () => { vi.stubGlobal("process", undefined); expect(typeof process).toBe("undefined"); });
it("is back", () => { expect(process.env.VITEST).toBe("true"); });
it("is left behind", () => { vi.stubGlobal("process", { env: {} }); expect(process.env).toEqual({}); });
""")
    report = pool.run(TestJob(root=root, tests=("stub.test.ts", "one.test.ts"), overlay={}))
    assert report.status == "finished", report.detail
    assert [result.passed for result in report.results] == [True] * 4


def test_process_is_a_small_stand_in_that_names_no_channel(pool, root):
    code = """
        const seen: any = { argv: process.argv, execArgv: process.execArgv, env: process.env };
        const names = Reflect.ownKeys(process).map(String).filter((k) => /inding|load|internal|report|_get|dlopen/i.test(k));
        for (const name of names) try { (process as any)[name]("spawn_sync"); seen[name] = "works"; } catch {}
        process.on("exit", () => {}); process.removeAllListeners();
        export const value = () => { throw new Error(JSON.stringify(seen)); };"""
    report = attempt(pool, root, code, "one")
    message = report.results[0].message
    assert '"argv":["/usr/bin/node","/usr/bin/vitest"],"execArgv":[]' in message
    assert "works" not in message
    assert "sandbox" not in message
