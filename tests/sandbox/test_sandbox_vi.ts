// Passes as a whole, here as with vitest 4.1.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

describe("vi.fn", () => {
  it("calls through and remembers", () => {
    const f = vi.fn((x: number) => x + 1);
    expect(f(1)).toBe(2);
    expect(f.mock.calls).toEqual([[1]]);
    expect(f.mock.results).toEqual([{ type: "return", value: 2 }]);
    expect(f.mock.lastCall).toEqual([1]);
  });
  it("answers once, then always", () => {
    const f = vi.fn().mockReturnValueOnce(1).mockReturnValue(2);
    expect([f(), f(), f()]).toEqual([1, 2, 2]);
  });
  it("resolves and rejects", async () => {
    const f = vi.fn().mockResolvedValueOnce(1).mockRejectedValue(new Error("no"));
    await expect(f()).resolves.toBe(1);
    await expect(f()).rejects.toThrow("no");
    expect(f.mock.settledResults.map((r) => r.type)).toEqual(["fulfilled", "rejected"]);
  });
  it("remembers what was thrown", () => {
    const f = vi.fn(() => { throw new Error("x"); });
    expect(() => f()).toThrow("x");
    expect(f.mock.results[0].type).toBe("throw");
    expect(f).not.toHaveReturned();
  });
  it("knows this and new", () => {
    const f = vi.fn(function (this: any) { return this?.k; });
    expect(f.call({ k: 5 })).toBe(5);
    expect(f.mock.contexts[0]).toEqual({ k: 5 });
    class Made { constructor(public a: number) {} }
    const Mocked = vi.fn(Made as any) as any;
    expect(new Mocked(3).a).toBe(3);
    expect(new Mocked(3)).toBeInstanceOf(Mocked);
  });
  it("is cleared, reset and restored", () => {
    const f = vi.fn(() => 1);
    f.mockReturnValue(2);
    f();
    f.mockClear();
    expect(f).not.toHaveBeenCalled();
    expect(f()).toBe(2);
    f.mockReset();
    expect(f()).toBe(1);
  });
  it("is told from other functions", () => {
    expect(vi.isMockFunction(vi.fn())).toBe(true);
    expect(vi.isMockFunction(() => 1)).toBe(false);
    expect(vi.mocked(1)).toBe(1);
  });
  it("orders calls", () => {
    const [a, b] = [vi.fn(), vi.fn()];
    a(); b();
    expect(a).toHaveBeenCalledBefore(b);
    expect(b).toHaveBeenCalledAfter(a);
  });
  it("names itself", () => {
    expect(vi.fn().mockName("mine").getMockName()).toBe("mine");
    expect(vi.fn().getMockName()).toBe("vi.fn()");
  });
});

describe("vi.spyOn", () => {
  afterEach(() => { vi.restoreAllMocks(); });
  it("watches and restores a method", () => {
    const o = { f: (x: number) => x * 2 };
    const spy = vi.spyOn(o, "f");
    expect(o.f(2)).toBe(4);
    expect(spy).toHaveBeenCalledWith(2);
    spy.mockImplementation(() => 9);
    expect(o.f(2)).toBe(9);
    spy.mockRestore();
    expect(vi.isMockFunction(o.f)).toBe(false);
  });
  it("watches methods of a class", () => {
    class A { f() { return 1; } }
    const spy = vi.spyOn(A.prototype, "f").mockReturnValue(2);
    expect(new A().f()).toBe(2);
    spy.mockRestore();
    expect(new A().f()).toBe(1);
  });
  it("watches getters", () => {
    const o = { get x() { return 1; } };
    vi.spyOn(o, "x", "get").mockReturnValue(5);
    expect(o.x).toBe(5);
    vi.restoreAllMocks();
    expect(o.x).toBe(1);
  });
  it("takes over the console, the clock and chance", () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    console.log("hidden");
    expect(log).toHaveBeenCalledWith("hidden");
    vi.spyOn(Date, "now").mockReturnValue(123);
    expect(Date.now()).toBe(123);
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    expect(Math.random()).toBe(0.5);
    vi.restoreAllMocks();
    expect(Date.now()).toBeGreaterThan(123);
  });
  it("watches the process", () => {
    const exit = vi.spyOn(process, "exit").mockImplementation((() => {}) as any);
    process.exit(3);
    expect(exit).toHaveBeenCalledWith(3);
    const cwd = vi.spyOn(process, "cwd").mockReturnValue("/here");
    expect(process.cwd()).toBe("/here");
    cwd.mockRestore();
    expect(process.cwd()).not.toBe("/here");
  });
});

