import { describe, expect, it } from "vitest";
import { compute, fieldNumbers, isPlainNumber, satisfiesCondition } from "./formulas.ts";

describe("compute", () => {
  it("multiplies before it adds", () => {
    expect(compute("1 + 2 * 3")).toBe(7);
  });
  it("goes from left to right", () => {
    expect(compute("10 - 2 - 3")).toBe(5);
    expect(compute("24/4/2")).toBe(3);
  });
  it("computes brackets first", () => {
    expect(compute("(1 + 2) * (3 + 4)")).toBe(21);
    expect(compute("((5))")).toBe(5);
  });
  it("reads decimal numbers", () => {
    expect(compute("1.5*2")).toBe(3);
  });
  it("refuses text that is no formula", () => {
    expect(() => compute("")).toThrow(new Error("bad formula"));
    expect(() => compute("1 + a")).toThrow("bad formula");
    expect(() => compute("1 2")).toThrow("bad formula");
  });
  it("refuses open and surplus brackets", () => {
    expect(() => compute("(1 + 2")).toThrow("bad formula");
    expect(() => compute("1)")).toThrow("bad formula");
    expect(() => compute("()")).toThrow("bad formula");
  });
  it("refuses signs without two values", () => {
    expect(() => compute("-1")).toThrow("bad formula");
    expect(() => compute("2 * -1")).toThrow("bad formula");
    expect(() => compute("1 +")).toThrow("bad formula");
  });
});

describe("satisfiesCondition", () => {
  it("compares with at least", () => {
    expect(satisfiesCondition(10, ">= 10")).toBe(true);
    expect(satisfiesCondition(9, ">=10")).toBe(false);
  });
  it("compares with more and less", () => {
    expect(satisfiesCondition(10, "> 10")).toBe(false);
    expect(satisfiesCondition(9, "< 10")).toBe(true);
    expect(satisfiesCondition(10, "< 10")).toBe(false);
  });
  it("compares with at most", () => {
    expect(satisfiesCondition(10, "<= 10")).toBe(true);
    expect(satisfiesCondition(11, "<= 10")).toBe(false);
  });
  it("compares with equal and not equal", () => {
    expect(satisfiesCondition(3, "= 3")).toBe(true);
    expect(satisfiesCondition(3, "!= 3")).toBe(false);
    expect(satisfiesCondition(4, "!= 3")).toBe(true);
    expect(satisfiesCondition(4, "=3")).toBe(false);
  });
  it("reads negative and decimal numbers", () => {
    expect(satisfiesCondition(-1, "> -1.5")).toBe(true);
    expect(satisfiesCondition(2, "> 2.5")).toBe(false);
  });
  it("refuses other text", () => {
    expect(() => satisfiesCondition(1, "10")).toThrow(new Error("bad condition"));
    expect(() => satisfiesCondition(1, "=> 3")).toThrow("bad condition");
    expect(() => satisfiesCondition(1, "> x")).toThrow("bad condition");
  });
});

describe("fieldNumbers", () => {
  it("selects all numbers", () => {
    expect(fieldNumbers("*", 1, 5)).toEqual([1, 2, 3, 4, 5]);
  });
  it("selects single numbers in rising order", () => {
    expect(fieldNumbers("7,3,3", 0, 59)).toEqual([3, 7]);
  });
  it("selects a range", () => {
    expect(fieldNumbers("9-12", 0, 23)).toEqual([9, 10, 11, 12]);
  });
  it("selects with a step", () => {
    expect(fieldNumbers("0-30/10", 0, 59)).toEqual([0, 10, 20, 30]);
    expect(fieldNumbers("*/2", 1, 6)).toEqual([1, 3, 5]);
    expect(fieldNumbers("5/3", 0, 59)).toEqual([5]);
  });
  it("leaves out numbers outside", () => {
    expect(fieldNumbers("58-62,99", 0, 59)).toEqual([58, 59]);
  });
  it("refuses other text", () => {
    expect(() => fieldNumbers("", 0, 59)).toThrow(new Error("bad field"));
    expect(() => fieldNumbers("1,,2", 0, 59)).toThrow("bad field");
    expect(() => fieldNumbers("a", 0, 9)).toThrow("bad field");
    expect(() => fieldNumbers("*/0", 0, 9)).toThrow("bad field");
  });
});

describe("isPlainNumber", () => {
  it("accepts digits", () => {
    expect(isPlainNumber("42")).toBe(true);
    expect(isPlainNumber("0")).toBe(true);
  });
  it("accepts decimals", () => {
    expect(isPlainNumber("3.14")).toBe(true);
  });
  it("refuses a dot without digits", () => {
    expect(isPlainNumber("3.")).toBe(false);
    expect(isPlainNumber(".5")).toBe(false);
  });
  it("refuses signs and letters", () => {
    expect(isPlainNumber("-1")).toBe(false);
    expect(isPlainNumber("1e3")).toBe(false);
  });
  it("refuses an empty text", () => {
    expect(isPlainNumber("")).toBe(false);
  });
});
