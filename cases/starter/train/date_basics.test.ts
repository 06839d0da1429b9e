import { describe, expect, it } from "vitest";
import { dayOf, isEarlier, isSameYear, monthKey, twoDigitMonth, yearOf } from "./date_basics.ts";

describe("yearOf", () => {
  it("reads the year", () => {
    expect(yearOf("2024-05-31")).toBe(2024);
  });
  it("reads another year", () => {
    expect(yearOf("1999-12-01")).toBe(1999);
  });
  it("reads the year of the first day", () => {
    expect(yearOf("2000-01-01")).toBe(2000);
  });
  it("reads a year with zeros in front", () => {
    expect(yearOf("0476-09-04")).toBe(476);
  });
  it("gives a number", () => {
    expect(typeof yearOf("2024-05-31")).toBe("number");
  });
});

describe("dayOf", () => {
  it("reads the day", () => {
    expect(dayOf("2024-05-31")).toBe(31);
  });
  it("reads a day with a zero in front", () => {
    expect(dayOf("2024-05-07")).toBe(7);
  });
  it("reads the first day", () => {
    expect(dayOf("2024-12-01")).toBe(1);
  });
  it("reads a day of two digits", () => {
    expect(dayOf("1999-01-10")).toBe(10);
  });
  it("does not read the month", () => {
    expect(dayOf("2024-11-22")).toBe(22);
  });
});

describe("isEarlier", () => {
  it("compares days", () => {
    expect(isEarlier("2024-05-01", "2024-05-02")).toBe(true);
  });
  it("compares months", () => {
    expect(isEarlier("2024-04-30", "2024-05-01")).toBe(true);
  });
  it("refuses a later year", () => {
    expect(isEarlier("2025-01-01", "2024-12-31")).toBe(false);
  });
  it("refuses an equal date", () => {
    expect(isEarlier("2024-05-01", "2024-05-01")).toBe(false);
  });
  it("refuses a later month", () => {
    expect(isEarlier("2024-10-01", "2024-09-01")).toBe(false);
  });
});

describe("monthKey", () => {
  it("drops the day", () => {
    expect(monthKey("2024-05-31")).toBe("2024-05");
  });
  it("keeps a zero in front", () => {
    expect(monthKey("1999-01-10")).toBe("1999-01");
  });
  it("works in December", () => {
    expect(monthKey("2023-12-25")).toBe("2023-12");
  });
  it("gives the same for two days of a month", () => {
    expect(monthKey("2024-02-01") === monthKey("2024-02-29")).toBe(true);
  });
  it("gives seven characters", () => {
    expect(monthKey("2020-10-10").length).toBe(7);
  });
});

describe("isSameYear", () => {
  it("accepts two days of a year", () => {
    expect(isSameYear("2024-01-01", "2024-12-31")).toBe(true);
  });
  it("accepts equal dates", () => {
    expect(isSameYear("1999-05-05", "1999-05-05")).toBe(true);
  });
  it("refuses neighbouring days of two years", () => {
    expect(isSameYear("2023-12-31", "2024-01-01")).toBe(false);
  });
  it("refuses the same day of other years", () => {
    expect(isSameYear("2024-05-05", "2014-05-05")).toBe(false);
  });
  it("accepts other months", () => {
    expect(isSameYear("2001-03-04", "2001-04-03")).toBe(true);
  });
});

describe("twoDigitMonth", () => {
  it("puts a zero before one digit", () => {
    expect(twoDigitMonth(3)).toBe("03");
  });
  it("keeps two digits", () => {
    expect(twoDigitMonth(12)).toBe("12");
  });
  it("works for the first month", () => {
    expect(twoDigitMonth(1)).toBe("01");
  });
  it("keeps ten", () => {
    expect(twoDigitMonth(10)).toBe("10");
  });
  it("works for the last month of one digit", () => {
    expect(twoDigitMonth(9)).toBe("09");
  });
});
