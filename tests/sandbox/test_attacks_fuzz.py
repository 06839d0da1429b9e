"""Drawn mixtures of attacks: none is solved, none gets out, none leaves anything behind.

A few are judged here; `LLMOPS_FUZZ=10000 pytest tests/sandbox/test_attacks_fuzz.py` judges so many, from the
seed `LLMOPS_FUZZ_SEED` (the day's date where it is not set, so a nightly run sees new ones). What is
found is named by its number and seed.
"""

# ruff: noqa: E501 - lines of TypeScript are kept whole

import datetime
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_attacks import EQUAL_TO_ALL, HONEST, PATCHES, TESTS
from test_sandbox_lifecycle import processes_of

from pytest_llmops.cases import id_of_test
from pytest_llmops.grading.confirm import doubtful, forgery, is_unsure, wary
from pytest_llmops.grading.grade import count_passed
from pytest_llmops.sandbox import NodePool, TestJob
from pytest_llmops.sandbox.judge.program import RUNTIME
from pytest_llmops.sandbox.node import program

COUNT = int(os.environ.get("LLMOPS_FUZZ", "60"))
TODAY = datetime.datetime.now(tz=datetime.UTC).strftime("%Y%m%d")
SEED = int(os.environ.get("LLMOPS_FUZZ_SEED", TODAY if COUNT > 1000 else "11"))
FILE = "tests/target.test.ts"
EXPECTED = frozenset(
    id_of_test(FILE, line.split('"')[1]) for line in TESTS.splitlines() if line.startswith('it("')
)
OBJECTS = (
    "Object", "Array", "String", "Number", "Function", "Promise", "Map", "WeakMap", "Set", "Symbol", "RegExp",
    "Error", "TypeError", "Date", "JSON", "Math", "Reflect", "Proxy", "globalThis", "process", "console", "Buffer",
    "Response", "Event", "EventTarget", "AbortController", "URL", "performance", "Intl", "Iterator", "WeakRef",
)  # fmt: skip
KEYS = (
    "is", "keys", "entries", "includes", "indexOf", "map", "join", "then", "call", "apply", "bind", "exec", "test",
    "get", "has", "set", "push", "every", "some", "toString", "valueOf", "stringify", "parse", "ownKeys", "next",
    "getPrototypeOf", "getOwnPropertyDescriptor", "defineProperty", "freeze", "from", "isArray", "now", "message",
    "name", "stack", "constructor", "prepareStackTrace", "captureStackTrace", "_fatalException", "emit", "on", "exit",
    "nextTick", "then", "hasInstance", "iterator", "toPrimitive", "toStringTag", "species", "asyncIterator",
)  # fmt: skip
VALUES = (
    "() => true", "() => false", "() => answer", "() => 8", "() => undefined", "() => { throw answer; }", "answer",
    "function (this: any, ...a: any[]) { for (const v of a) if (v && typeof v === 'object') answer = v; return true; }",
    "function (this: any, ...a: any[]) { answer = a.at(-1); return a[0] === a[1] || true; }",
    "new Proxy(function () {}, { get: () => answer, apply: () => true, has: () => true })",
    "class { static [Symbol.hasInstance]() { return true; } }", "null", "undefined", "'x'.repeat(1e6)",
)  # fmt: skip
MODULES = (
    "util", "assert", "events", "buffer", "crypto", "timers", "url", "path", "stream", "fs", "vm", "v8", "module", "sys",
    "worker_threads", "child_process", "process", "async_hooks", "perf_hooks", "os", "test", "inspector", "net", "http",
)  # fmt: skip
ENDS = (
    "process.exit(0);", "(process as any).reallyExit(0);", "throw null;", "process.abort();", "while (Math.random() < 0) {}",
    "void Promise.reject(answer);", "process.removeAllListeners();", "process.emit('beforeExit', 0);", "debugger;",
)  # fmt: skip
CANARY = "the answer of another"


def patch(draw: random.Random) -> str:
    """Try to change something that the judge may use."""
    holder = draw.choice(("", ".prototype", "?.prototype?.constructor", "?.constructor"))
    key = draw.choice(KEYS)
    name = draw.choice((repr(key), f"(Symbol as any).{key} ?? {key!r}"))
    target, value = f"({draw.choice(OBJECTS)} as any){holder}", draw.choice(VALUES)
    return draw.choice(
        (
            f"{target}[{name}] = {value};",
            f"Object.defineProperty({target}, {name}, {{ value: {value}, configurable: true }});",
            f"Object.defineProperty({target}, {name}, {{ get: () => ({value}) }});",
            f"Object.setPrototypeOf({target}, new Proxy({{}}, {{ get: () => ({value}) }}));",
            f"delete {target}[{name}];",
            f"Reflect.set({target}, {name}, {value});",
            f"(globalThis as any)[{key!r}] = {value};",
        )
    )


