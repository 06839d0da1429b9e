import { describe, expect, it } from "vitest";
import {
  addUsage,
  cacheHitRate,
  cheapestModel,
  formatDollars,
  steppedCost,
  tokenCost,
  usageCost,
} from "./cost_arithmetic.ts";

const MILLION = 1_000_000;

describe("tokenCost", () => {
  it("charges the price for a million tokens", () => {
    expect(tokenCost(MILLION, 3)).toBe(3);
  });
  it("charges a part for fewer tokens", () => {
    expect(tokenCost(500_000, 3)).toBe(1.5);
  });
  it("charges a multiple for more tokens", () => {
    expect(tokenCost(4 * MILLION, 0.25)).toBe(1);
  });
  it("is 0 without tokens", () => {
    expect(tokenCost(0, 15)).toBe(0);
  });
  it("is 0 for a free model", () => {
    expect(tokenCost(1234, 0)).toBe(0);
  });
});

describe("addUsage", () => {
  it("adds the input", () => {
    const sum = addUsage({ input: 5, cached: 0, output: 0 }, { input: 7, cached: 0, output: 0 });
    expect(sum.input).toBe(12);
  });
  it("adds the cached tokens", () => {
    const sum = addUsage({ input: 5, cached: 2, output: 0 }, { input: 7, cached: 3, output: 0 });
    expect(sum.cached).toBe(5);
  });
  it("adds the output", () => {
    const sum = addUsage({ input: 0, cached: 0, output: 9 }, { input: 0, cached: 0, output: 1 });
    expect(sum.output).toBe(10);
  });
  it("has exactly the three fields", () => {
    const sum = addUsage({ input: 1, cached: 0, output: 2 }, { input: 3, cached: 1, output: 4 });
    expect(sum).toEqual({ input: 4, cached: 1, output: 6 });
  });
  it("leaves its arguments as they are", () => {
    const a = { input: 1, cached: 1, output: 1 };
    const b = { input: 2, cached: 2, output: 2 };
    expect(addUsage(a, b)).toEqual({ input: 3, cached: 3, output: 3 });
    expect(a).toEqual({ input: 1, cached: 1, output: 1 });
    expect(b).toEqual({ input: 2, cached: 2, output: 2 });
  });
});

describe("cacheHitRate", () => {
  it("is the cached share of the input", () => {
    expect(cacheHitRate({ input: 100, cached: 25, output: 10 })).toBe(0.25);
  });
  it("is 1 when all input was cached", () => {
    expect(cacheHitRate({ input: 80, cached: 80, output: 0 })).toBe(1);
  });
  it("is 0 when nothing was cached", () => {
    expect(cacheHitRate({ input: 80, cached: 0, output: 5 })).toBe(0);
  });
  it("is 0 without input", () => {
    expect(cacheHitRate({ input: 0, cached: 0, output: 5 })).toBe(0);
  });
  it("does not depend on the output", () => {
    expect(cacheHitRate({ input: 10, cached: 5, output: 999 })).toBe(0.5);
  });
});

describe("usageCost", () => {
  it("charges input and output", () => {
    const usage = { input: MILLION, cached: 0, output: MILLION };
    expect(usageCost(usage, { input: 3, output: 15 })).toBe(18);
  });
  it("charges cached tokens at their own price", () => {
    const usage = { input: MILLION, cached: 500_000, output: 0 };
    expect(usageCost(usage, { input: 4, cached: 1, output: 8 })).toBe(2.5);
  });
  it("charges cached tokens as input without a cached price", () => {
    const usage = { input: MILLION, cached: 500_000, output: 0 };
    expect(usageCost(usage, { input: 4, output: 8 })).toBe(4);
  });
  it("takes a cached price of 0 as free", () => {
    const usage = { input: MILLION, cached: 750_000, output: 0 };
    expect(usageCost(usage, { input: 4, cached: 0, output: 8 })).toBe(1);
  });
  it("is 0 without tokens", () => {
    expect(usageCost({ input: 0, cached: 0, output: 0 }, { input: 4, output: 8 })).toBe(0);
  });
});

describe("formatDollars", () => {
  it("has two decimals", () => {
    expect(formatDollars(1.5)).toBe("$1.50");
  });
  it("has four decimals below one cent", () => {
    expect(formatDollars(0.0042)).toBe("$0.0042");
  });
  it("has two decimals for exactly one cent", () => {
    expect(formatDollars(0.01)).toBe("$0.01");
  });
  it("shows zero with two decimals", () => {
    expect(formatDollars(0)).toBe("$0.00");
  });
  it("puts the sign before the dollar sign", () => {
    expect(formatDollars(-2)).toBe("-$2.00");
  });
  it("treats small negative amounts like small positive ones", () => {
    expect(formatDollars(-0.005)).toBe("-$0.0050");
  });
});

describe("cheapestModel", () => {
  const prices = {
    large: { input: 10, output: 10 },
    reader: { input: 1, output: 20 },
    writer: { input: 8, output: 2 },
  };
  it("finds the cheapest for much input", () => {
    expect(cheapestModel(prices, 1000, 10)).toBe("reader");
  });
  it("finds the cheapest for much output", () => {
    expect(cheapestModel(prices, 10, 1000)).toBe("writer");
  });
  it("takes the first of equally cheap ones", () => {
    const same = { input: 1, output: 1 };
    expect(cheapestModel({ b: same, a: same }, 5, 5)).toBe("b");
  });
  it("takes the only one", () => {
    expect(cheapestModel({ only: { input: 99, output: 99 } }, 1, 1)).toBe("only");
  });
  it("is undefined without prices", () => {
    expect(cheapestModel({}, 1, 1)).toBeUndefined();
  });
});

describe("steppedCost", () => {
  const steps = [
    { upTo: MILLION, price: 10 },
    { upTo: 3 * MILLION, price: 4 },
    { upTo: 5 * MILLION, price: 1 },
  ];
  it("charges the first price within the first step", () => {
    expect(steppedCost(500_000, steps)).toBe(5);
  });
  it("counts the bound as part of its step", () => {
    expect(steppedCost(MILLION, steps)).toBe(10);
  });
  it("charges each part at the price of its step", () => {
    expect(steppedCost(2 * MILLION, steps)).toBe(14);
  });
  it("charges the last price beyond the last step", () => {
    expect(steppedCost(7 * MILLION, steps)).toBe(10 + 8 + 4);
  });
  it("is 0 without tokens", () => {
    expect(steppedCost(0, steps)).toBe(0);
  });
  it("refuses an empty list", () => {
    expect(() => steppedCost(1, [])).toThrow(RangeError);
  });
  it("refuses steps that do not rise, also beyond the tokens", () => {
    const falling = [
      { upTo: 10, price: 1 },
      { upTo: 10, price: 2 },
    ];
    expect(() => steppedCost(1, falling)).toThrow(RangeError);
    expect(() => steppedCost(1, [{ upTo: 0, price: 1 }])).toThrow(RangeError);
  });
  it("refuses negative tokens", () => {
    expect(() => steppedCost(-1, steps)).toThrow(RangeError);
  });
});
