// The calendar: leap years, lengths of months, and days of the week.

export const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * Returns true for leap years: those divisible by 4, except those divisible by 100 that are not
 * divisible by 400. 2024 and 2000 are leap years, 1900 is not.
 */
export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

/**
 * Returns the number of days of a month (1 is January). February has 29 days in a leap year
 * (divisible by 4, but by 100 only when also by 400) and 28 in any other.
 */
export function daysInMonth(year: number, month: number): number {
  if (month === 2) {
    const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
    return leap ? 29 : 28;
  }
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Returns the quarter of the year, 1 to 4, that a month from 1 to 12 is in. */
export function quarterOf(month: number): number {
  return Math.ceil(month / 3);
}

/**
 * Returns the name of the day `days` days after the weekday `name`, one of `WEEKDAYS`. `days` is a
 * whole number of at least 0. `weekdayAfter("Sat", 1)` is "Sun".
 */
export function weekdayAfter(name: string, days: number): string {
  return WEEKDAYS[(WEEKDAYS.indexOf(name) + days) % 7] as string;
}

/**
 * Returns the number of days from one date to another, both as YYYY-MM-DD, negative when the
 * second is earlier. `daysBetween("2024-02-28", "2024-03-01")` is 2.
 */
export function daysBetween(from: string, to: string): number {
  const start = Date.parse(`${from}T00:00:00Z`);
  const end = Date.parse(`${to}T00:00:00Z`);
  return (end - start) / 86_400_000;
}

/**
 * Returns the date `months` months after a date, both as YYYY-MM-DD; `months` may be negative.
 * A day that the new month does not have becomes its last day: a month after "2024-01-31" is
 * "2024-02-29", and a month before "2024-01-15" is "2023-12-15".
 */
export function addMonths(date: string, months: number): string {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  const index = year * 12 + (month - 1) + months;
  const newYear = Math.floor(index / 12);
  const newMonth = index - newYear * 12 + 1;
  const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  let last = lengths[newMonth - 1] as number;
  if (newMonth === 2) {
    const divisibleBy = (divisor: number): boolean => newYear % divisor === 0;
    if (divisibleBy(400) || (divisibleBy(4) && !divisibleBy(100))) {
      last = 29;
    }
  }
  const newDay = Math.min(day, last);
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${String(newYear).padStart(4, "0")}-${two(newMonth)}-${two(newDay)}`;
}
