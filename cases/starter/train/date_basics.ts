// The simplest work with dates written as YYYY-MM-DD.

/** Returns the year of `date`, a text like "2024-05-31", as a number. */
export function yearOf(date: string): number {
  return Number(date.slice(0, 4));
}

/** Returns the day of the month of `date`, a text like "2024-05-31", as a number. */
export function dayOf(date: string): number {
  return Number(date.slice(8));
}

/** Returns true when the date `a` is before the date `b`; both are like "2024-05-31". */
export function isEarlier(a: string, b: string): boolean {
  return a < b;
}

/** Returns the year and month of `date`: "2024-05" for "2024-05-31". */
export function monthKey(date: string): string {
  return date.slice(0, 7);
}

/** Returns true when the dates `a` and `b`, both like "2024-05-31", are in the same year. */
export function isSameYear(a: string, b: string): boolean {
  return a.slice(0, 4) === b.slice(0, 4);
}

/** Returns a month from 1 to 12 as two digits: "03" for 3, and "12" for 12. */
export function twoDigitMonth(month: number): string {
  return String(month).padStart(2, "0");
}
