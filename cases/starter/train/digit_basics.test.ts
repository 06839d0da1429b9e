import { describe, expect, it } from "vitest";
import { isNegative, lastDigit, oneMore, opposite, squareOf, wholePart } from "./digit_basics.ts";

describe("oneMore", () => {
  it("adds one to a number", () => {
    expect(oneMore(4)).toBe(5);
  });
  it("adds one to zero", () => {
    expect(oneMore(0)).toBe(1);
  });
  it("adds one to a negative number", () => {
    expect(oneMore(-1)).toBe(0);
  });
  it("adds one to a decimal number", () => {
    expect(oneMore(1.5)).toBe(2.5);
  });
  it("adds one twice", () => {
    expect(oneMore(oneMore(7))).toBe(9);
  });
});

describe("opposite", () => {
  it("makes a positive number negative", () => {
    expect(opposite(3)).toBe(-3);
  });
  it("makes a negative number positive", () => {
    expect(opposite(-3)).toBe(3);
  });
  it("turns a decimal number", () => {
    expect(opposite(0.5)).toBe(-0.5);
  });
  it("gives the number back when used twice", () => {
    expect(opposite(opposite(8))).toBe(8);
  });
  it("turns a large number", () => {
    expect(opposite(1000)).toBe(-1000);
  });
});

describe("isNegative", () => {
  it("accepts a number below zero", () => {
    expect(isNegative(-2)).toBe(true);
  });
  it("accepts a small negative decimal", () => {
    expect(isNegative(-0.01)).toBe(true);
  });
  it("refuses a positive number", () => {
    expect(isNegative(2)).toBe(false);
  });
  it("refuses zero", () => {
    expect(isNegative(0)).toBe(false);
  });
  it("refuses a small positive decimal", () => {
    expect(isNegative(0.01)).toBe(false);
  });
});

describe("lastDigit", () => {
  it("returns the last of two digits", () => {
    expect(lastDigit(42)).toBe(2);
  });
  it("returns a single digit", () => {
    expect(lastDigit(7)).toBe(7);
  });
  it("returns 0 for a multiple of ten", () => {
    expect(lastDigit(130)).toBe(0);
  });
  it("returns 0 for 0", () => {
    expect(lastDigit(0)).toBe(0);
  });
  it("returns the last digit of a large number", () => {
    expect(lastDigit(98765)).toBe(5);
  });
});

describe("wholePart", () => {
  it("cuts the decimal part off", () => {
    expect(wholePart(3.9)).toBe(3);
  });
  it("cuts towards zero for a negative number", () => {
    expect(wholePart(-3.9)).toBe(-3);
  });
  it("keeps a whole number", () => {
    expect(wholePart(5)).toBe(5);
  });
  it("gives 0 for a number below one", () => {
    expect(wholePart(0.7)).toBe(0);
  });
  it("cuts a small decimal part off", () => {
    expect(wholePart(12.001)).toBe(12);
  });
});

describe("squareOf", () => {
  it("squares a number", () => {
    expect(squareOf(3)).toBe(9);
  });
  it("squares a negative number", () => {
    expect(squareOf(-4)).toBe(16);
  });
  it("squares zero", () => {
    expect(squareOf(0)).toBe(0);
  });
  it("squares one", () => {
    expect(squareOf(1)).toBe(1);
  });
  it("squares a decimal number", () => {
    expect(squareOf(0.5)).toBe(0.25);
  });
});
