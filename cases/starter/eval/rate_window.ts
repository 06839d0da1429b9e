// Sliding-window rate limits; all times are milliseconds, passed in by the caller.

export interface Entry {
  at: number;
  amount: number;
}

/**
 * Limits the sum of amounts within the last `windowMs` milliseconds. At time `now` an entry counts
 * while `at > now - windowMs`; entries are in rising order of `at`.
 */
export class RateWindow {
  readonly windowMs: number;
  readonly limit: number;
  entries: Entry[];

  constructor(windowMs: number, limit: number, entries: Entry[] = []) {
    this.windowMs = windowMs;
    this.limit = limit;
    this.entries = entries;
  }

  /** Returns the sum of the amounts that count at `now`; leaves `entries` as they are. */
  used(now: number): number {
    const current = this.entries.filter((entry) => entry.at > now - this.windowMs);
    return current.reduce((sum, entry) => sum + entry.amount, 0);
  }

  /** Appends an entry at `now`, and removes from `entries` those that no longer count. */
  record(now: number, amount = 1): void {
    this.entries = this.entries.filter((entry) => entry.at > now - this.windowMs);
    this.entries.push({ at: now, amount });
  }

  /**
   * Returns how many milliseconds after `now` an entry of `amount` first fits within the limit,
   * when nothing else is recorded: 0 when it fits now, `Infinity` when `amount` is over the limit.
   */
  waitTime(now: number, amount = 1): number {
    if (amount > this.limit) {
      return Infinity;
    }
    const current = this.entries.filter((entry) => entry.at > now - this.windowMs);
    let total = amount;
    for (const entry of current) {
      total += entry.amount;
    }
    let wait = 0;
    for (const entry of current) {
      if (total <= this.limit) {
        break;
      }
      total -= entry.amount;
      wait = entry.at + this.windowMs - now;
    }
    return wait;
  }
}

/**
 * Returns events per minute for `count` events in `elapsedMs` milliseconds, rounded to whole
 * events; 0 when no time has passed.
 */
export function perMinute(count: number, elapsedMs: number): number {
  return elapsedMs <= 0 ? 0 : Math.round((count * 60_000) / elapsedMs);
}

/**
 * Counts times by bucket: the keys are the starts of the buckets (multiples of `bucketMs`), in
 * the order in which they first occur; empty buckets are missing.
 * `bucketCounts([5, 12, 9], 10)` has 0 with 2 and 10 with 1.
 */
export function bucketCounts(times: readonly number[], bucketMs: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const time of times) {
    const start = Math.floor(time / bucketMs) * bucketMs;
    counts.set(start, (counts.get(start) ?? 0) + 1);
  }
  return counts;
}

/**
 * Returns the largest sum of amounts that any window of `windowMs` milliseconds contains; two
 * entries share a window when their times differ by less than `windowMs`. Entries may come in any
 * order (the list is not changed) and have no negative amounts. 0 without entries.
 */
export function peakUsage(entries: readonly Entry[], windowMs: number): number {
  const sorted = [...entries].sort((a, b) => a.at - b.at);
  let first = 0;
  let sum = 0;
  let peak = 0;
  for (const entry of sorted) {
    sum += entry.amount;
    while (entry.at - sorted[first].at >= windowMs) {
      sum -= sorted[first].amount;
      first += 1;
    }
    peak = Math.max(peak, sum);
  }
  return peak;
}
