import { describe, expect, it } from "vitest";
import { entryCount, hasBothKeys, keysOf, toObject, valueOr, withEntry } from "./map_basics.ts";

describe("entryCount", () => {
  it("counts two entries", () => {
    expect(entryCount(new Map([["a", 1], ["b", 2]]))).toBe(2);
  });
  it("counts one entry", () => {
    expect(entryCount(new Map([["a", 0]]))).toBe(1);
  });
  it("returns 0 for an empty map", () => {
    expect(entryCount(new Map())).toBe(0);
  });
  it("counts a repeated key once", () => {
    expect(entryCount(new Map([["a", 1], ["a", 2]]))).toBe(1);
  });
  it("counts three entries", () => {
    expect(entryCount(new Map([["x", 1], ["y", 1], ["z", 1]]))).toBe(3);
  });
});

describe("valueOr", () => {
  it("returns the value of a key", () => {
    expect(valueOr(new Map([["a", 1]]), "a", 9)).toBe(1);
  });
  it("returns the fallback for a missing key", () => {
    expect(valueOr(new Map([["a", 1]]), "b", 9)).toBe(9);
  });
  it("returns the fallback for an empty map", () => {
    expect(valueOr(new Map(), "a", 5)).toBe(5);
  });
  it("returns a value of 0", () => {
    expect(valueOr(new Map([["a", 0]]), "a", 9)).toBe(0);
  });
  it("finds the second key", () => {
    expect(valueOr(new Map([["a", 1], ["b", 2]]), "b", 9)).toBe(2);
  });
});

describe("keysOf", () => {
  it("lists two keys", () => {
    expect(keysOf(new Map([["a", 1], ["b", 2]]))).toEqual(["a", "b"]);
  });
  it("lists keys in the order of the map", () => {
    expect(keysOf(new Map([["z", 1], ["m", 2], ["a", 3]]))).toEqual(["z", "m", "a"]);
  });
  it("lists one key", () => {
    expect(keysOf(new Map([["only", 1]]))).toEqual(["only"]);
  });
  it("lists nothing for an empty map", () => {
    expect(keysOf(new Map())).toEqual([]);
  });
  it("gives an array", () => {
    expect(Array.isArray(keysOf(new Map([["a", 1]])))).toBe(true);
  });
});

describe("withEntry", () => {
  it("adds an entry", () => {
    expect(withEntry(new Map([["a", 1]]), "b", 2)).toEqual(new Map([["a", 1], ["b", 2]]));
  });
  it("replaces the value of a key", () => {
    expect(withEntry(new Map([["a", 1]]), "a", 7)).toEqual(new Map([["a", 7]]));
  });
  it("adds to an empty map", () => {
    expect(withEntry(new Map(), "a", 1)).toEqual(new Map([["a", 1]]));
  });
  it("does not change the map given", () => {
    const map = new Map([["a", 1]]);
    expect(withEntry(map, "b", 2).size).toBe(2);
    expect(map.size).toBe(1);
  });
  it("keeps the other entries", () => {
    expect(withEntry(new Map([["a", 1], ["b", 2]]), "b", 3).get("a")).toBe(1);
  });
});

describe("hasBothKeys", () => {
  it("returns true when both are there", () => {
    expect(hasBothKeys(new Map([["a", 1], ["b", 2]]), "a", "b")).toBe(true);
  });
  it("returns false when the first is missing", () => {
    expect(hasBothKeys(new Map([["b", 2]]), "a", "b")).toBe(false);
  });
  it("returns false when the second is missing", () => {
    expect(hasBothKeys(new Map([["a", 1]]), "a", "b")).toBe(false);
  });
  it("returns false for an empty map", () => {
    expect(hasBothKeys(new Map(), "a", "b")).toBe(false);
  });
  it("returns true when their values are 0", () => {
    expect(hasBothKeys(new Map([["x", 0], ["y", 0]]), "y", "x")).toBe(true);
  });
});

describe("toObject", () => {
  it("turns two entries into fields", () => {
    expect(toObject(new Map([["a", 1], ["b", 2]]))).toEqual({ a: 1, b: 2 });
  });
  it("turns one entry into a field", () => {
    expect(toObject(new Map([["total", 12]]))).toEqual({ total: 12 });
  });
  it("gives an empty object for an empty map", () => {
    expect(Object.keys(toObject(new Map()))).toEqual([]);
  });
  it("keeps a value of 0", () => {
    expect(toObject(new Map([["a", 0]]))).toEqual({ a: 0 });
  });
  it("does not give a map", () => {
    expect(toObject(new Map([["a", 1]])) instanceof Map).toBe(false);
  });
});
