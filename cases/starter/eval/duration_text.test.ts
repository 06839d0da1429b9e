import { describe, expect, it } from "vitest";
import formatDuration, {
  formatClock,
  formatSeconds,
  parseDuration,
  timeAgo,
  wholeMinutes,
} from "./duration_text.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe("formatSeconds", () => {
  it("shows one decimal", () => {
    expect(formatSeconds(1200)).toBe("1.2s");
  });
  it("shows a zero decimal", () => {
    expect(formatSeconds(3000)).toBe("3.0s");
  });
  it("rounds", () => {
    expect(formatSeconds(1250)).toBe("1.3s");
    expect(formatSeconds(1249)).toBe("1.2s");
  });
  it("shows less than a second", () => {
    expect(formatSeconds(70)).toBe("0.1s");
  });
  it("shows zero", () => {
    expect(formatSeconds(0)).toBe("0.0s");
  });
  it("does not show minutes", () => {
    expect(formatSeconds(90_000)).toBe("90.0s");
  });
});

describe("wholeMinutes", () => {
  it("is 1 for a minute", () => {
    expect(wholeMinutes(60_000)).toBe(1);
  });
  it("rounds down", () => {
    expect(wholeMinutes(119_999)).toBe(1);
  });
  it("is 0 below a minute", () => {
    expect(wholeMinutes(59_999)).toBe(0);
  });
  it("counts the minutes of hours", () => {
    expect(wholeMinutes(2 * HOUR)).toBe(120);
  });
  it("is 0 for 0", () => {
    expect(wholeMinutes(0)).toBe(0);
  });
});

describe("formatClock", () => {
  it("shows minutes and seconds", () => {
    expect(formatClock(12 * MINUTE + 34_000)).toBe("12:34");
  });
  it("fills the seconds and drops parts of them", () => {
    expect(formatClock(65_900)).toBe("1:05");
  });
  it("shows hours from one hour on", () => {
    expect(formatClock(HOUR)).toBe("1:00:00");
    expect(formatClock(HOUR - 1)).toBe("59:59");
  });
  it("fills the minutes behind hours", () => {
    expect(formatClock(2 * HOUR + 3 * MINUTE + 4000)).toBe("2:03:04");
  });
  it("shows zero", () => {
    expect(formatClock(0)).toBe("0:00");
  });
  it("shows more than a day in hours", () => {
    expect(formatClock(30 * HOUR)).toBe("30:00:00");
  });
});

describe("formatDuration", () => {
  it("shows milliseconds below a second", () => {
    expect(formatDuration(250)).toBe("250ms");
    expect(formatDuration(12.4)).toBe("12ms");
  });
  it("shows seconds", () => {
    expect(formatDuration(1999)).toBe("1s");
  });
  it("shows minutes and seconds", () => {
    expect(formatDuration(125_000)).toBe("2m 5s");
  });
  it("leaves out what is 0", () => {
    expect(formatDuration(HOUR)).toBe("1h");
    expect(formatDuration(HOUR + 30_000)).toBe("1h 30s");
  });
  it("shows all units", () => {
    expect(formatDuration(26 * HOUR + 3 * MINUTE + 4567)).toBe("26h 3m 4s");
  });
  it("has a sign for negative durations", () => {
    expect(formatDuration(-125_000)).toBe("-2m 5s");
    expect(formatDuration(-5)).toBe("-5ms");
  });
  it("shows zero", () => {
    expect(formatDuration(0)).toBe("0ms");
  });
});

describe("parseDuration", () => {
  it("reads a number with a unit", () => {
    expect(parseDuration("250ms")).toBe(250);
    expect(parseDuration("2h")).toBe(2 * HOUR);
  });
  it("reads several", () => {
    expect(parseDuration("1h 30m")).toBe(90 * MINUTE);
    expect(parseDuration("2m5s")).toBe(125_000);
  });
  it("reads decimals", () => {
    expect(parseDuration("1.5s")).toBe(1500);
  });
  it("ignores case, spaces before the unit and around the text", () => {
    expect(parseDuration(" 3 M \n")).toBe(3 * MINUTE);
  });
  it("reads a number alone as milliseconds", () => {
    expect(parseDuration("1200")).toBe(1200);
    expect(parseDuration("0")).toBe(0);
  });
  it("is null for unknown units and for numbers without one", () => {
    expect(parseDuration("3 weeks")).toBeNull();
    expect(parseDuration("1h 30")).toBeNull();
  });
  it("is null for other text", () => {
    expect(parseDuration("")).toBeNull();
    expect(parseDuration("ms")).toBeNull();
    expect(parseDuration("-5s")).toBeNull();
    expect(parseDuration("1.5.2s")).toBeNull();
  });
});

describe("timeAgo", () => {
  it("says just now below ten seconds", () => {
    expect(timeAgo(0)).toBe("just now");
    expect(timeAgo(9999)).toBe("just now");
  });
  it("counts seconds", () => {
    expect(timeAgo(10_000)).toBe("10 seconds ago");
    expect(timeAgo(59_999)).toBe("59 seconds ago");
  });
  it("counts minutes", () => {
    expect(timeAgo(MINUTE)).toBe("1 minute ago");
    expect(timeAgo(HOUR - 1)).toBe("59 minutes ago");
  });
  it("counts hours", () => {
    expect(timeAgo(HOUR)).toBe("1 hour ago");
    expect(timeAgo(DAY - 1)).toBe("23 hours ago");
  });
  it("counts days", () => {
    expect(timeAgo(DAY)).toBe("1 day ago");
    expect(timeAgo(12.7 * DAY)).toBe("12 days ago");
  });
  it("knows the future", () => {
    expect(timeAgo(-1)).toBe("in the future");
  });
});
