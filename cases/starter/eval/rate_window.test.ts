import { describe, expect, it } from "vitest";
import { bucketCounts, type Entry, peakUsage, perMinute, RateWindow } from "./rate_window.ts";

const at = (...times: number[]): Entry[] => times.map((time) => ({ at: time, amount: 1 }));

describe("RateWindow.used", () => {
  it("is 0 without entries", () => {
    expect(new RateWindow(1000, 5).used(100)).toBe(0);
  });
  it("counts entries within the window", () => {
    expect(new RateWindow(1000, 5, at(100, 200, 300)).used(500)).toBe(3);
  });
  it("leaves out entries before the window", () => {
    expect(new RateWindow(1000, 5, at(100, 900, 1500)).used(1600)).toBe(2);
  });
  it("leaves out an entry exactly as old as the window", () => {
    expect(new RateWindow(1000, 5, at(100)).used(1099)).toBe(1);
    expect(new RateWindow(1000, 5, at(100)).used(1100)).toBe(0);
  });
  it("adds the amounts", () => {
    const window = new RateWindow(1000, 100, [{ at: 0, amount: 30 }, { at: 5, amount: 12 }]);
    expect(window.used(10)).toBe(42);
  });
  it("leaves the entries as they are", () => {
    const window = new RateWindow(10, 5, at(1, 100));
    expect(window.used(105)).toBe(1);
    expect(window.entries).toEqual(at(1, 100));
  });
});

describe("RateWindow.record", () => {
  it("appends an entry", () => {
    const window = new RateWindow(1000, 5);
    window.record(100, 7);
    expect(window.entries).toEqual([{ at: 100, amount: 7 }]);
  });
  it("has an amount of 1 by default", () => {
    const window = new RateWindow(1000, 5);
    window.record(100);
    expect(window.entries).toEqual(at(100));
  });
  it("keeps entries that still count, in order", () => {
    const window = new RateWindow(1000, 5, at(100, 200));
    window.record(300);
    expect(window.entries).toEqual(at(100, 200, 300));
  });
  it("removes entries that no longer count", () => {
    const window = new RateWindow(1000, 5, at(100, 600));
    window.record(1100);
    expect(window.entries).toEqual(at(600, 1100));
  });
  it("records beyond the limit as well", () => {
    const window = new RateWindow(1000, 1, at(1));
    window.record(2);
    expect(window.entries).toEqual(at(1, 2));
  });
});

describe("RateWindow.waitTime", () => {
  it("is 0 while there is room", () => {
    expect(new RateWindow(1000, 2, at(100)).waitTime(150)).toBe(0);
  });
  it("is the time until the oldest entry no longer counts", () => {
    expect(new RateWindow(1000, 2, at(100, 300)).waitTime(500)).toBe(600);
  });
  it("waits for several entries when the amount is larger", () => {
    expect(new RateWindow(1000, 3, at(100, 300, 400)).waitTime(500, 2)).toBe(800);
  });
  it("ignores entries that no longer count", () => {
    expect(new RateWindow(1000, 1, at(100)).waitTime(1100)).toBe(0);
  });
  it("is Infinity for more than the limit", () => {
    expect(new RateWindow(1000, 3).waitTime(0, 4)).toBe(Infinity);
  });
  it("can wait until the window is empty", () => {
    expect(new RateWindow(1000, 3, at(0, 10)).waitTime(20, 3)).toBe(990);
  });
  it("frees the whole amount of an entry", () => {
    const window = new RateWindow(100, 10, [{ at: 0, amount: 8 }, { at: 50, amount: 2 }]);
    expect(window.waitTime(60, 8)).toBe(40);
  });
});

describe("perMinute", () => {
  it("is the count after a minute", () => {
    expect(perMinute(42, 60_000)).toBe(42);
  });
  it("is more after less time", () => {
    expect(perMinute(5, 30_000)).toBe(10);
  });
  it("is less after more time", () => {
    expect(perMinute(30, 180_000)).toBe(10);
  });
  it("is rounded", () => {
    expect(perMinute(1, 40_000)).toBe(2);
    expect(perMinute(1, 50_000)).toBe(1);
  });
  it("is 0 when no time has passed", () => {
    expect(perMinute(7, 0)).toBe(0);
  });
});

describe("bucketCounts", () => {
  it("counts times in the same bucket", () => {
    expect([...bucketCounts([1, 2, 9], 10)]).toEqual([[0, 3]]);
  });
  it("separates buckets", () => {
    expect([...bucketCounts([5, 12, 9], 10)]).toEqual([[0, 2], [10, 1]]);
  });
  it("puts the bound into the later bucket", () => {
    expect([...bucketCounts([10, 20], 10)]).toEqual([[10, 1], [20, 1]]);
  });
  it("leaves empty buckets out and keeps the order of the times", () => {
    expect([...bucketCounts([95, 3], 10)]).toEqual([[90, 1], [0, 1]]);
  });
  it("is an empty map without times", () => {
    expect(bucketCounts([], 10)).toEqual(new Map());
  });
});

describe("peakUsage", () => {
  it("is 0 without entries", () => {
    expect(peakUsage([], 100)).toBe(0);
  });
  it("is the amount of a single entry", () => {
    expect(peakUsage([{ at: 50, amount: 7 }], 100)).toBe(7);
  });
  it("adds entries that share a window", () => {
    expect(peakUsage(at(0, 50, 99), 100)).toBe(3);
  });
  it("separates entries a window apart", () => {
    expect(peakUsage(at(0, 100, 200), 100)).toBe(1);
  });
  it("finds the busiest time", () => {
    expect(peakUsage(at(0, 90, 300, 310, 320, 500), 50)).toBe(3);
  });
  it("accepts entries in any order and does not sort them", () => {
    const entries = at(320, 0, 310);
    expect(peakUsage(entries, 50)).toBe(2);
    expect(entries).toEqual(at(320, 0, 310));
  });
});
