import { describe, expect, it } from "vitest";
import { isTie, movedRight, pairText, rangeSize, swapped, toRange } from "./pair_basics.ts";

describe("swapped", () => {
  it("swaps two numbers", () => {
    expect(swapped([1, 2])).toEqual([2, 1]);
  });
  it("keeps equal numbers", () => {
    expect(swapped([4, 4])).toEqual([4, 4]);
  });
  it("swaps with zero", () => {
    expect(swapped([0, 9])).toEqual([9, 0]);
  });
  it("gives the pair back when used twice", () => {
    expect(swapped(swapped([3, 5]))).toEqual([3, 5]);
  });
  it("does not change the pair given", () => {
    const pair: [number, number] = [1, 2];
    expect(swapped(pair)).toEqual([2, 1]);
    expect(pair).toEqual([1, 2]);
  });
});

describe("movedRight", () => {
  it("moves a point", () => {
    expect(movedRight({ x: 1, y: 2 }, 3)).toEqual({ x: 4, y: 2 });
  });
  it("moves to the left with a negative number", () => {
    expect(movedRight({ x: 1, y: 2 }, -1)).toEqual({ x: 0, y: 2 });
  });
  it("stays with zero", () => {
    expect(movedRight({ x: 5, y: 6 }, 0)).toEqual({ x: 5, y: 6 });
  });
  it("keeps the height", () => {
    expect(movedRight({ x: 0, y: -7 }, 10)).toEqual({ x: 10, y: -7 });
  });
  it("does not change the point given", () => {
    const point = { x: 1, y: 1 };
    expect(movedRight(point, 1).x).toBe(2);
    expect(point.x).toBe(1);
  });
});

describe("isTie", () => {
  it("returns true for equal scores", () => {
    expect(isTie([2, 2])).toBe(true);
  });
  it("returns true for zeros", () => {
    expect(isTie([0, 0])).toBe(true);
  });
  it("returns false when the first is larger", () => {
    expect(isTie([3, 2])).toBe(false);
  });
  it("returns false when the second is larger", () => {
    expect(isTie([0, 1])).toBe(false);
  });
  it("returns false for opposite numbers", () => {
    expect(isTie([1, -1])).toBe(false);
  });
});

describe("rangeSize", () => {
  it("counts both ends", () => {
    expect(rangeSize(3, 5)).toBe(3);
  });
  it("counts one number", () => {
    expect(rangeSize(7, 7)).toBe(1);
  });
  it("counts from zero", () => {
    expect(rangeSize(0, 9)).toBe(10);
  });
  it("counts two neighbours", () => {
    expect(rangeSize(1, 2)).toBe(2);
  });
  it("counts across zero", () => {
    expect(rangeSize(-1, 1)).toBe(3);
  });
});

describe("pairText", () => {
  it("writes a pair", () => {
    expect(pairText([2, 1])).toBe("2:1");
  });
  it("writes zeros", () => {
    expect(pairText([0, 0])).toBe("0:0");
  });
  it("keeps the order", () => {
    expect(pairText([1, 2])).toBe("1:2");
  });
  it("writes larger numbers", () => {
    expect(pairText([10, 250])).toBe("10:250");
  });
  it("writes negative numbers", () => {
    expect(pairText([-1, 3])).toBe("-1:3");
  });
});

describe("toRange", () => {
  it("names both numbers", () => {
    expect(toRange([1, 5])).toEqual({ start: 1, end: 5 });
  });
  it("keeps equal numbers", () => {
    expect(toRange([2, 2])).toEqual({ start: 2, end: 2 });
  });
  it("keeps a falling pair", () => {
    expect(toRange([9, 3])).toEqual({ start: 9, end: 3 });
  });
  it("keeps zeros", () => {
    expect(toRange([0, 1])).toEqual({ start: 0, end: 1 });
  });
  it("has no other keys", () => {
    expect(Object.keys(toRange([1, 2]))).toEqual(["start", "end"]);
  });
});
