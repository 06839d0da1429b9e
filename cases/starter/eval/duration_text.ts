// Durations in milliseconds as text, and back.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds of each unit that `parseDuration` knows. */
export const UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR };

/** Returns seconds with one decimal and an `s`: `formatSeconds(1250)` is `"1.3s"`. */
export function formatSeconds(ms: number): string {
  return `${(ms / SECOND).toFixed(1)}s`;
}

/** Returns the whole minutes in a number of milliseconds, rounded down. */
export function wholeMinutes(ms: number): number {
  return Math.floor(ms / MINUTE);
}

/**
 * Formats a duration as a clock: `m:ss`, or `h:mm:ss` from one hour on; parts of a second are
 * dropped. `formatClock(65_900)` is `"1:05"`, `formatClock(3_600_000)` is `"1:00:00"`.
 */
export function formatClock(ms: number): string {
  const seconds = String(Math.floor(ms / SECOND) % 60).padStart(2, "0");
  const minutes = Math.floor(ms / MINUTE) % 60;
  const hours = Math.floor(ms / HOUR);
  if (hours === 0) {
    return `${minutes}:${seconds}`;
  }
  return `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`;
}

/**
 * Formats a duration by its units: below a second as rounded milliseconds (`"250ms"`), otherwise as
 * hours, minutes and seconds without those that are 0 and without parts of a second, separated by
 * spaces: `"2m 5s"`, `"1h"`, `"1h 30s"`. A negative duration has a `-` in front. 0 is `"0ms"`.
 */
export default function formatDuration(ms: number): string {
  const size = Math.abs(ms);
  const sign = ms < 0 ? "-" : "";
  if (size < SECOND) {
    return `${sign}${Math.round(size)}ms`;
  }
  const hours = Math.floor(size / HOUR);
  const minutes = Math.floor(size / MINUTE) % 60;
  const seconds = Math.floor(size / SECOND) % 60;
  const parts = [
    [hours, "h"],
    [minutes, "m"],
    [seconds, "s"],
  ] as const;
  const shown = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return sign + shown.join(" ");
}

/**
 * Reads a duration in milliseconds: one or more numbers (with an optional decimal part), each with
 * a unit of `UNITS` directly or after spaces behind it, as in `"1h 30m"`, `"1.5s"` or `"2m5s"`. A
 * number alone (nothing else in the text) is milliseconds. Case and surrounding whitespace are
 * ignored. Returns null for any other text.
 */
export function parseDuration(text: string): number | null {
  const input = text.trim().toLowerCase();
  if (/^\d+(\.\d+)?$/.test(input)) {
    return Number(input);
  }
  if (!/^(\d+(\.\d+)?\s*(ms|s|m|h)\s*)+$/.test(input)) {
    return null;
  }
  let total = 0;
  for (const [, count, unit] of input.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h)/g)) {
    total += Number(count) * UNITS[unit];
  }
  return total;
}

/**
 * Says roughly how long ago something was. Below 10 seconds `"just now"`, then seconds below a
 * minute, minutes below an hour, hours below a day (24 hours), and days, each rounded down:
 * `"45 seconds ago"`, `"1 minute ago"`, `"3 hours ago"`, `"12 days ago"`. A time in the future
 * (negative) is `"in the future"`.
 */
export function timeAgo(ms: number): string {
  if (ms < 0) {
    return "in the future";
  }
  if (ms < 10 * SECOND) {
    return "just now";
  }
  let count = Math.floor(ms / SECOND);
  let unit = "second";
  if (ms >= 24 * HOUR) {
    count = Math.floor(ms / (24 * HOUR));
    unit = "day";
  } else if (ms >= HOUR) {
    count = Math.floor(ms / HOUR);
    unit = "hour";
  } else if (ms >= MINUTE) {
    count = Math.floor(ms / MINUTE);
    unit = "minute";
  }
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
