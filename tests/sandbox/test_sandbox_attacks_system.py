"""Completions that attack the process, the channel, the machine or the time of others."""

# ruff: noqa: E501 - lines of TypeScript are kept whole

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob, TestReport

TESTS = """
import { expect, it } from "vitest";
import { value } from "../src/target";
it("is one", () => expect(value()).toBe(1));
"""
# An answer may import what its own file imports; these are what lies behind that first wall.
BUILTINS = [
    "async_hooks", "child_process", "cluster", "fs", "inspector", "module", "os", "sqlite", "util", "v8", "vm",
    "worker_threads",
]  # fmt: skip
IMPORTS = "".join(f'import "node:{name}";\n' for name in BUILTINS)
HONEST = f"{IMPORTS}export const value = (): number => 1;"
WRONG = "\nexport const value = (): any => undefined;"
LATER = "export const value = (): any => { %s; return undefined; };"
MARK = "sk-a-secret-of-the-user"

# Everything through which a message could be sent, and everything that could hold the nonce.
FORGE = """
import fs from "node:fs";
const body = JSON.stringify(["finished", [["tests/target.test.ts", "is one", true, ""]], ""]);
const length = body.length.toString(16).padStart(16, "0");
const send = (nonce: string) => {
  for (let fd = 0; fd < 64; fd++) try { fs.writeSync(fd, nonce + length + body); } catch {}
  console.log(nonce + length + body); console.error(nonce + length + body);
};
"""
EARLY_ENDS = {
    "process.exit": "process.exit(0);",
    "process.reallyExit": "(process as any).reallyExit(0);",
    "process.abort": "process.abort();",
    "process.kill": "process.kill(process.pid, 'SIGKILL');",
    "a throw while loading": "throw new Error('early');",
    "a throw of nothing": "throw null;",
    "an await of nothing": "await new Promise(() => {});",
    "an exit handler": "process.on('exit', () => { process.exitCode = 0; }); process.exitCode = 0;",
    "the end of the loop": "process.emit('beforeExit', 0); process.emit('exit', 0);",
    "an error from nowhere": "setTimeout(() => { throw new Error('late'); }, 0);",
    "a forgotten rejection": "void Promise.reject(new Error('late'));",
    "no listeners left": "process.removeAllListeners(); queueMicrotask(() => { throw new Error(); });",
    "a deep recursion": "const deep = (): any => [deep()]; deep();",
    "an error that cannot be read": "throw { get message() { throw this; }, get name() { throw 1; } };",
}
ENDLESS = {
    "a loop": "for (;;);",
    "a loop in a test": LATER % "for (;;)",
    "a loop of microtasks": "const spin = () => { queueMicrotask(spin); }; spin(); await null; await null;",
    "a pattern": "/^(a+)+$/.test('a'.repeat(64) + '!');",
    "a wait": "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);",
    "a loop while its text is read": "export const value = () => 1;\nwhile (true) {}",
}
MEMORY_BOMBS = {
    "the heap": "const held: any[] = []; for (;;) held.push(new Array(1e5).fill({}), {});",
    "strings": "let held: any[] = []; for (let i = 0; ; i++) held.push(('x' + i).repeat(1e6).split(''));",
    "buffers": "const held = []; for (;;) held.push(Buffer.alloc(64 * 2 ** 20, 1));",
    "arrays of bytes": "const held = []; for (;;) held.push(new Uint8Array(64 * 2 ** 20).fill(1));",
    "buffers in a test": LATER % "const h = []; for (;;) h.push(Buffer.alloc(2 ** 26, 1))",
}
ESCAPES = {
    "a process": "import { spawnSync } from 'node:child_process'; spawnSync('/bin/sh', ['-c', 'id']);",
    "a fork bomb": """
        import * as processes from 'node:child_process';
        for (let i = 0; i < 200; i++) try { processes.fork('/tmp/x.js'); } catch {}""",
    "a worker": "import { Worker } from 'node:worker_threads'; new Worker('for (;;);', { eval: true });",
    "a cluster": "import cluster from 'node:cluster'; (cluster as any).fork();",
    "a context": "import vm from 'node:vm'; vm.runInThisContext('1');",
    "the inspector": "import inspector from 'node:inspector'; new inspector.Session().connect();",
    "a heap snapshot": "import v8 from 'node:v8'; v8.writeHeapSnapshot('/tmp/heap');",
    "engine flags": "import v8 from 'node:v8'; v8.setFlagsFromString('--allow-natives-syntax');",
    "the module loader": "import module from 'node:module'; (module as any)._load('child_process');",
    "require": """
        import { createRequire } from 'node:module';
        createRequire(import.meta.url)('node:child_process').spawnSync('id');""",
    "bindings": "(process as any).binding('spawn_sync').spawn({ file: 'id' });",
    "internal bindings": "(process as any)._linkedBinding('spawn_sync');",
    "getBuiltinModule": "(process as any).getBuiltinModule('child_process').spawnSync('id');",
    "dlopen": "(process as any).dlopen({}, '/tmp/x.node');",
    "execve": "(process as any).execve('/bin/true', [], {});",
    "a report": "(process as any).report.writeReport('/tmp/report');",
    "code from text": """
        const load = new Function("return import('node:child_process')");
        (await load()).spawnSync("id");""",
    "code from data": "await import('data:text/javascript,export default 1');",
    "async hooks": "import hooks from 'node:async_hooks'; (hooks as any).createHook({}).enable();",
    "native code": """
        import { DatabaseSync } from 'node:sqlite';
        new DatabaseSync(':memory:', { allowExtension: true }).enableLoadExtension(true);""",
    "a signal": "process.kill(1, 'SIGKILL');",
}


