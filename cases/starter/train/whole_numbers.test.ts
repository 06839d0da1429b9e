import { describe, expect, it } from "vitest";
import {
  digitSum,
  divisorsOf,
  factorText,
  greatestDivisor,
  isPrime,
  numbersFrom,
  wrapIndex,
} from "./whole_numbers.ts";

describe("greatestDivisor", () => {
  it("finds the divisor of two numbers", () => {
    expect(greatestDivisor(12, 18)).toBe(6);
  });
  it("works in the other order", () => {
    expect(greatestDivisor(18, 12)).toBe(6);
  });
  it("is 1 for numbers without a common divisor", () => {
    expect(greatestDivisor(8, 9)).toBe(1);
  });
  it("is the other number for 0", () => {
    expect(greatestDivisor(0, 5)).toBe(5);
    expect(greatestDivisor(5, 0)).toBe(5);
  });
  it("is the smaller one when it divides the other", () => {
    expect(greatestDivisor(100, 25)).toBe(25);
  });
});

describe("isPrime", () => {
  it("accepts 2 and 3", () => {
    expect(isPrime(2)).toBe(true);
    expect(isPrime(3)).toBe(true);
  });
  it("accepts a large prime", () => {
    expect(isPrime(7919)).toBe(true);
  });
  it("refuses 0 and 1", () => {
    expect(isPrime(0)).toBe(false);
    expect(isPrime(1)).toBe(false);
  });
  it("refuses even numbers", () => {
    expect(isPrime(4)).toBe(false);
    expect(isPrime(100)).toBe(false);
  });
  it("refuses the square of a prime", () => {
    expect(isPrime(9)).toBe(false);
    expect(isPrime(49)).toBe(false);
  });
  it("refuses negative numbers", () => {
    expect(isPrime(-7)).toBe(false);
  });
});

describe("digitSum", () => {
  it("adds three digits", () => {
    expect(digitSum(456)).toBe(15);
  });
  it("keeps one digit", () => {
    expect(digitSum(7)).toBe(7);
  });
  it("is 0 for 0", () => {
    expect(digitSum(0)).toBe(0);
  });
  it("ignores zeros within", () => {
    expect(digitSum(1001)).toBe(2);
  });
  it("adds many digits", () => {
    expect(digitSum(99999)).toBe(45);
  });
});

describe("wrapIndex", () => {
  it("keeps an index in the range", () => {
    expect(wrapIndex(2, 4)).toBe(2);
  });
  it("goes round at the end", () => {
    expect(wrapIndex(4, 4)).toBe(0);
    expect(wrapIndex(5, 4)).toBe(1);
  });
  it("goes round at the start", () => {
    expect(wrapIndex(-1, 4)).toBe(3);
  });
  it("goes round several times", () => {
    expect(wrapIndex(11, 3)).toBe(2);
    expect(wrapIndex(-7, 3)).toBe(2);
  });
  it("keeps 0", () => {
    expect(wrapIndex(0, 4)).toBe(0);
  });
});

describe("divisorsOf", () => {
  it("lists the divisors of 6", () => {
    expect(divisorsOf(6)).toEqual([1, 2, 3, 6]);
  });
  it("lists two divisors of a prime", () => {
    expect(divisorsOf(7)).toEqual([1, 7]);
  });
  it("lists one divisor of 1", () => {
    expect(divisorsOf(1)).toEqual([1]);
  });
  it("lists the root of a square once", () => {
    expect(divisorsOf(9)).toEqual([1, 3, 9]);
  });
  it("lists the divisors of 12", () => {
    expect(divisorsOf(12)).toEqual([1, 2, 3, 4, 6, 12]);
  });
});

describe("factorText", () => {
  it("writes a repeated factor as a power", () => {
    expect(factorText(12)).toBe("2^2 x 3");
  });
  it("writes a prime alone", () => {
    expect(factorText(7)).toBe("7");
  });
  it("writes a power alone", () => {
    expect(factorText(32)).toBe("2^5");
  });
  it("writes a square of a prime", () => {
    expect(factorText(49)).toBe("7^2");
  });
  it("writes different factors", () => {
    expect(factorText(30)).toBe("2 x 3 x 5");
  });
  it("writes a large last factor", () => {
    expect(factorText(202)).toBe("2 x 101");
  });
  it("writes several powers", () => {
    expect(factorText(360)).toBe("2^3 x 3^2 x 5");
  });
});

describe("numbersFrom", () => {
  it("counts up", () => {
    expect(numbersFrom(2, 5)).toEqual([2, 3, 4, 5]);
  });
  it("gives one number", () => {
    expect(numbersFrom(3, 3)).toEqual([3]);
  });
  it("is empty when the last is smaller", () => {
    expect(numbersFrom(5, 2)).toEqual([]);
  });
  it("counts over zero", () => {
    expect(numbersFrom(-1, 1)).toEqual([-1, 0, 1]);
  });
  it("is empty just below", () => {
    expect(numbersFrom(1, 0)).toEqual([]);
  });
});
