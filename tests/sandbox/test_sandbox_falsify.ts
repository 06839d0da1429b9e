// Honest assertions of every kind: each holds as written, and must not hold with another expectation.
import node from "node:assert";
import strict from "node:assert/strict";
import { assert, expect, it, vi } from "vitest";

class Point {
  constructor(public x: number, public y: number) {}
}
class Lazy {
  reads = 0;
  #secret = 3;
  get value() {
    return this.#secret;
  }
}
class OwnError extends Error {
  constructor(message: string, readonly code = 7) {
    super(message);
    this.name = "OwnError";
  }
}
const many = Array.from({ length: 50 }, (_, index) => index);
const shared = { deep: { list: [1, { two: 2 }] } };

const values = [0, -0, 1, -1, 0.1, 1e300, NaN, Infinity, -Infinity, 2 ** 53, 5e-324, "", "a", "ä€😀",
  true, false, null, undefined, 10n, Symbol.iterator, Symbol("own"), Math.max];
values.forEach((value, index) => {
  it(`toBe #${index} 1`, () => expect(value).toBe(value));
  it(`toEqual #${index} 1`, () => expect(value).toEqual(value));
  it(`toStrictEqual in a list #${index} 1`, () => expect([value]).toStrictEqual([value]));
  if (!Number.isNaN(value)) it(`toContain among others #${index} 1`, () =>
    expect([value, true, false, 0, 1, 2, "b", null, undefined]).toContain(value));
  it(`toContainEqual among others #${index} 1`, () =>
    expect([{ v: true }, { v: false }, { v: 1 }, v(value)]).toContainEqual({ v: value }));
});
function v(value: unknown) {
  return { v: value };
}