def attempt(pool: NodePool, root: Path, code: str, timeout: float = 10) -> TestReport:
    overlay = {"src/target.ts": code}
    memory = 128 * 2**20
    job = TestJob(
        root=root, tests=("tests/target.test.ts",), overlay=overlay, timeout=timeout, memory=memory
    )
    return pool.run(job)


def solved(report: TestReport) -> bool:
    return report.status == "finished" and any(result.passed for result in report.results)


def told(pool: NodePool, root: Path, expression: str, imports: str = "") -> str:
    """What a candidate finds out, told by the message of a failing test."""
    body = (
        f"{imports}\nexport const value = (): any => {{ throw new Error(String({expression})); }};"
    )
    report = attempt(pool, root, body)
    assert report.status == "finished", report.detail
    return report.results[0].message


def test_the_honest_solution_is_solved(pool, root):
    assert solved(attempt(pool, root, HONEST))


@pytest.mark.parametrize("name", EARLY_ENDS)
def test_an_early_end_gains_nothing(pool, root, name):
    assert not solved(attempt(pool, root, EARLY_ENDS[name] + WRONG))


@pytest.mark.parametrize("name", [*EARLY_ENDS])
def test_an_early_end_in_a_test_gains_nothing(pool, root, name):
    body = EARLY_ENDS[name].replace("await", "void")
    assert not solved(attempt(pool, root, LATER % body.rstrip(";")))


@pytest.mark.parametrize("name", ENDLESS)
def test_what_never_ends_is_a_timeout(pool, root, name):
    code = ENDLESS[name] if "export" in ENDLESS[name] else ENDLESS[name] + WRONG
    report = attempt(pool, root, code, timeout=1)
    assert report.status == "timeout"
    assert report.seconds < 5


@pytest.mark.parametrize("name", MEMORY_BOMBS)
def test_what_eats_memory_is_out_of_memory(pool, root, name):
    code = MEMORY_BOMBS[name] if "export" in MEMORY_BOMBS[name] else MEMORY_BOMBS[name] + WRONG
    report = attempt(pool, root, code, timeout=60)
    assert report.status == "out_of_memory", report.detail
    assert report.peak_memory < 1.2 * 2**30


@pytest.mark.parametrize("name", ESCAPES)
def test_ways_out_of_the_process_are_closed(pool, root, name):
    lines = ESCAPES[name] + "\nexport const value = () => 1;"
    report = attempt(pool, root, lines)
    if name == "a fork bomb":  # it goes on after each refusal, and has gained nothing
        assert solved(report)
        return
    assert not solved(report)
    wall = "forbidden_import" if name in {"getBuiltinModule", "require"} else "load_error"
    assert report.status == wall, report.detail


@pytest.mark.parametrize("nonce", ["", "0" * 32, "f" * 64, "R", "\\n", "{}"])
def test_a_report_without_the_nonce_is_void(pool, root, nonce):
    assert not solved(attempt(pool, root, f"{FORGE}send('{nonce}'); {WRONG}"))


def test_a_forged_report_before_an_exit_is_void(pool, root):
    code = FORGE + "send('0'.repeat(32)); fs.closeSync(1); for (;;) process.abort();" + WRONG
    report = attempt(pool, root, code)
    assert report.status in {"crashed", "load_error"}


def test_the_nonce_is_nowhere_to_be_found(pool, root):
    hunt = """
import os from "node:os"; import util from "node:util";
const texts: string[] = [JSON.stringify(process.env), process.argv.join(), process.execArgv.join(),
  String(new Error("x").stack), util.inspect(globalThis, { depth: 6, showHidden: true }),
  util.inspect(process, { depth: 6, showHidden: true, getters: true }), os.hostname()];
for (let i = 0; i < 2000; i++) texts.push(Buffer.allocUnsafe(4096).toString("latin1"));
for (let i = 0; i < 50; i++) texts.push(Buffer.allocUnsafeSlow(2 ** 20).toString("latin1"));
for (let fd = 0; fd < 64; fd++) try {
  const piece = Buffer.alloc(65536); texts.push(piece.toString("latin1", 0, fs.readSync(fd, piece)));
} catch {}
for (const path of ["/proc/self/mem", "/proc/self/fd/0", "/dev/stdin", "/proc/self/cmdline"]) try {
  texts.push(fs.readFileSync(path, "latin1"));
} catch {}
const found = new Set(texts.flatMap((text) => text.match(/[0-9a-f]{32}/g) ?? []));
for (const nonce of found) send(nonce);
"""
    assert not solved(attempt(pool, root, FORGE + hunt + WRONG))


@pytest.mark.parametrize("stream", ["process.stdout.fd", "process.stderr.fd", "fd"])
def test_a_flood_ends_in_no_report(pool, root, stream):
    flood = f"const flood = 'x'.repeat(2 ** 20); for (let fd = 0; ; fd = (fd + 1) % 64) {{ try {{ fs.writeSync({stream}, flood); }} catch {{}} }}"
    report = attempt(pool, root, FORGE + flood + WRONG, timeout=2)
    assert report.status in {"timeout", "crashed"}


def test_closing_every_descriptor_gains_nothing(pool, root):
    code = FORGE + "for (let fd = 0; fd < 64; fd++) try { fs.closeSync(fd); } catch {}" + WRONG
    report = attempt(pool, root, code, timeout=3)
    assert report.status == "finished"  # the channel is not theirs to close
    assert [result.passed for result in report.results] == [False]
