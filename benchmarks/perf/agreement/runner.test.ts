import { afterAll, afterEach, aroundEach, beforeAll, beforeEach, describe, expect, expectTypeOf, it, onTestFailed, onTestFinished, suite, test, vi } from "vitest";

const told: string[] = [];
describe("hooks", () => {
  beforeAll(() => { told.push("all"); return () => { told.push("undo all"); }; });
  beforeEach(() => { told.push("each"); return () => { told.push("undo"); }; });
  afterEach(() => { told.push("after"); });
  it("first", () => { expect(told).toEqual(["all", "each"]); });
  it("second", () => { expect(told).toEqual(["all", "each", "after", "undo", "each"]); });
  describe("inner", () => {
    beforeEach(() => { told.length = 0; });
    it("third", () => { expect(told).toEqual([]); });
  });
});
it("after the hooks", () => { expect(told).toContain("undo all"); });
describe("hook order", () => {
  const seen: string[] = [];
  beforeEach(() => { seen.push("1"); });
  beforeEach(() => { seen.push("2"); });
  afterEach(() => { seen.push("a"); });
  afterEach(() => { seen.push("b"); });
  it("runs", () => {});
  it("stacks", () => { expect(seen).toEqual(["1", "2", "b", "a", "1", "2"]); });
});
describe("failing hooks", () => {
  describe("beforeEach", () => { beforeEach(() => { throw new Error("x"); }); it("does not run", () => {}); });
  describe("afterEach", () => { afterEach(() => { throw new Error("x"); }); it("fails after", () => {}); });
  describe("beforeAll", () => { beforeAll(() => { throw new Error("x"); }); it("never runs", () => {}); });
  describe("afterAll", () => { afterAll(() => { throw new Error("x"); }); it("has passed", () => {}); });
  describe("late", () => { beforeEach(async () => { await new Promise((r) => setTimeout(r, 100)); }, 20); it("times out", () => {}); });
  describe("undo", () => { beforeEach(() => () => { throw new Error("x"); }); it("fails in the undo", () => {}); });
  describe("null", () => { beforeEach(() => { throw null; }); it("fails with null", () => {}); });
});
describe("modes", () => {
  it.fails("fails that fails", () => { expect(1).toBe(2); });
  it.fails("fails that passes", () => {});
  it.fails("fails, async", async () => { await Promise.reject(new Error("x")); });
  it("retries", { retry: 2 }, (() => { let n = 0; return () => { expect(++n).toBe(3); }; })());
  it("retries too few", { retry: 1 }, (() => { let n = 0; return () => { expect(++n).toBe(3); }; })());
  it("repeats and fails the last", { repeats: 2 }, (() => { let n = 0; return () => { expect(++n).toBeLessThan(3); }; })());
  it("repeats and holds", { repeats: 2 }, () => {});
  it("is too slow", { timeout: 20 }, () => new Promise((r) => setTimeout(r, 200)));
  it("is too slow, by number", () => new Promise((r) => setTimeout(r, 200)), 20);
  it("skips itself", ({ skip }) => { skip(); });
  it("skips on a condition", ({ skip }) => { skip(true, "why"); expect(1).toBe(2); });
  it("skips never", ({ skip }) => { skip(false); });
  it.skip("skipped", () => { expect(1).toBe(2); });
  it.todo("to do");
  it.skipIf(1 > 0)("skipIf", () => { expect(1).toBe(2); });
  it.runIf(1 > 0)("runIf", () => {});
  it.concurrent("concurrent", async ({ expect: own }) => { own(1).toBe(1); });
  it.sequential("sequential", () => {});
  it("returns a rejection", () => Promise.reject(new Error("x")));
  it("returns a value", () => 5 as never);
  it("throws undefined", () => { throw undefined; });
  it("throws null, async", async () => { throw null; });
  it("without a body");
  test("test", () => {});
  it("context", ({ task, signal, expect: own }) => { expect(task.name).toBe("context"); expect(signal.aborted).toBe(false); own(1).toBe(1); });
  it("assertions of its own expect", ({ expect: own }) => { own.assertions(2); own(1).toBe(1); });
  it("annotates", async ({ annotate }) => { await annotate("noted"); });
  it("finishes", () => { onTestFinished(() => {}); });
  it("fails while finishing", () => { onTestFinished(() => { throw new Error("x"); }); });
  it("tells a failure", () => { onTestFailed(() => {}); expect(1).toBe(2); });
  it("hook outside", () => { expect(() => beforeEach(() => {})).not.toThrow(); });
  it("state", () => { expect(expect.getState().currentTestName).toMatch(/state$/); expect(expect.getState().testPath).toMatch(/runner\.test\.ts$/); });
});
suite("suite", () => { it("is describe", () => {}); });
describe.skip("a skipped suite", () => { it("is not run", () => { expect(1).toBe(2); }); });
describe.each([[1, "a"], [2, "b"]])("suite %i %s", (n, s) => { it("knows them", () => { expect([n, s]).toEqual(n === 1 ? [1, "a"] : [2, "b"]); }); });
describe.for([{ k: 1 }])("for $k", ({ k }) => { it("knows it", () => { expect(k).toBe(1); }); });
describe("async suite", async () => { await null; it("is collected", () => {}); });
describe("shuffled", { shuffle: true }, () => { it("a", () => {}); it("b", () => {}); });
describe("each", () => {
  it.each([[1, 2], [3, 4]])("pair %i and %i", (a, b) => { expect(b - a).toBe(1); });
  it.each([1, 2])("one %s", (a) => { expect(a).toBeLessThan(2); });
  it.each([{ a: 1, b: { c: "x" } }])("object $a $b.c $missing", ({ a }) => { expect(a).toBe(1); });
  it.each([{ a: "x'y" }])("quoted $a", () => {});
  it.each([{ a: [1, 2], b: { c: null }, d: undefined }])("shown $a $b $d", () => {});
  it.each([["a", { b: 1 }], ["c", [1]]])("mixed %s %o", () => {});
  it.each([["a", { b: 1 }]])("json %j %j", () => {});
  it.each([[1.5, 2.7]])("float %f %i %d", () => {});
  it.each([["only one"]])("too many %s %s", () => {});
  it.each([["a", "b"]])("too few %s", () => {});
  it.each([[null, undefined]])("null %s %s", () => {});
  it.each([[new Error("boom")]])("error %s", () => {});
  it.each([[-0, 1n, NaN]])("numbers %s %s %s", () => {});
  it.each([["a"]])("index %# and %$ of %s", () => {});
  it.each([["a"]])("100%% %s", () => {});
  it.each([])("none %s", () => {});
  it.each`
    a    | b    | sum
    ${1} | ${2} | ${3}
    ${2} | ${2} | ${5}
  `("$a + $b = $sum", ({ a, b, sum }) => { expect(a + b).toBe(sum); });
  it.for([[1, 2]])("for %i %i", ([a, b], { expect: own }) => { own(b - a).toBe(1); });
  it.for([{ a: 1 }])("for object $a", ({ a }) => { expect(a).toBe(1); });
  it.each([{ a: { b: { c: 1 } }, "d.e": 2 }])("paths $a.b.c $d.e", () => {});
  it.each([["x".repeat(100)]])("long %s", () => {});
  it.each([{ s: "x".repeat(100) }])("long $s", () => {});
});
const extended = test.extend<{ five: number; list: number[] }>({
  five: 5,
  list: async ({ five }, use) => { const list = [five]; await use(list); list.length = 0; },
});
extended("fixtures", ({ list, five }) => { expect(list).toEqual([five]); });
extended("a fixture that fails", ({ list }) => { expect(list).toEqual([]); });
const broken = test.extend<{ bad: number }>({ bad: async () => { throw new Error("x"); } });
broken("a broken fixture", ({ bad }) => { expect(bad).toBe(1); });
describe("around", () => {
  const seen: string[] = [];
  aroundEach(async (run) => { seen.push("in"); await run(); seen.push("out"); });
  it("one", () => { expect(seen).toEqual(["in"]); });
  it("two", () => { expect(seen).toEqual(["in", "out", "in"]); });
});
describe("types", () => {
  it("hold at run time", () => { expectTypeOf(1).toEqualTypeOf<number>(); expectTypeOf("a").toBeString(); });
  it("are not checked", () => { expectTypeOf(1).toBeString(); });
});
describe("same titles", () => { it("same", () => {}); it("same", () => { expect(1).toBe(2); }); it("same", () => {}); });
describe("not awaited", () => {
  const load = async (n: number) => n;
  it("right", () => { expect(load(2)).resolves.toBe(2); });
  it("wrong", () => { expect(load(3)).resolves.toBe(2); });
  it("rejects, wrong", () => { expect(load(3)).rejects.toThrow("x"); });
  it("in a reaction", async () => { load(3).then((n) => expect(n).toBe(4)).catch(() => {}); });
  it("a promise under toBe", () => { expect(load(3)).toBe(3); });
});
describe("fresh", () => {
  it("setConfig", () => { vi.setConfig({ testTimeout: 50 }); vi.resetConfig(); });
});
