import { describe, expect, it } from "vitest";
import { changedKeys, deepEqual, kindOf, sameItems } from "./deep_equal.ts";

describe("sameItems", () => {
  it("accepts equal primitives", () => {
    expect(sameItems([1, "a", null], [1, "a", null])).toBe(true);
  });
  it("accepts two empty lists", () => {
    expect(sameItems([], [])).toBe(true);
  });
  it("refuses another order", () => {
    expect(sameItems([1, 2], [2, 1])).toBe(false);
  });
  it("refuses a longer list with the same start", () => {
    expect(sameItems([1], [1, 2])).toBe(false);
  });
  it("accepts NaN at the same index", () => {
    expect(sameItems([Number.NaN], [Number.NaN])).toBe(true);
  });
  it("compares nested arrays by identity", () => {
    expect(sameItems([[1]], [[1]])).toBe(false);
  });
});

describe("kindOf", () => {
  it("names null", () => {
    expect(kindOf(null)).toBe("null");
  });
  it("names an array", () => {
    expect(kindOf([1])).toBe("array");
  });
  it("names a date", () => {
    expect(kindOf(new Date(0))).toBe("date");
  });
  it("tells NaN from other numbers", () => {
    expect(kindOf(Number.NaN)).toBe("nan");
    expect(kindOf(0)).toBe("number");
  });
  it("names objects", () => {
    expect(kindOf({})).toBe("object");
    expect(kindOf(new Map())).toBe("object");
  });
  it("names undefined, functions and text", () => {
    expect([undefined, () => 1, "null"].map((value) => kindOf(value))).toEqual([
      "undefined",
      "function",
      "string",
    ]);
  });
});

describe("deepEqual", () => {
  it("ignores the order of keys", () => {
    expect(deepEqual({ a: 1, b: { c: [1, 2] } }, { b: { c: [1, 2] }, a: 1 })).toBe(true);
  });
  it("sees a difference deep inside", () => {
    expect(deepEqual({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } })).toBe(false);
  });
  it("tells undefined from a missing key", () => {
    expect(deepEqual({ a: undefined }, { b: undefined })).toBe(false);
    expect(deepEqual({ a: undefined }, {})).toBe(false);
  });
  it("tells an array from an object with the same keys", () => {
    expect(deepEqual(["x"], { 0: "x" })).toBe(false);
  });
  it("treats NaN as equal to itself", () => {
    expect(deepEqual([Number.NaN], [Number.NaN])).toBe(true);
  });
  it("compares dates by their time", () => {
    expect(deepEqual(new Date(5), new Date(5))).toBe(true);
    expect(deepEqual(new Date(5), new Date(6))).toBe(false);
    expect(deepEqual(new Date(5), {})).toBe(false);
  });
  it("does not convert types", () => {
    expect(deepEqual(1, "1")).toBe(false);
    expect(deepEqual(null, {})).toBe(false);
  });
});

describe("changedKeys", () => {
  it("lists changed and missing keys", () => {
    expect(changedKeys({ a: 1, b: 2 }, { b: 3 })).toEqual(["a", "b"]);
  });
  it("lists new keys in sorted order", () => {
    expect(changedKeys({}, { z: 1, c: 2 })).toEqual(["c", "z"]);
  });
  it("is empty for equal records", () => {
    expect(changedKeys({ a: 1, n: Number.NaN }, { n: Number.NaN, a: 1 })).toEqual([]);
  });
  it("tells undefined from a missing key", () => {
    expect(changedKeys({ a: undefined }, {})).toEqual(["a"]);
  });
  it("leaves out equal values", () => {
    expect(changedKeys({ a: 1, b: "x" }, { a: 2, b: "x" })).toEqual(["a"]);
  });
});
