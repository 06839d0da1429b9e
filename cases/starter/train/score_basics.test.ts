import { describe, expect, it } from "vitest";
import {
  averageOfTwo,
  isBetween,
  isEvenRound,
  lowestScore,
  roundedScore,
  scoreGap,
} from "./score_basics.ts";

describe("averageOfTwo", () => {
  it("returns the middle of two scores", () => {
    expect(averageOfTwo(4, 8)).toBe(6);
  });
  it("returns a half where there is one", () => {
    expect(averageOfTwo(1, 2)).toBe(1.5);
  });
  it("returns the score when both are equal", () => {
    expect(averageOfTwo(7, 7)).toBe(7);
  });
  it("returns half of the other when one is 0", () => {
    expect(averageOfTwo(0, 10)).toBe(5);
  });
  it("returns 0 for opposite scores", () => {
    expect(averageOfTwo(-3, 3)).toBe(0);
  });
});

describe("lowestScore", () => {
  it("finds the lowest at the start", () => {
    expect(lowestScore([1, 5, 9])).toBe(1);
  });
  it("finds the lowest at the end", () => {
    expect(lowestScore([9, 5, 2])).toBe(2);
  });
  it("finds the lowest in the middle", () => {
    expect(lowestScore([8, 3, 6])).toBe(3);
  });
  it("returns the only score", () => {
    expect(lowestScore([4])).toBe(4);
  });
  it("finds a negative score", () => {
    expect(lowestScore([0, -2, 7])).toBe(-2);
  });
});

describe("isBetween", () => {
  it("returns true inside", () => {
    expect(isBetween(5, 1, 10)).toBe(true);
  });
  it("returns true at the lower end", () => {
    expect(isBetween(1, 1, 10)).toBe(true);
  });
  it("returns true at the upper end", () => {
    expect(isBetween(10, 1, 10)).toBe(true);
  });
  it("returns false below", () => {
    expect(isBetween(0, 1, 10)).toBe(false);
  });
  it("returns false above", () => {
    expect(isBetween(11, 1, 10)).toBe(false);
  });
});

describe("roundedScore", () => {
  it("rounds up above a half", () => {
    expect(roundedScore(2.7)).toBe(3);
  });
  it("rounds down below a half", () => {
    expect(roundedScore(2.2)).toBe(2);
  });
  it("keeps a whole number", () => {
    expect(roundedScore(5)).toBe(5);
  });
  it("rounds a small score to 0", () => {
    expect(roundedScore(0.3)).toBe(0);
  });
  it("rounds a large score", () => {
    expect(roundedScore(99.9)).toBe(100);
  });
});

describe("scoreGap", () => {
  it("returns the difference when the first is larger", () => {
    expect(scoreGap(9, 4)).toBe(5);
  });
  it("returns the difference when the second is larger", () => {
    expect(scoreGap(4, 9)).toBe(5);
  });
  it("returns 0 for equal scores", () => {
    expect(scoreGap(6, 6)).toBe(0);
  });
  it("returns the other score when one is 0", () => {
    expect(scoreGap(0, 8)).toBe(8);
  });
  it("works across 0", () => {
    expect(scoreGap(-2, 3)).toBe(5);
  });
});

describe("isEvenRound", () => {
  it("returns true for 2", () => {
    expect(isEvenRound(2)).toBe(true);
  });
  it("returns false for 1", () => {
    expect(isEvenRound(1)).toBe(false);
  });
  it("returns true for 0", () => {
    expect(isEvenRound(0)).toBe(true);
  });
  it("returns false for a large odd number", () => {
    expect(isEvenRound(101)).toBe(false);
  });
  it("returns true for a large even number", () => {
    expect(isEvenRound(100)).toBe(true);
  });
});
