// The body of a test file, run once when the judge is built. What the engine compiles for it is kept, so it
// uses what tests use; each test must pass, and with changed expectations too.
class Point {
  constructor(x, y) {
    Object.assign(this, { x, y });
  }
}
const refuse = (what) => () => {
  throw what;
};

describe("matchers", () => {
  beforeEach(() => {});
  afterEach(() => {});
  it("compare primitives", () => {
    for (const value of [0, 1.5, "text", "", true, null, undefined, 10n, NaN]) {
      expect(value).toBe(value);
      expect(value).toEqual(value);
    }
    expect(0.1 + 0.2).toBeCloseTo(0.3);
    expect(2).toBeGreaterThan(1);
    expect(2).toBeLessThanOrEqual(2);
    expect("some text").toContain("text");
    expect("some text").toMatch(/^some/);
    expect("some text").toHaveLength(9);
    expect(1).not.toBe(2);
    expect(1).toBeTruthy();
    expect(null).toBeNull();
    expect(undefined).toBeUndefined();
  });
  it("compare structures", () => {
    const nested = { a: [1, { b: "c", d: [true, null] }], e: new Date(0), f: /x/g };
    expect(nested).toEqual({ a: [1, { b: "c", d: [true, null] }], e: new Date(0), f: /x/g });
    expect([1, "two", { three: 3 }]).toStrictEqual([1, "two", { three: 3 }]);
    expect(nested).toMatchObject({ a: [1, { b: "c" }] });
    expect(nested).toHaveProperty("a.0", 1);
    expect(new Map([["a", 1]])).toEqual(new Map([["a", 1]]));
    expect(new Set([1, 2])).toEqual(new Set([1, 2]));
    expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]));
    expect(new Point(1, 2)).toEqual(new Point(1, 2));
    expect(new Point(1, 2)).toBeInstanceOf(Point);
    expect([1, 2, 3]).toContain(2);
    expect([{ a: 1 }]).toContainEqual({ a: 1 });
    expect({ a: 1, b: "x" }).toEqual({ a: expect.any(Number), b: expect.stringContaining("x") });
    expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 }));
  });
  it("see what is thrown", async () => {
    expect(refuse(new RangeError("out of range"))).toThrow(RangeError);
    expect(refuse(new Error("no such file"))).toThrow("such");
    expect(refuse(new Error("no such file"))).toThrow(/file$/);
    expect(() => {}).not.toThrow();
    await expect(Promise.resolve({ a: 1 })).resolves.toEqual({ a: 1 });
    await expect(Promise.reject(new Error("late"))).rejects.toThrow("late");
  });
  it.each([[1, 2], [2, 3]])("take rows: %i", (one, next) => expect(one + 1).toBe(next));
});

describe("doubles", () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
  it("record calls", () => {
    const mock = vi.fn((value) => value);
    mock(1);
    mock({ a: 1 }, "b");
    expect(mock).toHaveBeenCalledTimes(2);
    expect(mock).toHaveBeenCalledWith({ a: 1 }, "b");
    expect(mock.mock.calls[0]).toEqual([1]);
    const spied = { method: () => 1 };
    vi.spyOn(spied, "method").mockReturnValue(2);
    expect(spied.method()).toBe(2);
  });
  it("move clocks", async () => {
    vi.useFakeTimers({ now: 5 });
    const called = vi.fn();
    setTimeout(called, 10);
    vi.advanceTimersByTime(10);
    expect(called).toHaveBeenCalled();
    expect(Date.now()).toBe(15);
  });
  it("wait", async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
  });
});

it("fails where it must", () => {
  for (const check of [() => expect(1).toBe(2), () => expect({ a: [1] }).toEqual({ a: [2] }), () => expect("a").toContain("b")]) {
    expect(check).toThrow();
  }
});
