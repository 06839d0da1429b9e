"""Matchers, in both directions. The verdicts below are those of vitest 4.1 on the same lines."""

from pathlib import Path

import pytest

from pytest_llmops.sandbox import NodePool, TestJob

PRELUDE = """
import { expect, it, vi } from "vitest";
class Point { constructor(x, y) { this.x = x; this.y = y; } get sum() { return this.x + this.y; } }
class Fault extends Error { constructor(message, code) { super(message); this.name = "Fault"; this.code = code; } }
class Box { #held = 1; constructor(v) { this.v = v; } *[Symbol.iterator]() { yield* this.v; } }
const called = (...calls) => { const f = vi.fn((x) => x); for (const c of calls) f(...c); return f; };
const boom = (e) => () => { throw e; };
const loop = (x) => { const a = { x }; a.self = a; return a; };
"""

PASSING = """
expect(1).toBe(1)
expect(NaN).toBe(NaN)
expect(0).not.toBe(-0)
expect({}).not.toBe({})
expect("a").not.toBe(new String("a"))
expect({ a: [1, { b: 2 }] }).toEqual({ a: [1, { b: 2 }] })
expect({ a: 1, b: undefined }).toEqual({ a: 1 })
expect({ a: 1 }).toEqual({ a: 1, b: undefined })
expect([1, undefined]).toEqual([1, , ])
expect([1]).not.toEqual([1, undefined])
expect(new Point(1, 2)).toEqual({ x: 1, y: 2 })
expect(0).not.toEqual(-0)
expect([NaN]).toEqual([NaN])
expect(new Date(5)).toEqual(new Date(5))
expect(new Date(5)).not.toEqual(new Date(6))
expect(new Date(NaN)).toEqual(new Date(NaN))
expect(/a/g).toEqual(/a/g)
expect(/a/g).not.toEqual(/a/i)
expect(new Map([["a", { b: 1 }]])).toEqual(new Map([["a", { b: 1 }]]))
expect(new Map([[{ k: 1 }, 1]])).toEqual(new Map([[{ k: 1 }, 1]]))
expect(new Map([["a", 1], ["b", 2]])).toEqual(new Map([["b", 2], ["a", 1]]))
expect(new Map([["a", 1]])).not.toEqual(new Map([["a", 2]]))
expect(new Set([1, { a: 1 }])).toEqual(new Set([{ a: 1 }, 1]))
expect(new Set([1])).not.toEqual(new Set([2]))
expect(new Error("a")).toEqual(new Error("a"))
expect(new Error("a")).not.toEqual(new Error("b"))
expect(new TypeError("a")).not.toEqual(new Error("a"))
expect(new Fault("a", 1)).not.toEqual(new Fault("a", 2))
expect(new Error("a", { cause: 1 })).not.toEqual(new Error("a", { cause: 2 }))
expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]))
expect(new Uint8Array([1, 2])).not.toEqual(new Uint8Array([1, 3]))
expect(new Uint8Array([1])).not.toEqual([1])
expect(Buffer.from("ab")).toEqual(Buffer.from("ab"))
expect(new URL("http://a/b")).toEqual(new URL("http://a/b"))
expect(new URL("http://a/b")).not.toEqual(new URL("http://a/c"))
expect(loop(1)).toEqual(loop(1))
expect(loop(1)).not.toEqual(loop(2))
expect({ [Symbol.for("s")]: 1 }).not.toEqual({ [Symbol.for("s")]: 2 })
expect([1, 2]).not.toEqual({ 0: 1, 1: 2 })
expect(Object.create(null)).toEqual({})
expect(1n).toEqual(1n)
expect(1n).not.toEqual(1)
expect(new Box([1, 2])).toEqual(new Box([1, 2]))
expect(new Box([1, 2])).not.toEqual(new Box([1, 3]))
expect(null).not.toEqual(undefined)
expect("1").not.toEqual(1)
expect(() => 1).not.toEqual(() => 1)
expect(Object("a")).toEqual(Object("a"))
expect({ a: 1, b: undefined }).not.toStrictEqual({ a: 1 })
expect(new Point(1, 2)).not.toStrictEqual({ x: 1, y: 2 })
expect(new Point(1, 2)).toStrictEqual(new Point(1, 2))
expect([1, undefined]).not.toStrictEqual([1, , ])
expect({ a: { b: 1 } }).toStrictEqual({ a: { b: 1 } })
expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } })
expect({ a: 1 }).not.toMatchObject({ a: 2 })
expect({ a: 1 }).not.toMatchObject({ b: undefined })
expect({ a: [1, 2] }).not.toMatchObject({ a: [1] })
expect({ a: [{ b: 1, c: 2 }] }).toMatchObject({ a: [{ b: 1 }] })
expect([{ a: 1, b: 2 }, { a: 3 }]).toMatchObject([{ a: 1 }, { a: 3 }])
expect(new Point(1, 2)).toMatchObject({ x: 1, sum: 3 })
expect({ at: new Date(1) }).not.toMatchObject({ at: new Date(2) })
expect({ a: 1 }).toMatchObject({ a: expect.any(Number) })
expect(boom(new Error("no way"))).toThrow()
expect(boom(new Error("no way"))).toThrow("way")
expect(boom(new Error("no way"))).toThrow(/^no/)
expect(boom(new Fault("x"))).toThrow(Fault)
expect(boom(new Fault("x"))).toThrow(Error)
expect(boom(new Error("x"))).not.toThrow(Fault)
expect(boom(new Error("x"))).toThrow(new Error("x"))
expect(boom(new Error("x"))).not.toThrow(new Error("y"))
expect(boom(new Fault("x", 7))).toThrow(expect.objectContaining({ code: 7 }))
expect(boom(new Error("x"))).not.toThrow("y")
expect(boom("text")).toThrow("text")
expect(boom(null)).toThrow()
expect(() => 1).not.toThrow()
expect([1, 2]).toContain(2)
expect([{ a: 1 }]).not.toContain({ a: 1 })
expect("abc").toContain("bc")
expect("abc").not.toContain("x")
expect(new Set([1])).toContain(1)
expect([{ a: 1 }]).toContainEqual({ a: 1 })
expect([{ a: 1 }]).not.toContainEqual({ a: 2 })
expect(new Set([{ a: 1 }])).toContainEqual({ a: 1 })
expect([1, 2]).toHaveLength(2)
expect("abc").toHaveLength(3)
expect({ length: 4 }).toHaveLength(4)
expect((a, b) => a).toHaveLength(2)
expect({ a: { b: [1, { c: 2 }] } }).toHaveProperty("a.b[1].c")
expect({ a: { b: [1, { c: 2 }] } }).toHaveProperty("a.b.1.c", 2)
expect({ a: { b: 1 } }).toHaveProperty(["a", "b"], 1)
expect({ "a.b": 1 }).toHaveProperty("a.b", 1)
expect({ "a.b": 1 }).toHaveProperty(["a.b"])
expect({ a: 1 }).not.toHaveProperty("b")
expect({ a: 1 }).not.toHaveProperty("a", 2)
expect({ a: undefined }).toHaveProperty("a")
expect({ a: undefined }).toHaveProperty("a", undefined)
expect({ a: { b: 1 } }).toHaveProperty("a", { b: 1 })
expect({ a: 5 }).toHaveProperty("a", expect.any(Number))
expect(new Point(1, 2)).toHaveProperty("sum", 3)
expect("abc").toMatch("b")
expect("abc").toMatch(/c$/)
expect("abc").not.toMatch(/^c/)
expect(0.1 + 0.2).toBeCloseTo(0.3)
expect(1).not.toBeCloseTo(1.01)
expect(1.004).toBeCloseTo(1)
expect(1.0004).toBeCloseTo(1, 3)
expect(Infinity).toBeCloseTo(Infinity)
expect(2).toBeGreaterThan(1)
expect(2n).toBeGreaterThan(1n)
expect(1).not.toBeGreaterThan(1)
expect(1).toBeGreaterThanOrEqual(1)
expect(1).toBeLessThan(2)
expect(2).not.toBeLessThan(2)
expect(2).toBeLessThanOrEqual(2)
expect([]).toBeInstanceOf(Array)
expect(new Fault("x")).toBeInstanceOf(Error)
expect({}).not.toBeInstanceOf(Map)
expect("a").not.toBeInstanceOf(String)
expect(1).toBeTypeOf("number")
expect(null).toBeTypeOf("object")
expect(() => 1).toBeTypeOf("function")
expect("").not.toBeTypeOf("number")
expect(2).toBeOneOf([1, 2])
expect({ a: 1 }).toBeOneOf([{ a: 1 }])
expect(3).not.toBeOneOf([1, 2])
expect(2).toSatisfy((x) => x % 2 === 0)
expect(1).not.toSatisfy((x) => x % 2 === 0)
expect("x").toBeTruthy()
expect("").toBeFalsy()
expect(null).toBeNull()
expect(undefined).not.toBeNull()
expect(undefined).toBeUndefined()
expect(null).toBeDefined()
expect(NaN).toBeNaN()
expect("x").not.toBeNaN()
expect(called([1])).toHaveBeenCalled()
expect(called()).not.toHaveBeenCalled()
expect(called([1], [2])).toHaveBeenCalledTimes(2)
expect(called([1])).toHaveBeenCalledOnce()
expect(called([1, { a: 2 }])).toHaveBeenCalledWith(1, { a: 2 })
expect(called([1])).not.toHaveBeenCalledWith(1, 2)
expect(called([1, 2])).not.toHaveBeenCalledWith(1)
expect(called([1], [2])).toHaveBeenLastCalledWith(2)
expect(called([1], [2])).not.toHaveBeenLastCalledWith(1)
expect(called([1], [2])).toHaveBeenNthCalledWith(1, 1)
expect(called([1], [2])).not.toHaveBeenNthCalledWith(2, 1)
expect(called([1])).toHaveBeenCalledExactlyOnceWith(1)
expect(called([1], [1])).not.toHaveBeenCalledExactlyOnceWith(1)
expect(called([1])).toHaveReturned()
expect(called([1], [2])).toHaveReturnedTimes(2)
expect(called([1])).toHaveReturnedWith(1)
expect(called([1], [2])).toHaveLastReturnedWith(2)
expect(called([1], [2])).toHaveNthReturnedWith(1, 1)
expect(called([expect.anything(), 1])).not.toHaveBeenCalledWith(2)
expect(called([{ id: 7, n: "x" }])).toHaveBeenCalledWith(expect.objectContaining({ id: expect.any(Number) }))
expect(1).toEqual(expect.any(Number))
expect("1").not.toEqual(expect.any(Number))
expect(new Point(1, 1)).toEqual(expect.any(Point))
expect(() => 1).toEqual(expect.any(Function))
expect([]).toEqual(expect.any(Object))
expect(0).toEqual(expect.anything())
expect(null).not.toEqual(expect.anything())
expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 }))
expect({ a: 1 }).not.toEqual(expect.objectContaining({ b: 1 }))
expect({ a: { b: 1, c: 2 } }).not.toEqual(expect.objectContaining({ a: { b: 1 } }))
expect([1, 2, 3]).toEqual(expect.arrayContaining([3, 1]))
expect([1]).not.toEqual(expect.arrayContaining([1, 2]))
expect("hello").toEqual(expect.stringContaining("ell"))
expect("hello").toEqual(expect.stringMatching(/^h/))
expect(1.001).toEqual(expect.closeTo(1, 2))
expect("a").toEqual(expect.not.stringContaining("b"))
expect({ a: 1 }).toEqual(expect.not.objectContaining({ b: 1 }))
expect([1]).toEqual(expect.not.arrayContaining([2]))
expect({ list: [{ id: 1 }] }).toEqual({ list: [{ id: expect.any(Number) }] })
expect(new Map([["a", 5]])).toEqual(new Map([["a", expect.any(Number)]]))
await expect(Promise.resolve(1)).resolves.toBe(1)
await expect(Promise.resolve({ a: 1, b: 2 })).resolves.toMatchObject({ a: 1 })
await expect(Promise.reject(new Error("no"))).rejects.toThrow("no")
await expect(Promise.reject(new Fault("no", 3))).rejects.toMatchObject({ code: 3 })
await expect(Promise.reject(new Error("no"))).rejects.toBeInstanceOf(Error)
await expect(Promise.resolve(1)).resolves.not.toBe(2)
await expect(async () => { throw new Error("in"); }).rejects.toThrow(/in/)
await expect(Promise.reject("text")).rejects.toBe("text")
await expect(Promise.resolve()).resolves.toBeUndefined()
await expect.poll(() => 3).toBe(3)
expect.assertions(1); expect(1).toBe(1)
expect.hasAssertions(); expect(1).toBe(1)
expect({ b: 1, a: [true] }).toMatchInlineSnapshot(`
  {
    "a": [
      true,
    ],
    "b": 1,
  }
`)
expect.soft(1).toBe(1)
"""

