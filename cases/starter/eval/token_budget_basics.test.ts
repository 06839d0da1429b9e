import { describe, expect, it } from "vitest";
import {
  doubledBudget,
  fitsInWindow,
  isOverLimit,
  largerCount,
  remainingTokens,
  totalTokens,
} from "./token_budget_basics.ts";

describe("remainingTokens", () => {
  it("subtracts what is used", () => {
    expect(remainingTokens(100, 30)).toBe(70);
  });
  it("returns the limit when nothing is used", () => {
    expect(remainingTokens(50, 0)).toBe(50);
  });
  it("returns 0 when all is used", () => {
    expect(remainingTokens(8, 8)).toBe(0);
  });
  it("returns a negative number when more is used", () => {
    expect(remainingTokens(5, 7)).toBe(-2);
  });
  it("works for large windows", () => {
    expect(remainingTokens(200_000, 1)).toBe(199_999);
  });
});

describe("totalTokens", () => {
  it("adds the two counts", () => {
    expect(totalTokens(10, 5)).toBe(15);
  });
  it("adds no output", () => {
    expect(totalTokens(10, 0)).toBe(10);
  });
  it("adds no input", () => {
    expect(totalTokens(0, 7)).toBe(7);
  });
  it("returns 0 for two zeros", () => {
    expect(totalTokens(0, 0)).toBe(0);
  });
  it("adds equal counts", () => {
    expect(totalTokens(400, 400)).toBe(800);
  });
});

describe("isOverLimit", () => {
  it("returns true above the limit", () => {
    expect(isOverLimit(11, 10)).toBe(true);
  });
  it("returns false below the limit", () => {
    expect(isOverLimit(9, 10)).toBe(false);
  });
  it("returns false at the limit", () => {
    expect(isOverLimit(10, 10)).toBe(false);
  });
  it("returns true for anything above a limit of 0", () => {
    expect(isOverLimit(1, 0)).toBe(true);
  });
  it("returns false for no tokens", () => {
    expect(isOverLimit(0, 100)).toBe(false);
  });
});

describe("fitsInWindow", () => {
  it("returns true when there is room", () => {
    expect(fitsInWindow(10, 20, 100)).toBe(true);
  });
  it("returns true when it fits exactly", () => {
    expect(fitsInWindow(60, 40, 100)).toBe(true);
  });
  it("returns false when it is one too many", () => {
    expect(fitsInWindow(60, 41, 100)).toBe(false);
  });
  it("returns false when the window is already too small", () => {
    expect(fitsInWindow(200, 0, 100)).toBe(false);
  });
  it("returns true for nothing in an empty window", () => {
    expect(fitsInWindow(0, 0, 0)).toBe(true);
  });
});

describe("largerCount", () => {
  it("returns the second when it is larger", () => {
    expect(largerCount(1, 2)).toBe(2);
  });
  it("returns the first when it is larger", () => {
    expect(largerCount(9, 4)).toBe(9);
  });
  it("returns either one when they are equal", () => {
    expect(largerCount(3, 3)).toBe(3);
  });
  it("returns 0 when the other is negative", () => {
    expect(largerCount(-5, 0)).toBe(0);
  });
  it("compares large counts", () => {
    expect(largerCount(128_000, 200_000)).toBe(200_000);
  });
});

describe("doubledBudget", () => {
  it("doubles a small budget", () => {
    expect(doubledBudget(4)).toBe(8);
  });
  it("doubles a large budget", () => {
    expect(doubledBudget(1000)).toBe(2000);
  });
  it("keeps 0", () => {
    expect(doubledBudget(0)).toBe(0);
  });
  it("doubles 1", () => {
    expect(doubledBudget(1)).toBe(2);
  });
  it("doubles a negative number", () => {
    expect(doubledBudget(-3)).toBe(-6);
  });
});
