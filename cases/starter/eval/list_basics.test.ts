import { describe, expect, it } from "vitest";
import { firstItem, hasItem, itemCount, reversed, withItem, withoutEmpty } from "./list_basics.ts";

describe("firstItem", () => {
  it("returns the first of many", () => {
    expect(firstItem(["a", "b", "c"])).toBe("a");
  });
  it("returns the only one", () => {
    expect(firstItem(["x"])).toBe("x");
  });
  it("returns undefined for an empty list", () => {
    expect(firstItem([])).toBeUndefined();
  });
  it("returns an empty name that comes first", () => {
    expect(firstItem(["", "b"])).toBe("");
  });
  it("does not look for the smallest", () => {
    expect(firstItem(["z", "a"])).toBe("z");
  });
});

describe("itemCount", () => {
  it("counts three", () => {
    expect(itemCount(["a", "b", "c"])).toBe(3);
  });
  it("counts one", () => {
    expect(itemCount(["a"])).toBe(1);
  });
  it("returns 0 for an empty list", () => {
    expect(itemCount([])).toBe(0);
  });
  it("counts equal elements", () => {
    expect(itemCount(["a", "a"])).toBe(2);
  });
  it("counts empty names", () => {
    expect(itemCount(["", "", "", ""])).toBe(4);
  });
});

describe("reversed", () => {
  it("reverses three", () => {
    expect(reversed(["a", "b", "c"])).toEqual(["c", "b", "a"]);
  });
  it("reverses two", () => {
    expect(reversed(["x", "y"])).toEqual(["y", "x"]);
  });
  it("keeps one", () => {
    expect(reversed(["a"])).toEqual(["a"]);
  });
  it("keeps an empty list", () => {
    expect(reversed([])).toEqual([]);
  });
  it("does not sort", () => {
    expect(reversed(["b", "c", "a"])).toEqual(["a", "c", "b"]);
  });
});

describe("hasItem", () => {
  it("finds the first", () => {
    expect(hasItem(["a", "b"], "a")).toBe(true);
  });
  it("finds the last", () => {
    expect(hasItem(["a", "b"], "b")).toBe(true);
  });
  it("returns false for another name", () => {
    expect(hasItem(["a", "b"], "c")).toBe(false);
  });
  it("returns false for a part of a name", () => {
    expect(hasItem(["read", "write"], "rea")).toBe(false);
  });
  it("returns false in an empty list", () => {
    expect(hasItem([], "a")).toBe(false);
  });
});

describe("withItem", () => {
  it("adds at the end", () => {
    expect(withItem(["a", "b"], "c")).toEqual(["a", "b", "c"]);
  });
  it("adds to an empty list", () => {
    expect(withItem([], "a")).toEqual(["a"]);
  });
  it("adds a name that is there already", () => {
    expect(withItem(["a"], "a")).toEqual(["a", "a"]);
  });
  it("adds an empty name", () => {
    expect(withItem(["a"], "")).toEqual(["a", ""]);
  });
  it("keeps the order", () => {
    expect(withItem(["z", "y"], "x")).toEqual(["z", "y", "x"]);
  });
});

describe("withoutEmpty", () => {
  it("removes an empty string", () => {
    expect(withoutEmpty(["a", "", "b"])).toEqual(["a", "b"]);
  });
  it("removes all empty strings", () => {
    expect(withoutEmpty(["", "a", "", ""])).toEqual(["a"]);
  });
  it("keeps a list without empty strings", () => {
    expect(withoutEmpty(["a", "b"])).toEqual(["a", "b"]);
  });
  it("returns an empty list when all are empty", () => {
    expect(withoutEmpty(["", ""])).toEqual([]);
  });
  it("keeps a space", () => {
    expect(withoutEmpty([" ", ""])).toEqual([" "]);
  });
});