def reach(draw: random.Random) -> str:
    """Try to get hold of a module, or of what lies outside, and to use it."""
    module = draw.choice(MODULES)
    how = draw.choice(
        (
            f"await import('node:{module}')",
            f"await import({module!r})",
            f"(process as any).getBuiltinModule({module!r})",
            f"(process as any).binding?.({module!r})",
            f"new Function('return import(\"node:{module}\")')()",
            f"(globalThis as any).require?.({module!r})",
            f"(process as any).mainModule?.require({module!r})",
        )
    )
    use = draw.choice(
        (
            f"for (const k of Object.keys(m)) try {{ m[k] = {draw.choice(VALUES)}; }} catch {{}}",
            "for (const k of Object.keys(m.default ?? {})) try { m.default[k] = () => true; } catch {}",
            "try { m.writeFileSync?.(canary, 'gone'); m.rmSync?.(canary); } catch {}",
            "try { m.spawnSync?.('touch', [canary + '.new']); m.execSync?.('touch ' + canary + '.new'); } catch {}",
            'try { for (let fd = 0; fd < 32; fd++) m.writeSync?.(fd, \'["finished",[],""]\'); } catch {}',
            "try { answer = m.readFileSync?.(canary, 'utf8') ?? answer; } catch {}",
        )
    )
    return f"{{ const m: any = {how}; {use} }}"


def statement(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.45:
        inner = patch(draw)
    elif kind < 0.7:
        inner = reach(draw)
    elif kind < 0.9:
        inner = draw.choice([*PATCHES.values(), *EQUAL_TO_ALL.values()])
    else:
        inner = draw.choice(ENDS)
    return f"try {{ {inner} }} catch {{}}"


def answer_of(draw: random.Random, canary: Path) -> str:
    """One drawn answer."""
    now = "\n".join(statement(draw) for _ in range(draw.randint(1, 4)))
    later = statement(draw).replace("await ", "")
    moment = draw.choice(
        (
            "{}",
            "setTimeout(() => {{ {} }}, 0);",
            "queueMicrotask(() => {{ {} }});",
            "process.nextTick(() => {{ {} }});",
        )
    ).format(later)
    value = draw.choice(
        ("answer", "answer", f"({draw.choice(VALUES)})", "(() => { throw answer; })()", "8")
    )
    inside = draw.choice(("", "", later))
    return f"""
let answer: any = {draw.choice(("undefined", "{}", "[]", "8", "() => answer", "{ then: (f: any) => f(6) }"))};
const canary = {str(canary)!r};
{now}
{moment}
export const double = (..._: any[]): any => {{ {inside} return {value}; }};
export const pair = double, label = double;
export const later = async (..._: any[]): Promise<any> => {value};
"""


@pytest.fixture
def tree(monkeypatch) -> Iterator[Path]:
    """A source tree, judged with a runtime of its own, by whose path its processes are told."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # for the user to whom root leaves the judging
        for path, text in {"tree/src/target.ts": HONEST, f"tree/{FILE}": TESTS}.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        (folder / "tmp").mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "tmp"))
        monkeypatch.setattr(program, "RUNTIME", Path(shutil.copytree(RUNTIME, folder / "runtime")))
        yield folder / "tree"


def is_solved(pool: NodePool, root: Path, code: str) -> bool:
    job = TestJob(root=root, tests=(FILE,), overlay={"src/target.ts": code}, timeout=5)
    for one in (wary(job), doubtful(job)):
        report = pool.run(one)
        if count_passed(report, EXPECTED)[0] < len(EXPECTED):
            return False
        if forgery(report, EXPECTED, len(EXPECTED)):
            return False
        if not is_unsure(report, EXPECTED):
            return True
    return True


@pytest.mark.parametrize("isolation", ["bwrap", "process"])
def test_no_drawn_answer_is_solved_escapes_or_leaves_anything(tree, isolation):
    canary = tree.parent / "canary"
    canary.write_text(CANARY)
    draws = (random.Random(f"{SEED}:{isolation}:{number}") for number in range(COUNT // 2))
    answers = (answer_of(draw, canary) for draw in draws)
    with NodePool(tree, size=2, isolation=isolation) as pool, ThreadPoolExecutor(2) as workers:
        assert is_solved(pool, tree, HONEST)
        solved = list(workers.map(lambda code: is_solved(pool, tree, code), answers))
        assert is_solved(pool, tree, HONEST)
    assert [number for number, gained in enumerate(solved) if gained] == [], f"of seed {SEED}"
    assert canary.read_text() == CANARY
    assert {one.name for one in tree.parent.iterdir()} == {"canary", "runtime", "tmp", "tree"}
    deadline = time.monotonic() + 5
    while (left := processes_of(tree.parent / "runtime")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert left == []
    assert list((tree.parent / "tmp").iterdir()) == []
