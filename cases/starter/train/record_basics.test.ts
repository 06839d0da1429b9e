import { describe, expect, it } from "vitest";
import {
  isEmptyRecord,
  keyCount,
  largestValue,
  pairsOf,
  sortedKeys,
  withField,
} from "./record_basics.ts";

describe("keyCount", () => {
  it("counts two keys", () => {
    expect(keyCount({ a: 1, b: 2 })).toBe(2);
  });
  it("counts one key", () => {
    expect(keyCount({ a: 0 })).toBe(1);
  });
  it("returns 0 for an empty object", () => {
    expect(keyCount({})).toBe(0);
  });
  it("counts keys with equal values", () => {
    expect(keyCount({ a: 1, b: 1, c: 1 })).toBe(3);
  });
  it("counts an empty key", () => {
    expect(keyCount({ "": 5 })).toBe(1);
  });
});

describe("isEmptyRecord", () => {
  it("returns true for an object without keys", () => {
    expect(isEmptyRecord({})).toBe(true);
  });
  it("returns false for one key", () => {
    expect(isEmptyRecord({ a: 1 })).toBe(false);
  });
  it("returns false for a value of 0", () => {
    expect(isEmptyRecord({ a: 0 })).toBe(false);
  });
  it("returns false for two keys", () => {
    expect(isEmptyRecord({ a: 1, b: 2 })).toBe(false);
  });
  it("returns true for a spread of nothing", () => {
    expect(isEmptyRecord({ ...{} })).toBe(true);
  });
});

describe("withField", () => {
  it("adds a field", () => {
    expect(withField({ a: 1 }, "b", 2)).toEqual({ a: 1, b: 2 });
  });
  it("replaces a field", () => {
    expect(withField({ a: 1 }, "a", 7)).toEqual({ a: 7 });
  });
  it("adds to an empty object", () => {
    expect(withField({}, "x", 3)).toEqual({ x: 3 });
  });
  it("does not change the object given", () => {
    const record = { a: 1 };
    expect(withField(record, "a", 2)).toEqual({ a: 2 });
    expect(record).toEqual({ a: 1 });
  });
  it("can set a field to 0", () => {
    expect(withField({ a: 1, b: 2 }, "b", 0)).toEqual({ a: 1, b: 0 });
  });
});

describe("pairsOf", () => {
  it("lists two pairs", () => {
    expect(pairsOf({ a: 1, b: 2 })).toEqual([["a", 1], ["b", 2]]);
  });
  it("lists one pair", () => {
    expect(pairsOf({ size: 4 })).toEqual([["size", 4]]);
  });
  it("lists nothing for an empty object", () => {
    expect(pairsOf({}).length).toBe(0);
    expect(Array.isArray(pairsOf({}))).toBe(true);
  });
  it("keeps the order of the object", () => {
    expect(pairsOf({ z: 1, a: 2 })).toEqual([["z", 1], ["a", 2]]);
  });
  it("keeps values of 0", () => {
    expect(pairsOf({ a: 0 })).toEqual([["a", 0]]);
  });
});

describe("largestValue", () => {
  it("finds the largest of two", () => {
    expect(largestValue({ a: 1, b: 5 })).toBe(5);
  });
  it("finds the largest at the start", () => {
    expect(largestValue({ a: 9, b: 5, c: 7 })).toBe(9);
  });
  it("returns the only value", () => {
    expect(largestValue({ a: 3 })).toBe(3);
  });
  it("finds the largest of negative values", () => {
    expect(largestValue({ a: -3, b: -1 })).toBe(-1);
  });
  it("returns a value that occurs twice", () => {
    expect(largestValue({ a: 2, b: 2 })).toBe(2);
  });
});

describe("sortedKeys", () => {
  it("sorts two keys", () => {
    expect(sortedKeys({ b: 1, a: 2 })).toEqual(["a", "b"]);
  });
  it("keeps sorted keys", () => {
    expect(sortedKeys({ a: 1, b: 2, c: 3 })).toEqual(["a", "b", "c"]);
  });
  it("does not sort by value", () => {
    expect(sortedKeys({ x: 1, m: 0 })).toEqual(["m", "x"]);
  });
  it("returns an empty array for an empty object", () => {
    expect(sortedKeys({})).toEqual([]);
  });
  it("sorts three keys", () => {
    expect(sortedKeys({ tokens: 1, cost: 2, model: 3 })).toEqual(["cost", "model", "tokens"]);
  });
});
