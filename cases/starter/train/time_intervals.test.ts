import { describe, expect, it } from "vitest";
import {
  coveredTime,
  gapsBetween,
  maxAtOnce,
  overlaps,
  sharedTime,
  shifted,
  withoutTime,
} from "./time_intervals.ts";

describe("overlaps", () => {
  it("sees a shared part", () => {
    expect(overlaps({ start: 0, end: 5 }, { start: 3, end: 9 })).toBe(true);
  });
  it("does not depend on the order", () => {
    expect(overlaps({ start: 3, end: 9 }, { start: 0, end: 5 })).toBe(true);
  });
  it("sees one inside the other", () => {
    expect(overlaps({ start: 0, end: 9 }, { start: 3, end: 4 })).toBe(true);
  });
  it("refuses intervals that touch", () => {
    expect(overlaps({ start: 0, end: 5 }, { start: 5, end: 9 })).toBe(false);
    expect(overlaps({ start: 5, end: 9 }, { start: 0, end: 5 })).toBe(false);
  });
  it("refuses intervals that are apart", () => {
    expect(overlaps({ start: 0, end: 1 }, { start: 5, end: 9 })).toBe(false);
  });
});

describe("sharedTime", () => {
  it("returns the shared part", () => {
    expect(sharedTime({ start: 0, end: 5 }, { start: 3, end: 9 })).toEqual({ start: 3, end: 5 });
  });
  it("returns the inner interval", () => {
    expect(sharedTime({ start: 0, end: 9 }, { start: 3, end: 4 })).toEqual({ start: 3, end: 4 });
  });
  it("is null for intervals that touch", () => {
    expect(sharedTime({ start: 0, end: 5 }, { start: 5, end: 9 })).toBe(null);
  });
  it("is null for intervals that are apart", () => {
    expect(sharedTime({ start: 7, end: 9 }, { start: 0, end: 5 })).toBe(null);
  });
  it("returns equal intervals", () => {
    expect(sharedTime({ start: 1, end: 2 }, { start: 1, end: 2 })).toEqual({ start: 1, end: 2 });
  });
});

describe("shifted", () => {
  it("moves later", () => {
    expect(shifted({ start: 1, end: 3 }, 10)).toEqual({ start: 11, end: 13 });
  });
  it("moves earlier", () => {
    expect(shifted({ start: 11, end: 13 }, -10)).toEqual({ start: 1, end: 3 });
  });
  it("stays for 0", () => {
    expect(shifted({ start: 1, end: 3 }, 0)).toEqual({ start: 1, end: 3 });
  });
  it("keeps the length", () => {
    const moved = shifted({ start: 5, end: 9 }, 2);
    expect(moved.end - moved.start).toBe(4);
  });
  it("does not change the interval given", () => {
    const interval = { start: 1, end: 3 };
    expect(shifted(interval, 1).start).toBe(2);
    expect(interval).toEqual({ start: 1, end: 3 });
  });
});

describe("gapsBetween", () => {
  it("finds a gap", () => {
    expect(
      gapsBetween([{ start: 0, end: 2 }, { start: 5, end: 6 }]),
    ).toEqual([{ start: 2, end: 5 }]);
  });
  it("finds no gap where intervals touch", () => {
    expect(gapsBetween([{ start: 0, end: 2 }, { start: 2, end: 6 }])).toEqual([]);
  });
  it("knows that a long interval covers later ones", () => {
    expect(
      gapsBetween([{ start: 0, end: 9 }, { start: 2, end: 3 }, { start: 10, end: 11 }]),
    ).toEqual([{ start: 9, end: 10 }]);
  });
  it("does not list time before the first", () => {
    expect(gapsBetween([{ start: 5, end: 6 }])).toEqual([]);
  });
  it("finds several gaps", () => {
    expect(
      gapsBetween([{ start: 1, end: 2 }, { start: 3, end: 4 }, { start: 6, end: 7 }]),
    ).toEqual([{ start: 2, end: 3 }, { start: 4, end: 6 }]);
  });
  it("finds nothing without intervals", () => {
    expect(gapsBetween([])).toEqual([]);
  });
});

describe("coveredTime", () => {
  it("adds separate intervals", () => {
    expect(coveredTime([{ start: 0, end: 2 }, { start: 5, end: 6 }])).toBe(3);
  });
  it("counts shared time once", () => {
    expect(coveredTime([{ start: 0, end: 5 }, { start: 3, end: 9 }])).toBe(9);
  });
  it("takes any order", () => {
    expect(coveredTime([{ start: 5, end: 6 }, { start: 0, end: 2 }])).toBe(3);
  });
  it("ignores an interval inside another", () => {
    expect(
      coveredTime([{ start: 0, end: 9 }, { start: 2, end: 3 }, { start: 8, end: 10 }]),
    ).toBe(10);
  });
  it("is 0 without intervals", () => {
    expect(coveredTime([])).toBe(0);
  });
});

describe("maxAtOnce", () => {
  it("counts overlapping intervals", () => {
    expect(maxAtOnce([{ start: 0, end: 5 }, { start: 1, end: 6 }, { start: 2, end: 3 }])).toBe(3);
  });
  it("does not count intervals that touch together", () => {
    expect(maxAtOnce([{ start: 0, end: 5 }, { start: 5, end: 6 }])).toBe(1);
  });
  it("ignores intervals without length", () => {
    expect(maxAtOnce([{ start: 3, end: 3 }])).toBe(0);
    expect(maxAtOnce([{ start: 0, end: 5 }, { start: 3, end: 3 }])).toBe(1);
  });
  it("is 0 without intervals", () => {
    expect(maxAtOnce([])).toBe(0);
  });
  it("takes any order", () => {
    expect(maxAtOnce([{ start: 8, end: 9 }, { start: 0, end: 2 }, { start: 1, end: 9 }])).toBe(2);
  });
});

describe("withoutTime", () => {
  it("cuts an interval into two", () => {
    expect(
      withoutTime([{ start: 0, end: 9 }], { start: 3, end: 5 }),
    ).toEqual([{ start: 0, end: 3 }, { start: 5, end: 9 }]);
  });
  it("cuts one end off", () => {
    expect(
      withoutTime([{ start: 0, end: 4 }, { start: 4, end: 9 }], { start: 3, end: 5 }),
    ).toEqual([{ start: 0, end: 3 }, { start: 5, end: 9 }]);
  });
  it("removes what is covered", () => {
    expect(withoutTime([{ start: 3, end: 4 }], { start: 3, end: 5 })).toEqual([]);
  });
  it("keeps intervals outside", () => {
    expect(
      withoutTime([{ start: 0, end: 3 }, { start: 7, end: 8 }], { start: 3, end: 5 }),
    ).toEqual([{ start: 0, end: 3 }, { start: 7, end: 8 }]);
  });
  it("gives nothing for nothing", () => {
    expect(withoutTime([], { start: 0, end: 1 })).toEqual([]);
  });
});
