import { describe, expect, it } from "vitest";
import {
  costOfCalls,
  costPerCall,
  isFree,
  sumOfCosts,
  toCents,
  withDollarSign,
} from "./cost_basics.ts";

describe("sumOfCosts", () => {
  it("adds three costs", () => {
    expect(sumOfCosts([1, 2, 3])).toBe(6);
  });
  it("adds parts of a dollar", () => {
    expect(sumOfCosts([0.5, 0.25])).toBe(0.75);
  });
  it("returns the only cost", () => {
    expect(sumOfCosts([7])).toBe(7);
  });
  it("returns 0 for no costs", () => {
    expect(sumOfCosts([])).toBe(0);
  });
  it("adds free requests", () => {
    expect(sumOfCosts([0, 4, 0])).toBe(4);
  });
});

describe("costOfCalls", () => {
  it("multiplies calls and price", () => {
    expect(costOfCalls(3, 5)).toBe(15);
  });
  it("returns the price for one call", () => {
    expect(costOfCalls(1, 9)).toBe(9);
  });
  it("returns 0 for no calls", () => {
    expect(costOfCalls(0, 5)).toBe(0);
  });
  it("returns 0 when calls are free", () => {
    expect(costOfCalls(10, 0)).toBe(0);
  });
  it("multiplies parts of a dollar", () => {
    expect(costOfCalls(4, 0.25)).toBe(1);
  });
});

describe("toCents", () => {
  it("converts one dollar", () => {
    expect(toCents(1)).toBe(100);
  });
  it("converts several dollars", () => {
    expect(toCents(12)).toBe(1200);
  });
  it("converts half a dollar", () => {
    expect(toCents(0.5)).toBe(50);
  });
  it("converts a quarter of a dollar", () => {
    expect(toCents(0.25)).toBe(25);
  });
  it("converts nothing", () => {
    expect(toCents(0)).toBe(0);
  });
});

describe("isFree", () => {
  it("returns true for 0", () => {
    expect(isFree(0)).toBe(true);
  });
  it("returns false for a dollar", () => {
    expect(isFree(1)).toBe(false);
  });
  it("returns false for a part of a cent", () => {
    expect(isFree(0.001)).toBe(false);
  });
  it("returns false for a refund", () => {
    expect(isFree(-1)).toBe(false);
  });
  it("returns false for a large cost", () => {
    expect(isFree(500)).toBe(false);
  });
});

describe("costPerCall", () => {
  it("divides evenly", () => {
    expect(costPerCall(10, 2)).toBe(5);
  });
  it("returns the total for one call", () => {
    expect(costPerCall(8, 1)).toBe(8);
  });
  it("returns parts of a dollar", () => {
    expect(costPerCall(1, 4)).toBe(0.25);
  });
  it("returns 0 when the total is 0", () => {
    expect(costPerCall(0, 3)).toBe(0);
  });
  it("returns 1 when both are equal", () => {
    expect(costPerCall(6, 6)).toBe(1);
  });
});

describe("withDollarSign", () => {
  it("shows whole dollars", () => {
    expect(withDollarSign(5)).toBe("$5");
  });
  it("shows decimals", () => {
    expect(withDollarSign(1.25)).toBe("$1.25");
  });
  it("shows 0", () => {
    expect(withDollarSign(0)).toBe("$0");
  });
  it("shows large amounts", () => {
    expect(withDollarSign(1200)).toBe("$1200");
  });
  it("shows one decimal", () => {
    expect(withDollarSign(0.5)).toBe("$0.5");
  });
});
