import { describe, expect, it } from "vitest";
import {
  addMonths,
  daysBetween,
  daysInMonth,
  isLeapYear,
  quarterOf,
  weekdayAfter,
} from "./calendar_days.ts";

describe("isLeapYear", () => {
  it("accepts a year divisible by four", () => {
    expect(isLeapYear(2024)).toBe(true);
  });
  it("refuses an odd year", () => {
    expect(isLeapYear(2023)).toBe(false);
  });
  it("refuses most full centuries", () => {
    expect(isLeapYear(1900)).toBe(false);
  });
  it("accepts every fourth century", () => {
    expect(isLeapYear(2000)).toBe(true);
  });
  it("refuses an even year that is not divisible by four", () => {
    expect(isLeapYear(2022)).toBe(false);
  });
});

describe("daysInMonth", () => {
  it("gives 31 days to January and December", () => {
    expect(daysInMonth(2023, 1)).toBe(31);
    expect(daysInMonth(2023, 12)).toBe(31);
  });
  it("gives 30 days to April and November", () => {
    expect(daysInMonth(2023, 4)).toBe(30);
    expect(daysInMonth(2023, 11)).toBe(30);
  });
  it("gives 31 days to July and August", () => {
    expect(daysInMonth(2023, 7)).toBe(31);
    expect(daysInMonth(2023, 8)).toBe(31);
  });
  it("gives 28 days to February", () => {
    expect(daysInMonth(2023, 2)).toBe(28);
  });
  it("gives 29 days to February in a leap year", () => {
    expect(daysInMonth(2024, 2)).toBe(29);
  });
  it("knows the centuries", () => {
    expect(daysInMonth(1900, 2)).toBe(28);
    expect(daysInMonth(2000, 2)).toBe(29);
  });
});

describe("quarterOf", () => {
  it("starts with the first quarter", () => {
    expect(quarterOf(1)).toBe(1);
  });
  it("keeps March in the first quarter", () => {
    expect(quarterOf(3)).toBe(1);
  });
  it("puts April in the second quarter", () => {
    expect(quarterOf(4)).toBe(2);
  });
  it("puts August in the third quarter", () => {
    expect(quarterOf(8)).toBe(3);
  });
  it("puts December in the fourth quarter", () => {
    expect(quarterOf(12)).toBe(4);
  });
});

describe("weekdayAfter", () => {
  it("gives the next day", () => {
    expect(weekdayAfter("Mon", 1)).toBe("Tue");
  });
  it("goes on after the end of the list", () => {
    expect(weekdayAfter("Sat", 1)).toBe("Sun");
  });
  it("gives the same day after a week", () => {
    expect(weekdayAfter("Wed", 7)).toBe("Wed");
  });
  it("gives the same day after no days", () => {
    expect(weekdayAfter("Fri", 0)).toBe("Fri");
  });
  it("works for many days", () => {
    expect(weekdayAfter("Sun", 100)).toBe("Tue");
  });
});

describe("daysBetween", () => {
  it("counts over a leap day", () => {
    expect(daysBetween("2024-02-28", "2024-03-01")).toBe(2);
  });
  it("counts without a leap day", () => {
    expect(daysBetween("2023-02-28", "2023-03-01")).toBe(1);
  });
  it("gives 0 for the same date", () => {
    expect(daysBetween("2024-05-05", "2024-05-05")).toBe(0);
  });
  it("is negative for an earlier date", () => {
    expect(daysBetween("2024-01-10", "2024-01-01")).toBe(-9);
  });
  it("counts a whole year", () => {
    expect(daysBetween("2023-01-01", "2024-01-01")).toBe(365);
  });
});

describe("addMonths", () => {
  it("adds within a year", () => {
    expect(addMonths("2024-03-15", 2)).toBe("2024-05-15");
  });
  it("goes on to the next year", () => {
    expect(addMonths("2024-12-01", 1)).toBe("2025-01-01");
  });
  it("goes back to the year before", () => {
    expect(addMonths("2024-01-15", -1)).toBe("2023-12-15");
  });
  it("uses the last day of a shorter month", () => {
    expect(addMonths("2024-01-31", 1)).toBe("2024-02-29");
    expect(addMonths("2023-10-31", 1)).toBe("2023-11-30");
  });
  it("knows that most years have no leap day", () => {
    expect(addMonths("2023-01-31", 1)).toBe("2023-02-28");
    expect(addMonths("1899-12-31", 2)).toBe("1900-02-28");
  });
  it("adds many months", () => {
    expect(addMonths("2024-05-31", 25)).toBe("2026-06-30");
    expect(addMonths("2020-02-29", 48)).toBe("2024-02-29");
  });
  it("keeps the date for no months", () => {
    expect(addMonths("2024-07-09", 0)).toBe("2024-07-09");
  });
});