FAILING = """
expect(1).toBe(2)
expect(1).not.toBe(1)
expect({ a: 1 }).toEqual({ a: 2 })
expect({ a: 1 }).toEqual({ a: 1, b: 2 })
expect({ a: 1, b: 2 }).toEqual({ a: 1 })
expect([1, 2]).toEqual([2, 1])
expect({ a: 1 }).toStrictEqual({ a: 1, b: undefined })
expect(undefined).toMatchObject({ a: 1 })
expect("text").toMatchObject({ a: 1 })
expect(() => 1).toThrow()
expect(boom(new Error("x"))).not.toThrow()
expect(boom(new Error("x"))).toThrow("y")
expect(1).toThrow()
expect([1]).toContain(2)
expect(null).toContain(1)
expect(5).toContain(5)
expect([1]).toHaveLength(2)
expect(5).toHaveLength(1)
expect(null).toHaveLength(0)
expect({ a: 1 }).toHaveProperty("b")
expect({ a: 1 }).toHaveProperty("a", 2)
expect(null).toHaveProperty("a")
expect(5).toMatch("5")
expect("2").toBeGreaterThan(1)
expect(null).toBeLessThan(1)
expect({ valueOf: () => 5 }).toBeGreaterThan(1)
expect(undefined).toBeDefined()
expect(1).toBeInstanceOf(Number)
expect(1).toHaveBeenCalled()
expect(called()).toHaveBeenCalled()
expect(called([1])).not.toHaveBeenCalled()
expect(called([1])).toHaveBeenCalledWith(2)
expect(called([1])).toHaveBeenNthCalledWith(2, 1)
expect(called([1], [2])).toHaveBeenCalledOnce()
await expect(Promise.resolve(1)).rejects.toThrow()
await expect(Promise.reject(new Error("x"))).resolves.toBe(1)
await expect(1).resolves.toBe(1)
await expect(Promise.reject(new Error("x"))).rejects.toThrow("y")
await expect.poll(() => 3, { timeout: 30, interval: 10 }).toBe(4)
expect.assertions(2); expect(1).toBe(1)
expect.hasAssertions()
expect.fail("always")
expect.unreachable()
expect.soft(1).toBe(2)
expect({ a: 2 }).toMatchInlineSnapshot(`{ "a": 1 }`)
throw null
throw undefined
await Promise.reject(null)
await Promise.reject(undefined)
"""

