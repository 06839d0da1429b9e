import { describe, expect, it } from "vitest";
import { describeChange, isSubset, sharedItems, similarity, toggle } from "./set_math.ts";

describe("sharedItems", () => {
  it("lists a repeated item once", () => {
    expect(sharedItems(["b", "a", "b"], ["b"])).toEqual(["b"]);
  });
  it("keeps the order of the left list", () => {
    expect(sharedItems(["c", "a", "b"], ["a", "b", "c"])).toEqual(["c", "a", "b"]);
  });
  it("is empty when nothing is shared", () => {
    expect(sharedItems(["a"], ["b"])).toEqual([]);
  });
  it("is empty when the right list is empty", () => {
    expect(sharedItems(["a", "b"], [])).toEqual([]);
  });
  it("tells upper from lower case", () => {
    expect(sharedItems(["A", "b"], ["a", "b"])).toEqual(["b"]);
  });
});

describe("isSubset", () => {
  it("accepts a smaller set of the same items", () => {
    expect(isSubset(new Set(["a"]), new Set(["a", "b"]))).toBe(true);
  });
  it("accepts an equal set", () => {
    expect(isSubset(new Set(["a", "b"]), new Set(["b", "a"]))).toBe(true);
  });
  it("accepts an empty part", () => {
    expect(isSubset(new Set(), new Set(["a"]))).toBe(true);
  });
  it("refuses a part with one foreign item", () => {
    expect(isSubset(new Set(["a", "x"]), new Set(["a", "b"]))).toBe(false);
  });
  it("refuses the whole as a part of less", () => {
    expect(isSubset(new Set(["a", "b"]), new Set(["a"]))).toBe(false);
  });
});

describe("similarity", () => {
  it("is 1 for equal sets", () => {
    expect(similarity(new Set(["a", "b"]), new Set(["b", "a"]))).toBe(1);
  });
  it("is 0 when nothing is shared", () => {
    expect(similarity(new Set(["a"]), new Set(["b"]))).toBe(0);
  });
  it("is 1 for two empty sets", () => {
    expect(similarity(new Set(), new Set())).toBe(1);
  });
  it("is 0 when only one set is empty", () => {
    expect(similarity(new Set(["a"]), new Set())).toBe(0);
  });
  it("divides the shared by the distinct items", () => {
    expect(similarity(new Set(["a", "b", "c"]), new Set(["b", "c", "d"]))).toBe(0.5);
  });
});

describe("toggle", () => {
  it("adds a missing item", () => {
    expect(toggle(new Set(["a"]), "b")).toEqual(new Set(["a", "b"]));
  });
  it("removes a present item", () => {
    expect(toggle(new Set(["a", "b"]), "a")).toEqual(new Set(["b"]));
  });
  it("adds to an empty set", () => {
    expect(toggle(new Set<number>(), 3)).toEqual(new Set([3]));
  });
  it("can empty a set", () => {
    expect(toggle(new Set([3]), 3).size).toBe(0);
  });
  it("does not change the set given", () => {
    const items = new Set(["a"]);
    expect(toggle(items, "a").has("a")).toBe(false);
    expect(items).toEqual(new Set(["a"]));
  });
});

describe("describeChange", () => {
  it("names all three parts in order", () => {
    expect(describeChange(["a", "b"], ["b", "c"])).toBe("added c; removed a; kept 1");
  });
  it("sorts the names", () => {
    expect(describeChange([], ["z", "m", "a"])).toBe("added a, m, z");
  });
  it("leaves out what did not happen", () => {
    expect(describeChange(["x", "y"], ["y"])).toBe("removed x; kept 1");
  });
  it("counts a repeated name once", () => {
    expect(describeChange(["a", "a"], ["a", "b", "b"])).toBe("added b; kept 1");
  });
  it("reports only the kept count for equal lists", () => {
    expect(describeChange(["a", "b"], ["b", "a"])).toBe("kept 2");
  });
  it("says so when there are no names", () => {
    expect(describeChange([], [])).toBe("no names");
  });
});
