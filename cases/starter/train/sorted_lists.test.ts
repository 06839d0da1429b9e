import { describe, expect, it } from "vitest";
import {
  insertSorted,
  insertionIndex,
  isRising,
  menuOrder,
  mergeSorted,
  missingNumbers,
  nearestValue,
} from "./sorted_lists.ts";

describe("isRising", () => {
  it("accepts rising numbers", () => {
    expect(isRising([1, 2, 5])).toBe(true);
  });
  it("accepts equal neighbours", () => {
    expect(isRising([1, 1, 2])).toBe(true);
  });
  it("refuses a falling step", () => {
    expect(isRising([1, 3, 2])).toBe(false);
  });
  it("refuses a smaller second number", () => {
    expect(isRising([2, 1])).toBe(false);
  });
  it("accepts short lists", () => {
    expect(isRising([])).toBe(true);
    expect(isRising([7])).toBe(true);
  });
});

describe("insertionIndex", () => {
  it("finds the place between two", () => {
    expect(insertionIndex([1, 3, 5], 4)).toBe(2);
  });
  it("finds the place before an equal value", () => {
    expect(insertionIndex([1, 3, 5], 3)).toBe(1);
  });
  it("finds the place at the start", () => {
    expect(insertionIndex([1, 3], 0)).toBe(0);
  });
  it("finds the place at the end", () => {
    expect(insertionIndex([1, 3], 9)).toBe(2);
  });
  it("finds the place before all equal values", () => {
    expect(insertionIndex([2, 2, 2, 3], 2)).toBe(0);
  });
  it("finds the place in an empty list", () => {
    expect(insertionIndex([], 5)).toBe(0);
  });
});

describe("insertSorted", () => {
  it("inserts in the middle", () => {
    expect(insertSorted([1, 5], 3)).toEqual([1, 3, 5]);
  });
  it("inserts at the start", () => {
    expect(insertSorted([4, 5], 1)).toEqual([1, 4, 5]);
  });
  it("inserts at the end", () => {
    expect(insertSorted([4, 5], 9)).toEqual([4, 5, 9]);
  });
  it("inserts a value that is there", () => {
    expect(insertSorted([1, 2, 3], 2)).toEqual([1, 2, 2, 3]);
  });
  it("inserts in an empty list", () => {
    expect(insertSorted([], 7)).toEqual([7]);
  });
  it("does not change the list given", () => {
    const values = [1, 3];
    expect(insertSorted(values, 2)).toEqual([1, 2, 3]);
    expect(values).toEqual([1, 3]);
  });
});

describe("mergeSorted", () => {
  it("merges two lists", () => {
    expect(mergeSorted([1, 4], [2, 4, 6])).toEqual([1, 2, 4, 4, 6]);
  });
  it("merges lists one after another", () => {
    expect(mergeSorted([5, 6], [1, 2])).toEqual([1, 2, 5, 6]);
  });
  it("merges with an empty list", () => {
    expect(mergeSorted([], [1, 2])).toEqual([1, 2]);
    expect(mergeSorted([1, 2], [])).toEqual([1, 2]);
  });
  it("keeps repeats", () => {
    expect(mergeSorted([1, 1], [1])).toEqual([1, 1, 1]);
  });
  it("merges nothing", () => {
    expect(mergeSorted([], [])).toEqual([]);
  });
  it("does not change the lists given", () => {
    const left = [1, 3];
    expect(mergeSorted(left, [2])).toEqual([1, 2, 3]);
    expect(left).toEqual([1, 3]);
  });
});

describe("nearestValue", () => {
  it("finds the nearest value", () => {
    expect(nearestValue([1, 5, 9], 6)).toBe(5);
  });
  it("finds an equal value", () => {
    expect(nearestValue([1, 5, 9], 9)).toBe(9);
  });
  it("takes the smaller of two equally near ones", () => {
    expect(nearestValue([1, 5, 9], 7)).toBe(5);
    expect(nearestValue([9, 5], 7)).toBe(5);
  });
  it("takes the end for targets outside", () => {
    expect(nearestValue([1, 5], 100)).toBe(5);
    expect(nearestValue([1, 5], -100)).toBe(1);
  });
  it("is undefined without values", () => {
    expect(nearestValue([], 3)).toBe(undefined);
  });
});

describe("missingNumbers", () => {
  it("lists a gap", () => {
    expect(missingNumbers([2, 3, 6])).toEqual([4, 5]);
  });
  it("lists several gaps", () => {
    expect(missingNumbers([1, 3, 5])).toEqual([2, 4]);
  });
  it("lists nothing without a gap", () => {
    expect(missingNumbers([1, 2, 3])).toEqual([]);
  });
  it("lists nothing for fewer than two values", () => {
    expect(missingNumbers([])).toEqual([]);
    expect(missingNumbers([5])).toEqual([]);
  });
  it("skips repeats", () => {
    expect(missingNumbers([1, 1, 3])).toEqual([2]);
  });
});

describe("menuOrder", () => {
  it("puts pinned names first", () => {
    expect(menuOrder(["b", "A", "z"], ["z"])).toEqual(["z", "A", "b"]);
  });
  it("keeps the order of the pinned names", () => {
    expect(menuOrder(["a", "b", "c"], ["c", "a"])).toEqual(["c", "a", "b"]);
  });
  it("ignores the letter case of the others", () => {
    expect(menuOrder(["Zed", "alpha", "Beta"], [])).toEqual(["alpha", "Beta", "Zed"]);
  });
  it("lists a name once", () => {
    expect(menuOrder(["a", "b", "a"], ["a", "a"])).toEqual(["a", "b"]);
  });
  it("leaves out pinned names that are not there", () => {
    expect(menuOrder(["a"], ["x"])).toEqual(["a"]);
  });
  it("is empty without names", () => {
    expect(menuOrder([], ["a"])).toEqual([]);
  });
});
