import { describe, expect, it } from "vitest";
import {
  clamp,
  formatBytes,
  formatPercent,
  formatRanges,
  groupThousands,
  parseCount,
  plural,
  shortCount,
} from "./number_text.ts";

describe("clamp", () => {
  it("returns a value between the bounds", () => {
    expect(clamp(5, 1, 10)).toBe(5);
  });
  it("returns the lower bound for less", () => {
    expect(clamp(-3, 1, 10)).toBe(1);
  });
  it("returns the upper bound for more", () => {
    expect(clamp(99, 1, 10)).toBe(10);
  });
  it("returns a bound for itself", () => {
    expect(clamp(1, 1, 10)).toBe(1);
    expect(clamp(10, 1, 10)).toBe(10);
  });
  it("accepts negative bounds", () => {
    expect(clamp(0, -5, -2)).toBe(-2);
  });
});

describe("formatPercent", () => {
  it("has no decimals by default", () => {
    expect(formatPercent(0.256)).toBe("26%");
  });
  it("has as many decimals as asked for", () => {
    expect(formatPercent(0.256, 1)).toBe("25.6%");
    expect(formatPercent(0.5, 2)).toBe("50.00%");
  });
  it("shows 0 and 1", () => {
    expect(formatPercent(0)).toBe("0%");
    expect(formatPercent(1)).toBe("100%");
  });
  it("shows more than everything", () => {
    expect(formatPercent(2.5)).toBe("250%");
  });
  it("shows negative shares", () => {
    expect(formatPercent(-0.25)).toBe("-25%");
  });
});

describe("plural", () => {
  it("uses the noun for one", () => {
    expect(plural(1, "file")).toBe("1 file");
  });
  it("appends an s for more", () => {
    expect(plural(3, "file")).toBe("3 files");
  });
  it("appends an s for zero", () => {
    expect(plural(0, "token")).toBe("0 tokens");
  });
  it("uses the given plural", () => {
    expect(plural(2, "entry", "entries")).toBe("2 entries");
  });
  it("does not use the given plural for one", () => {
    expect(plural(1, "entry", "entries")).toBe("1 entry");
  });
});

describe("groupThousands", () => {
  it("separates thousands", () => {
    expect(groupThousands(1234)).toBe("1,234");
  });
  it("separates every group", () => {
    expect(groupThousands(1_234_567)).toBe("1,234,567");
  });
  it("has no comma in front", () => {
    expect(groupThousands(123_456)).toBe("123,456");
  });
  it("leaves small numbers alone", () => {
    expect(groupThousands(999)).toBe("999");
    expect(groupThousands(0)).toBe("0");
  });
  it("keeps the sign", () => {
    expect(groupThousands(-1000)).toBe("-1,000");
    expect(groupThousands(-100)).toBe("-100");
  });
});

describe("shortCount", () => {
  it("leaves small counts alone", () => {
    expect(shortCount(0)).toBe("0");
    expect(shortCount(999)).toBe("999");
  });
  it("shows thousands", () => {
    expect(shortCount(1500)).toBe("1.5k");
  });
  it("shows no zero decimal", () => {
    expect(shortCount(1000)).toBe("1k");
    expect(shortCount(128_000)).toBe("128k");
  });
  it("cuts off instead of rounding", () => {
    expect(shortCount(1_250)).toBe("1.2k");
    expect(shortCount(999_999)).toBe("999.9k");
  });
  it("shows millions", () => {
    expect(shortCount(2_000_000)).toBe("2M");
    expect(shortCount(12_390_000)).toBe("12.3M");
  });
});

describe("formatBytes", () => {
  it("shows bytes", () => {
    expect(formatBytes(512)).toBe("512 B");
    expect(formatBytes(0)).toBe("0 B");
  });
  it("shows kilobytes from 1024 on", () => {
    expect(formatBytes(1023)).toBe("1023 B");
    expect(formatBytes(1024)).toBe("1.0 KB");
  });
  it("has one decimal", () => {
    expect(formatBytes(1536)).toBe("1.5 KB");
  });
  it("shows megabytes", () => {
    expect(formatBytes(5 * 1024 ** 2)).toBe("5.0 MB");
  });
  it("shows gigabytes as the largest unit", () => {
    expect(formatBytes(3.25 * 1024 ** 3)).toBe("3.3 GB");
    expect(formatBytes(2 * 1024 ** 4)).toBe("2048.0 GB");
  });
});

describe("parseCount", () => {
  it("reads digits", () => {
    expect(parseCount("250")).toBe(250);
  });
  it("ignores commas and whitespace", () => {
    expect(parseCount(" 1,500,000\n")).toBe(1_500_000);
  });
  it("reads units in any case", () => {
    expect(parseCount("8k")).toBe(8000);
    expect(parseCount("2 M")).toBe(2_000_000);
    expect(parseCount("3B")).toBe(3_000_000_000);
  });
  it("reads decimals and rounds", () => {
    expect(parseCount("1.5k")).toBe(1500);
    expect(parseCount("2.7")).toBe(3);
  });
  it("is null for other text", () => {
    expect(parseCount("many")).toBeNull();
    expect(parseCount("")).toBeNull();
    expect(parseCount("5x")).toBeNull();
    expect(parseCount("-5")).toBeNull();
    expect(parseCount("k")).toBeNull();
  });
});

describe("formatRanges", () => {
  it("joins numbers in a row", () => {
    expect(formatRanges([1, 2, 3, 4])).toBe("1-4");
  });
  it("separates others", () => {
    expect(formatRanges([1, 5, 9])).toBe("1, 5, 9");
  });
  it("does not join only two", () => {
    expect(formatRanges([1, 2, 3, 5, 6, 9])).toBe("1-3, 5, 6, 9");
  });
  it("sorts and removes repeats, without changing the list", () => {
    const numbers = [10, 9, 2, 9, 11];
    expect(formatRanges(numbers)).toBe("2, 9-11");
    expect(numbers).toEqual([10, 9, 2, 9, 11]);
  });
  it("accepts a single number", () => {
    expect(formatRanges([7])).toBe("7");
  });
  it("is empty without numbers", () => {
    expect(formatRanges([])).toBe("");
  });
});
