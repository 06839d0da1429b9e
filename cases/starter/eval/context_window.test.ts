import { describe, expect, it } from "vitest";
import {
  chooseSections,
  inputBudget,
  isNearLimit,
  joinRanges,
  outputReserve,
  type Range,
  truncationRange,
  withoutRange,
} from "./context_window.ts";

describe("inputBudget", () => {
  it("subtracts the reserved tokens", () => {
    expect(inputBudget(8000, 1000)).toBe(7000);
  });
  it("is the whole window when nothing is reserved", () => {
    expect(inputBudget(8000, 0)).toBe(8000);
  });
  it("is 0 when everything is reserved", () => {
    expect(inputBudget(500, 500)).toBe(0);
  });
  it("is never negative", () => {
    expect(inputBudget(500, 900)).toBe(0);
  });
  it("works for large windows", () => {
    expect(inputBudget(1_000_000, 64_000)).toBe(936_000);
  });
});

describe("isNearLimit", () => {
  it("is false well below the threshold", () => {
    expect(isNearLimit(10, 100)).toBe(false);
  });
  it("is true exactly at the threshold", () => {
    expect(isNearLimit(80, 100)).toBe(true);
  });
  it("is false just below the threshold", () => {
    expect(isNearLimit(79, 100)).toBe(false);
  });
  it("is true above the window", () => {
    expect(isNearLimit(150, 100)).toBe(true);
  });
  it("takes another threshold", () => {
    expect(isNearLimit(50, 100, 0.5)).toBe(true);
    expect(isNearLimit(85, 100, 0.9)).toBe(false);
  });
});

describe("outputReserve", () => {
  it("is an eighth of the window", () => {
    expect(outputReserve(32_000)).toBe(4_000);
  });
  it("rounds down", () => {
    expect(outputReserve(16_007)).toBe(2_000);
  });
  it("is at most 16,000", () => {
    expect(outputReserve(1_000_000)).toBe(16_000);
  });
  it("is at least 1,000", () => {
    expect(outputReserve(4_096)).toBe(1_000);
  });
  it("is at most half of a small window", () => {
    expect(outputReserve(1_001)).toBe(500);
  });
  it("is 0 for an empty window", () => {
    expect(outputReserve(0)).toBe(0);
  });
});

describe("withoutRange", () => {
  it("removes items in the middle", () => {
    expect(withoutRange(["a", "b", "c", "d"], [1, 3])).toEqual(["a", "d"]);
  });
  it("removes items at the start", () => {
    expect(withoutRange([1, 2, 3], [0, 2])).toEqual([3]);
  });
  it("removes items up to the end", () => {
    expect(withoutRange([1, 2, 3], [1, 9])).toEqual([1]);
  });
  it("removes nothing for an empty range", () => {
    expect(withoutRange([1, 2, 3], [1, 1])).toEqual([1, 2, 3]);
  });
  it("removes nothing for null and returns a new list", () => {
    const items = [1, 2];
    const rest = withoutRange(items, null);
    expect(rest).toEqual([1, 2]);
    expect(rest).not.toBe(items);
  });
});

describe("joinRanges", () => {
  it("joins ranges that overlap", () => {
    expect(joinRanges([[0, 4], [2, 6]])).toEqual([[0, 6]]);
  });
  it("joins ranges that touch", () => {
    expect(joinRanges([[0, 2], [2, 3]])).toEqual([[0, 3]]);
  });
  it("keeps ranges with a gap apart, in rising order", () => {
    expect(joinRanges([[5, 8], [0, 2]])).toEqual([[0, 2], [5, 8]]);
  });
  it("swallows a range inside another", () => {
    expect(joinRanges([[0, 10], [2, 3]])).toEqual([[0, 10]]);
  });
  it("leaves empty ranges out", () => {
    expect(joinRanges([[4, 4], [6, 5]])).toEqual([]);
  });
  it("does not change its argument", () => {
    const ranges: Range[] = [[2, 5], [0, 3]];
    expect(joinRanges(ranges)).toEqual([[0, 5]]);
    expect(ranges).toEqual([[2, 5], [0, 3]]);
  });
});

describe("truncationRange", () => {
  it("is null when all messages fit", () => {
    expect(truncationRange([10, 10, 10], 30)).toBeNull();
  });
  it("drops one pair behind the first message", () => {
    expect(truncationRange([10, 10, 10, 10, 10], 35)).toEqual([1, 3]);
  });
  it("drops as many pairs as needed", () => {
    expect(truncationRange([10, 10, 10, 10, 10, 10], 20)).toEqual([1, 5]);
  });
  it("stops as soon as the rest fits exactly", () => {
    expect(truncationRange([1, 50, 50, 50, 50, 1], 102)).toEqual([1, 3]);
  });
  it("keeps more messages at the start on request", () => {
    expect(truncationRange([10, 10, 10, 10, 10, 10], 45, 2)).toEqual([2, 4]);
  });
  it("returns the longest range when it is not enough", () => {
    expect(truncationRange([100, 10, 10, 10, 10, 100], 20)).toEqual([1, 5]);
  });
  it("is null when no pair may be dropped", () => {
    expect(truncationRange([100, 10, 100], 20)).toBeNull();
  });
  it("is null without messages", () => {
    expect(truncationRange([], 0)).toBeNull();
  });
});

describe("chooseSections", () => {
  const rules = { name: "rules", tokens: 30, priority: 5 };
  const files = { name: "files", tokens: 60, priority: 9 };
  const notes = { name: "notes", tokens: 10, priority: 1 };
  it("takes everything that fits, in the order of the list", () => {
    expect(chooseSections([rules, files, notes], 100)).toEqual(["rules", "files", "notes"]);
  });
  it("prefers higher priorities", () => {
    expect(chooseSections([rules, files], 60)).toEqual(["files"]);
  });
  it("skips what does not fit and places smaller ones", () => {
    expect(chooseSections([rules, files, notes], 75)).toEqual(["files", "notes"]);
  });
  it("prefers the earlier of equal priorities", () => {
    const first = { name: "first", tokens: 10, priority: 2 };
    const second = { name: "second", tokens: 10, priority: 2 };
    expect(chooseSections([first, second], 15)).toEqual(["first"]);
  });
  it("takes nothing when nothing fits", () => {
    expect(chooseSections([rules, files], 5)).toEqual([]);
  });
  it("does not reorder the list that it was given", () => {
    const sections = [notes, files];
    expect(chooseSections(sections, 70)).toEqual(["notes", "files"]);
    expect(sections).toEqual([notes, files]);
  });
});
