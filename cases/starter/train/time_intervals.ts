// Intervals of time: when calls were running, and how they overlap. Times are milliseconds.

/** From `start` to `end`; `end` itself is not part of it, and `start` is not after `end`. */
export interface Interval {
  start: number;
  end: number;
}

/** Returns true when two intervals share some time; that they touch is not enough. */
export function overlaps(a: Interval, b: Interval): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Returns the interval that both share, or null when they share no time. */
export function sharedTime(a: Interval, b: Interval): Interval | null {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : null;
}

/** Returns the interval moved later by `ms` milliseconds (earlier when negative). */
export function shifted(interval: Interval, ms: number): Interval {
  return { start: interval.start + ms, end: interval.end + ms };
}

/**
 * Returns the intervals of time between the busy ones, in rising order. `busy` is in rising order
 * of `start`; intervals may overlap or touch. Time before the first and behind the last is not
 * listed. `gapsBetween([{ start: 0, end: 2 }, { start: 5, end: 6 }])` is `[{ start: 2, end: 5 }]`.
 */
export function gapsBetween(busy: readonly Interval[]): Interval[] {
  const gaps: Interval[] = [];
  let end = busy[0]?.start ?? 0;
  for (const interval of busy) {
    if (interval.start > end) {
      gaps.push({ start: end, end: interval.start });
    }
    end = Math.max(end, interval.end);
  }
  return gaps;
}

/**
 * Returns how many milliseconds at least one interval covers; time that several cover counts once.
 * The intervals may be in any order, and the list is not changed.
 */
export function coveredTime(intervals: readonly Interval[]): number {
  const sorted = [...intervals].sort((a, b) => a.start - b.start);
  let covered = 0;
  let reached = -Infinity;
  for (const { start, end } of sorted) {
    covered += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return covered;
}

/**
 * Returns the largest number of intervals that run at the same time. One that ends when another
 * starts does not run together with it, and an interval without length never runs.
 */
export function maxAtOnce(intervals: readonly Interval[]): number {
  const events: { time: number; change: number }[] = [];
  for (const { start, end } of intervals) {
    if (start < end) {
      events.push({ time: start, change: 1 }, { time: end, change: -1 });
    }
  }
  events.sort((a, b) => a.time - b.time || a.change - b.change);
  let running = 0;
  let most = 0;
  for (const { change } of events) {
    running += change;
    most = Math.max(most, running);
  }
  return most;
}

/**
 * Cuts the time of `removed` out of each interval and returns what is left, in order: an interval
 * may stay whole, lose one end, fall into two, or vanish.
 */
export function withoutTime(intervals: readonly Interval[], removed: Interval): Interval[] {
  return intervals.flatMap(({ start, end }) => {
    const before = { start, end: Math.min(end, removed.start) };
    const after = { start: Math.max(start, removed.end), end };
    return [before, after].filter((part) => part.start < part.end);
  });
}
