import { describe, expect, it } from "vitest";
import { chunk, everyNth, neighbours, packByWeight, partition } from "./array_chunks.ts";

describe("chunk", () => {
  it("leaves a shorter last group", () => {
    expect(chunk([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
  });
  it("cuts evenly when the size divides the length", () => {
    expect(chunk(["a", "b", "c", "d"], 2)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
  });
  it("gives one group when the size exceeds the length", () => {
    expect(chunk([1, 2], 10)).toEqual([[1, 2]]);
  });
  it("gives no groups for no items", () => {
    expect(chunk([], 3)).toEqual([]);
  });
  it("refuses a size of zero", () => {
    expect(() => chunk([1], 0)).toThrow(RangeError);
  });
  it("refuses a fractional size", () => {
    expect(() => chunk([1], 1.5)).toThrow(RangeError);
  });
});

describe("everyNth", () => {
  it("takes every second item", () => {
    expect(everyNth(["a", "b", "c"], 2)).toEqual(["a", "c"]);
  });
  it("takes every third item", () => {
    expect(everyNth([0, 1, 2, 3, 4, 5, 6], 3)).toEqual([0, 3, 6]);
  });
  it("takes all items for a step of one", () => {
    expect(everyNth([1, 2, 3], 1)).toEqual([1, 2, 3]);
  });
  it("takes the first item for a large step", () => {
    expect(everyNth([7, 8], 10)).toEqual([7]);
  });
  it("is empty without items", () => {
    expect(everyNth([], 2)).toEqual([]);
  });
});

describe("neighbours", () => {
  it("pairs each item with the next", () => {
    expect(neighbours([1, 2, 3])).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });
  it("gives one pair for two items", () => {
    expect(neighbours(["a", "b"])).toEqual([["a", "b"]]);
  });
  it("gives no pair for one item", () => {
    expect(neighbours([1])).toEqual([]);
  });
  it("gives no pair for no items", () => {
    expect(neighbours([])).toEqual([]);
  });
  it("keeps equal neighbours", () => {
    expect(neighbours([7, 7, 7])).toEqual([
      [7, 7],
      [7, 7],
    ]);
  });
});

describe("partition", () => {
  it("puts accepted items first", () => {
    expect(partition([1, 2, 3], (n) => n > 1)).toEqual([[2, 3], [1]]);
  });
  it("keeps the order in both arrays", () => {
    expect(partition([4, 1, 2, 3], (n) => n % 2 === 0)).toEqual([
      [4, 2],
      [1, 3],
    ]);
  });
  it("leaves the second array empty when all are accepted", () => {
    expect(partition(["a", "b"], () => true)).toEqual([["a", "b"], []]);
  });
  it("leaves the first array empty when none is accepted", () => {
    expect(partition(["a", "b"], () => false)).toEqual([[], ["a", "b"]]);
  });
  it("gives two empty arrays for no items", () => {
    expect(partition([], () => true)).toEqual([[], []]);
  });
});

describe("packByWeight", () => {
  const same = (n: number) => n;
  it("fills a group up to the limit", () => {
    expect(packByWeight([3, 3, 5], same, 6)).toEqual([[3, 3], [5]]);
  });
  it("keeps everything in one group when it fits", () => {
    expect(packByWeight([1, 2, 3], same, 100)).toEqual([[1, 2, 3]]);
  });
  it("gives a heavy item a group of its own", () => {
    expect(packByWeight([1, 9, 1], same, 4)).toEqual([[1], [9], [1]]);
  });
  it("does not start with an empty group for a heavy first item", () => {
    expect(packByWeight([9, 1], same, 4)).toEqual([[9], [1]]);
  });
  it("weighs items with the function given", () => {
    expect(packByWeight(["aa", "b", "ccc"], (s) => s.length, 3)).toEqual([["aa", "b"], ["ccc"]]);
  });
  it("gives no groups for no items", () => {
    expect(packByWeight([], same, 4)).toEqual([]);
  });
  it("never looks back at an earlier group", () => {
    expect(packByWeight([2, 3, 1], same, 3)).toEqual([[2], [3], [1]]);
  });
});