describe("fake timers", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });
  it("advance in order", () => {
    const seen: string[] = [];
    setTimeout(() => seen.push("b"), 20);
    setTimeout(() => { seen.push("a"); setTimeout(() => seen.push("c"), 15); }, 10);
    vi.advanceTimersByTime(19);
    expect(seen).toEqual(["a"]);
    vi.advanceTimersByTime(6);
    expect(seen).toEqual(["a", "b", "c"]);
  });
  it("repeat and are cleared", () => {
    const f = vi.fn();
    const id = setInterval(f, 10);
    vi.advanceTimersByTime(35);
    expect(f).toHaveBeenCalledTimes(3);
    clearInterval(id);
    vi.advanceTimersByTime(100);
    expect(f).toHaveBeenCalledTimes(3);
    expect(vi.getTimerCount()).toBe(0);
  });
  it("run all, and only those pending", () => {
    const f = vi.fn();
    setTimeout(() => { f(); setTimeout(f, 5); }, 5);
    vi.runOnlyPendingTimers();
    expect(f).toHaveBeenCalledTimes(1);
    vi.runAllTimers();
    expect(f).toHaveBeenCalledTimes(2);
  });
  it("stop at an endless chain", () => {
    const again = () => { setTimeout(again, 1); };
    again();
    expect(() => vi.runAllTimers()).toThrow(/10000 timers/);
  });
  it("step to the next", () => {
    const f = vi.fn();
    setTimeout(f, 50); setTimeout(f, 99);
    vi.advanceTimersToNextTimer();
    expect(f).toHaveBeenCalledTimes(1);
  });
  it("move dates", () => {
    vi.setSystemTime(new Date("2020-01-01T00:00:00Z"));
    expect(new Date().toISOString()).toBe("2020-01-01T00:00:00.000Z");
    vi.advanceTimersByTime(1000);
    expect(Date.now()).toBe(Date.parse("2020-01-01T00:00:01Z"));
    expect(new Date(5).getTime()).toBe(5);
    expect(new Date()).toBeInstanceOf(Date);
  });
  it("await promises between timers", async () => {
    const seen: number[] = [];
    const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
    const work = (async () => { await sleep(10); seen.push(1); await sleep(10); seen.push(2); })();
    await vi.advanceTimersByTimeAsync(10);
    expect(seen).toEqual([1]);
    await vi.runAllTimersAsync();
    await work;
    expect(seen).toEqual([1, 2]);
  });
  it("say whether they are on", () => {
    expect(vi.isFakeTimers()).toBe(true);
    vi.useRealTimers();
    expect(vi.isFakeTimers()).toBe(false);
    expect(() => vi.advanceTimersByTime(1)).toThrow(/useFakeTimers/);
  });
});

describe("stubs", () => {
  it("of the environment", () => {
    vi.stubEnv("LLMOPS_X", "1");
    expect(process.env.LLMOPS_X).toBe("1");
    vi.unstubAllEnvs();
    expect(process.env.LLMOPS_X).toBeUndefined();
  });
  it("of globals", () => {
    const before = globalThis.fetch;
    vi.stubGlobal("fetch", 5);
    vi.stubGlobal("brandNew", 6);
    expect([fetch, (globalThis as any).brandNew]).toEqual([5, 6]);
    vi.unstubAllGlobals();
    expect(fetch).toBe(before);
    expect("brandNew" in globalThis).toBe(false);
  });
  it("of fetch, by assignment", () => {
    const before = globalThis.fetch;
    globalThis.fetch = vi.fn() as any;
    expect(vi.isMockFunction(fetch)).toBe(true);
    globalThis.fetch = before;
  });
});

describe("waiting", () => {
  it("vi.waitFor tries again", async () => {
    let n = 0;
    await vi.waitFor(() => { if (++n < 3) throw new Error("not yet"); }, { interval: 5 });
    expect(n).toBe(3);
  });
  it("vi.waitUntil waits for truth", async () => {
    let n = 0;
    await expect(vi.waitUntil(() => ++n > 2 && n, { interval: 5 })).resolves.toBe(3);
  });
});

describe("hooks", () => {
  const log: string[] = [];
  beforeAll(() => { log.push("all"); return () => { log.push("undone"); }; });
  beforeEach(() => { log.push("outer"); return () => { log.push("cleaned"); }; });
  afterEach(() => { log.push("after outer"); });
  afterEach(() => { log.push("after outer, second"); });
  describe("inside", () => {
    beforeEach(() => { log.push("inner"); });
    afterEach(() => { log.push("after inner"); });
    it("first", () => { expect(log).toEqual(["all", "outer", "inner"]); });
    it("second", () => {
      expect(log.slice(3, 7)).toEqual(["after inner", "after outer, second", "after outer", "cleaned"]);
    });
  });
  afterAll(() => { log.push("end"); });
});

describe("classes that programs extend", () => {
  it("have names, causes and own properties", () => {
    class Fault extends Error {
      constructor(message: string) { super(message, { cause: 1 }); this.name = "Fault"; }
      override toString() { return "fault"; }
    }
    const fault = new Fault("x");
    fault.message = "y";
    expect([fault.name, fault.message, `${fault}`, fault.cause]).toEqual(["Fault", "y", "fault", 1]);
    const plain: any = {};
    plain.toString = () => "mine";
    plain.constructor = 5;
    expect([`${plain}`, plain.constructor, Object.keys(plain)]).toEqual(["mine", 5, ["toString", "constructor"]]);
    function Old(this: any) {}
    Old.prototype.toString = () => "old";
    Old.prototype.valueOf = () => 7;
    expect([`${new (Old as any)()}`, +new (Old as any)()]).toEqual(["old", 7]);
  });
});
