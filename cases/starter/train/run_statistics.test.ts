import { describe, expect, it } from "vitest";
import {
  histogram,
  meanOf,
  medianOf,
  mostFrequent,
  quantile,
  roundTo,
  runningMeans,
} from "./run_statistics.ts";

describe("meanOf", () => {
  it("averages values", () => {
    expect(meanOf([1, 2, 6])).toBe(3);
  });
  it("returns a single value", () => {
    expect(meanOf([7])).toBe(7);
  });
  it("is 0 without values", () => {
    expect(meanOf([])).toBe(0);
  });
  it("can be a fraction", () => {
    expect(meanOf([1, 2])).toBe(1.5);
  });
  it("averages negative values", () => {
    expect(meanOf([-4, 2])).toBe(-1);
  });
});

describe("medianOf", () => {
  it("takes the middle value", () => {
    expect(medianOf([3, 1, 2])).toBe(2);
  });
  it("averages the two in the middle", () => {
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  });
  it("sorts by number", () => {
    expect(medianOf([10, 9, 100])).toBe(10);
  });
  it("is undefined without values", () => {
    expect(medianOf([])).toBe(undefined);
  });
  it("returns a single value", () => {
    expect(medianOf([5])).toBe(5);
  });
  it("does not change the list given", () => {
    const values = [3, 1, 2];
    expect(medianOf(values)).toBe(2);
    expect(values).toEqual([3, 1, 2]);
  });
});

describe("mostFrequent", () => {
  it("finds the most frequent value", () => {
    expect(mostFrequent([1, 2, 2])).toBe(2);
  });
  it("takes the first of equally frequent ones", () => {
    expect(mostFrequent(["b", "a", "a", "b"])).toBe("b");
  });
  it("is undefined without values", () => {
    expect(mostFrequent([])).toBe(undefined);
  });
  it("takes the first when all differ", () => {
    expect(mostFrequent([3, 1, 2])).toBe(3);
  });
  it("counts values that are not neighbours", () => {
    expect(mostFrequent(["x", "y", "x", "z"])).toBe("x");
  });
});

describe("roundTo", () => {
  it("rounds to one decimal", () => {
    expect(roundTo(2.345, 1)).toBe(2.3);
  });
  it("rounds up", () => {
    expect(roundTo(2.38, 1)).toBe(2.4);
  });
  it("keeps whole numbers", () => {
    expect(roundTo(7, 2)).toBe(7);
  });
  it("rounds to whole numbers", () => {
    expect(roundTo(2.5, 0)).toBe(3);
  });
  it("rounds to three decimals", () => {
    expect(roundTo(0.12345, 3)).toBe(0.123);
  });
});

describe("runningMeans", () => {
  it("averages from the start", () => {
    expect(runningMeans([2, 4, 9])).toEqual([2, 3, 5]);
  });
  it("keeps one value", () => {
    expect(runningMeans([8])).toEqual([8]);
  });
  it("is empty without values", () => {
    expect(runningMeans([])).toEqual([]);
  });
  it("keeps equal values", () => {
    expect(runningMeans([3, 3, 3])).toEqual([3, 3, 3]);
  });
  it("can fall", () => {
    expect(runningMeans([4, 0])).toEqual([4, 2]);
  });
});

describe("quantile", () => {
  it("gives the smallest and the largest", () => {
    expect(quantile([5, 1, 3], 0)).toBe(1);
    expect(quantile([5, 1, 3], 1)).toBe(5);
  });
  it("gives the middle", () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3);
  });
  it("goes between two values", () => {
    expect(quantile([10, 20], 0.25)).toBe(12.5);
  });
  it("gives a single value for any share", () => {
    expect(quantile([4], 0.9)).toBe(4);
  });
  it("refuses an empty list", () => {
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
  it("refuses shares outside of 0 to 1", () => {
    expect(() => quantile([1], 1.1)).toThrow(RangeError);
    expect(() => quantile([1], -0.1)).toThrow(RangeError);
    expect(() => quantile([1], NaN)).toThrow(RangeError);
  });
  it("sorts by number and keeps the list", () => {
    const values = [100, 9, 20];
    expect(quantile(values, 0.5)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });
});

describe("histogram", () => {
  it("counts by bins", () => {
    expect(histogram([1, 2, 5], [0, 2, 5])).toEqual([1, 2]);
  });
  it("puts an edge into the bin that it starts", () => {
    expect(histogram([2, 2], [0, 2, 4])).toEqual([0, 2]);
  });
  it("ignores values outside", () => {
    expect(histogram([-1, 9, 1], [0, 2, 4])).toEqual([1, 0]);
  });
  it("gives zeros without values", () => {
    expect(histogram([], [0, 1, 2, 3])).toEqual([0, 0, 0]);
  });
  it("counts many bins", () => {
    expect(histogram([0, 1, 1, 2, 3], [0, 1, 2, 3])).toEqual([1, 2, 2]);
  });
  it("has no bins for one edge", () => {
    expect(histogram([1], [1])).toEqual([]);
  });
});