it("toBe, the very same object 1", () => expect(shared).toBe(shared));
it("toEqual, the very same object 1", () => expect(shared).toEqual(shared));
it("toEqual, nested 1", () => expect({ a: [1, { b: "c" }], d: null }).toEqual({ a: [1, { b: "c" }], d: null }));
it("toEqual, missing and undefined 1", () => expect({ a: 1 }).toEqual({ a: 1, b: undefined }));
it("toEqual, nothing in it 3", () => {
  expect({}).toEqual({});
  expect([]).toEqual([]);
  expect(Object.create(null)).toEqual({});
});
it("toEqual, holes 1", () => expect([1, , 3]).toEqual([1, undefined, 3]));
it("toEqual, dates 2", () => {
  expect(new Date(0)).toEqual(new Date(0));
  expect({ at: new Date(NaN) }).toEqual({ at: new Date(NaN) });
});
it("toEqual, fake dates 1", () => {
  vi.useFakeTimers({ now: 5 });
  expect(new Date()).toEqual(new Date(5));
  vi.useRealTimers();
});
it("toEqual, maps and sets 4", () => {
  expect(new Map([["a", { b: 1 }]])).toEqual(new Map([["a", { b: 1 }]]));
  expect(new Map()).toEqual(new Map());
  expect(new Set([true, false])).toEqual(new Set([true, false]));
  expect(new Set()).toEqual(new Set());
});
it("toEqual, patterns 1", () => expect(/a+/gi).toEqual(/a+/gi));
it("toEqual, errors 2", () => {
  expect(new Error("x")).toEqual(new Error("x"));
  expect(new OwnError("x")).toEqual(new OwnError("x"));
});
it("toEqual, instances 2", () => {
  expect(new Point(1, 2)).toEqual(new Point(1, 2));
  expect(new Lazy()).toEqual(new Lazy());
});
it("toEqual, bytes 3", () => {
  expect(new Uint8Array([1, 2])).toEqual(new Uint8Array([1, 2]));
  expect(Buffer.from("abc")).toEqual(Buffer.from("abc"));
  expect(new Float64Array(0)).toEqual(new Float64Array(0));
});
it("toEqual, addresses 1", () => expect(new URL("http://a/b")).toEqual(new URL("http://a/b")));
it("toEqual, a ring 1", () => {
  const one: any = { name: "one" };
  one.self = one;
  const other: any = { name: "one" };
  other.self = other;
  expect(one).toEqual(other);
});
it("toEqual, matchers inside 3", () => {
  expect({ id: 7, at: new Date() }).toEqual({ id: expect.any(Number), at: expect.anything() });
  expect(["a", "b"]).toEqual(expect.arrayContaining(["a"]));
  expect({ a: 1, b: 2 }).toEqual(expect.objectContaining({ a: 1 }));
});
it("toMatchObject 3", () => {
  expect({ a: 1, b: { c: 2, d: 3 } }).toMatchObject({ b: { c: 2 } });
  expect({ a: 1 }).toMatchObject({});
  expect([{ a: 1, b: 2 }]).toMatchObject([{ a: 1 }]);
});
it("toContain, text 2", () => {
  expect("one two").toContain("two");
  expect("one two").toContain("");
});
it("toContain, sets 1", () => expect(new Set([1, 2])).toContain(2));
it("toHaveLength 2", () => {
  expect([1, 2]).toHaveLength(2);
  expect("").toHaveLength(0);
});
it("toHaveProperty 4", () => {
  expect({ a: { b: [1] } }).toHaveProperty("a.b[0]");
  expect({ a: { b: [1] } }).toHaveProperty("a.b[0]", 1);
  expect({ a: { b: true } }).toHaveProperty(["a", "b"], true);
  expect({ "a.b": 1 }).toHaveProperty(["a.b"]);
});
it("toMatch 3", () => {
  expect("abc").toMatch("b");
  expect("abc").toMatch(/^abc$/);
  expect("a\nb").toMatch(/b$/m);
});
it("toBeCloseTo 4", () => {
  expect(0.1 + 0.2).toBeCloseTo(0.3);
  expect(1e9 + 0.001).toBeCloseTo(1e9, 2);
  expect(12_345).toBeCloseTo(12_300, -3);
  expect(Infinity).toBeCloseTo(Infinity);
});
it("comparisons 4", () => {
  expect(2).toBeGreaterThan(1);
  expect(Infinity).toBeGreaterThanOrEqual(1);
  expect(-Infinity).toBeLessThan(1);
  expect(2n).toBeLessThanOrEqual(2n);
});
it("kinds 4", () => {
  expect(new Point(1, 2)).toBeInstanceOf(Point);
  expect([]).toBeInstanceOf(Object);
  expect("a").toBeTypeOf("string");
  expect(2).toBeOneOf([1, 2, 3]);
});
it("toThrow 8", () => {
  const thrower = (thrown: unknown) => () => {
    throw thrown;
  };
  expect(thrower(new Error("no such file"))).toThrow("such");
  expect(thrower(new Error("no such file"))).toThrow(/^no/);
  expect(thrower(new OwnError("x"))).toThrow(OwnError);
  expect(thrower(new TypeError("x"))).toThrow(Error);
  expect(thrower(new Error("x"))).toThrow(new Error("x"));
  expect(thrower(new OwnError("x"))).toThrow(expect.objectContaining({ code: 7 }));
  expect(thrower(new Error("x"))).toThrow();
  expect(thrower(new Error("abc"))).toThrowError("abc");
  let calls = 0;
  expect(() => {
    calls += 1;
    throw new Error(`call ${calls}`);
  }).toThrow("call 1");
  if (calls !== 1) throw new Error("a function was called twice");
});
it("promises 4", async () => {
  await expect(Promise.resolve({ a: 1 })).resolves.toEqual({ a: 1 });
  await expect(Promise.reject(new OwnError("late"))).rejects.toThrow("late");
  await expect(Promise.reject(new OwnError("late"))).rejects.toBeInstanceOf(OwnError);
  await expect(Promise.reject(7)).rejects.toBe(7);
});
it("mocks 13", () => {
  const mock = vi.fn((value: unknown, _more?: unknown) => value);
  mock(true);
  mock({ a: 1 }, "b");
  mock(undefined);
  expect(mock).toHaveBeenCalledTimes(3);
  expect(mock).toHaveBeenCalledWith(true);
  expect(mock).toHaveBeenCalledWith({ a: 1 }, expect.any(String));
  expect(mock).toHaveBeenLastCalledWith(undefined);
  expect(mock).toHaveBeenNthCalledWith(2, { a: 1 }, "b");
  expect(mock).toHaveReturnedTimes(3);
  expect(mock).toHaveReturnedWith({ a: 1 });
  expect(mock).toHaveLastReturnedWith(undefined);
  expect(mock).toHaveNthReturnedWith(1, true);
  const empty = vi.fn();
  empty();
  expect(empty).toHaveBeenCalledWith();
  expect(empty).toHaveBeenNthCalledWith(1);
  expect(empty).toHaveBeenLastCalledWith();
  expect(empty).toHaveBeenCalledExactlyOnceWith();
});
it("each soft assertion 2", () => {
  expect.soft(1).toBe(1);
  expect.soft([1]).toEqual([1]);
});
it("a loop 50", () => many.forEach((index) => expect(index).toBe(index)));
it("counted assertions 2", () => {
  expect.assertions(2);
  expect(1).toBe(1);
  expect(() => {
    throw new Error("x");
  }).toThrow("x");
});
it("a flag that comes later 1", async () => {
  let ready = false;
  setTimeout(() => {
    ready = true;
  }, 20);
  await vi.waitFor(() => expect(ready).toBe(true), { timeout: 2000, interval: 5 });
});
it("a flag that is polled 1", async () => {
  let ready = false;
  setTimeout(() => {
    ready = true;
  }, 20);
  await expect.poll(() => ready, { interval: 5 }).toBe(true);
});
it("failures that are caught 1", () => {
  try {
    expect(true).toBe(false);
  } catch {
    expect(1).toBe(1);
  }
});
const throwing = () => {
  throw new RangeError("out of range");
};
it("chai's assert 25", () => {
  assert.equal<unknown>("1", 1);
  assert.strictEqual(1, 1);
  assert.deepEqual({ a: [1] }, { a: [1] });
  assert.deepStrictEqual(new Map([["a", 1]]), new Map([["a", 1]]));
  assert.include("some text", "text");
  assert.include([1, true, null], true);
  assert.deepInclude([{ a: 1 }, { a: 2 }], { a: 2 });
  assert.match("abc", /^a/);
  assert.throws(throwing, "range");
  assert.throws(throwing, RangeError);
  assert.throws(throwing, RangeError, /out/);
  assert.lengthOf([1, 2], 2);
  assert.typeOf([], "array");
  assert.instanceOf(new Point(1, 2), Point);
  assert.isAbove(2, 1);
  assert.isAtLeast(2, 2);
  assert.isBelow(1, 2);
  assert.isAtMost(2, 2);
  assert.closeTo(2, 1, 3);
  assert.approximately(1, 1, 0);
  assert.property({ a: 1 }, "a");
  assert.propertyVal({ a: 1 }, "a", 1);
  assert.sameMembers([2, 1], [1, 2]);
  assert.sameDeepMembers([{ a: 1 }], [{ a: 1 }]);
  assert.oneOf(1, [1, 2]);
});
it("node's assert 13", () => {
  node.equal(1, "1");
  node.strictEqual("a", "a");
  node.deepEqual([1, { a: null }], [1, { a: null }]);
  node.deepStrictEqual(new Set([1]), new Set([1]));
  node.match("abc", /c$/);
  node.throws(throwing, RangeError);
  node.throws(throwing, /out/);
  node.throws(throwing, { message: "out of range" });
  strict.equal(1, 1);
  strict.deepEqual({ a: 1 }, { a: 1 });
  node.strict.equal(1, 1);
  strict.strict.match("a", /a/);
  node.deepStrictEqual([[]], [[]]);
});
it("chai's expect 16", () => {
  expect("x").to.be.a("string");
  expect([]).to.be.an("array");
  expect(1).to.equal(1);
  expect([1]).to.deep.equal([1]);
  expect([1]).to.eql([1]);
  expect(2).to.be.above(1).and.below(3);
  expect(2).to.be.at.least(2);
  expect(2).to.be.at.most(2);
  expect([1, 2]).to.have.members([2, 1]);
  expect([1, 2]).to.include.members([2]);
  expect([1]).to.have.length(1);
  expect([1]).to.have.lengthOf(1);
  expect("abc").to.have.string("b");
  expect({ a: 1 }).to.have.property("a", 1);
  expect(throwing).to.throw("range");
});
it("true and false, by assert 2", () => {
  assert.isTrue(true);
  assert.isFalse(false, "a message of its own");
});
it("no stated value, by assert 0", () => {
  assert(true);
  assert.isNull(null);
  assert.notEqual(1, 2);
  assert.throws(throwing);
  node(true);
  node.ok(1);
  node.notStrictEqual(1, 2);
  node.throws(throwing);
  node.throws(throwing, "a message of its own");
  expect({ a: 1 }).to.have.keys("a");
  expect(2).to.be.within(1, 3);
});
it("no stated value 0", () => {
  const mock = vi.fn();
  mock();
  expect(mock).toHaveBeenCalled();
  expect(1).toBeTruthy();
  expect(0).toBeFalsy();
  expect(null).toBeNull();
  expect(undefined).toBeUndefined();
  expect(1).toBeDefined();
  expect(NaN).toBeNaN();
  expect(2).toSatisfy((value: number) => value > 1);
  expect(1).not.toBe(2);
  expect("a").not.toContain("b");
  expect(() => {}).not.toThrow();
  expect([1]).not.toEqual([2]);
});
it("an iterator, which is used up 0", () => {
  function* numbers() {
    yield 1;
  }
  expect(numbers()).toContain(1);
});
it("matchers of the test's own 0", () => {
  expect.extend({ toBeEven: (value: number) => ({ pass: value % 2 === 0, message: () => "odd" }) });
  (expect(2) as any).toBeEven();
});