# vitest lets these pass; here an actual value cannot say for itself what it equals.
STRICTER = """
expect({ asymmetricMatch: () => true, $$typeof: Symbol.for("jest.asymmetricMatcher") }).toEqual(5)
expect("1").toBeCloseTo(1)
expect(new Uint8Array([1]).buffer).toEqual(new Uint8Array([2]).buffer)
expect(1).toBeInstanceOf(class { static [Symbol.hasInstance]() { return true; } })
expect({}).toBeInstanceOf(class { static [Symbol.hasInstance]() { return true; } })
"""


def statements(text: str) -> list[str]:
    """Lines; an indented line or a lone backtick continues the one before."""
    found: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith((" ", "`", "}")) and found:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return found


def program(lines: list[str]) -> str:
    tests = [
        f'it("{number}", async () => {{ {line}; }});' for number, line in enumerate(lines, start=1)
    ]
    return PRELUDE + "\n".join(tests)


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory) -> dict[str, bool]:
    root: Path = tmp_path_factory.mktemp("tree")
    found = {}
    with NodePool(root) as pool:
        for name, text in (("passing", PASSING), ("failing", FAILING + STRICTER.lstrip())):
            lines = statements(text)
            (root / f"{name}.test.ts").write_text(program(lines))
            report = pool.run(TestJob(root=root, tests=(f"{name}.test.ts",), overlay={}))
            assert report.status == "finished", report.detail
            found |= {lines[int(result.title) - 1]: result.passed for result in report.results}
    return found


@pytest.mark.parametrize("line", statements(PASSING))
def test_this_holds(verdicts, line):
    assert verdicts[line]


@pytest.mark.parametrize("line", statements(FAILING + STRICTER.lstrip()))
def test_this_does_not_hold(verdicts, line):
    assert not verdicts[line]
