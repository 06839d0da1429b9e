// Statistics of repeated runs: scores, times and counts.

/** Returns the mean of the values; 0 when there are none. */
export function meanOf(values: readonly number[]): number {
  if (values.length === 0) {
    return 0;
  }
  let sum = 0;
  for (const value of values) {
    sum += value;
  }
  return sum / values.length;
}

/**
 * Returns the median: the middle of the sorted values, or the mean of the two in the middle when
 * their number is even. Undefined without values. The list given is not changed.
 */
export function medianOf(values: readonly number[]): number | undefined {
  if (values.length === 0) {
    return undefined;
  }
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2;
}

/**
 * Returns the value that occurs most often; of equally frequent ones the one that occurs first in
 * the list. Undefined without values. `mostFrequent([1, 2, 2])` is 2.
 */
export function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) {
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  let best: T | undefined;
  for (const [value, count] of counts) {
    if (count > (counts.get(best as T) ?? 0)) {
      best = value;
    }
  }
  return best;
}

/**
 * Rounds a number to `digits` decimals, halves away from zero for positive numbers:
 * `roundTo(2.345, 1)` is 2.3, `roundTo(7, 2)` is 7. `digits` is from 0 to 6.
 */
export function roundTo(value: number, digits: number): number {
  const factor = 10 ** digits;
  return Math.round(value * factor) / factor;
}

/**
 * Returns the running means: at each index the mean of the values from the start up to that index.
 * `runningMeans([2, 4, 9])` is `[2, 3, 5]`.
 */
export function runningMeans(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value, index) => {
    sum += value;
    return sum / (index + 1);
  });
}

/**
 * Returns the `share` quantile of the values, a share from 0 (the smallest) to 1 (the largest).
 * Of the sorted values it is the one at position `share * (n - 1)`; a position between two values
 * gives a value in the same proportion between them: `quantile([10, 20], 0.25)` is 12.5.
 * Throws a RangeError without values or for a share that is not from 0 to 1. The list given is
 * not changed.
 */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) {
    throw new RangeError("needs at least one value");
  }
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`share must be from 0 to 1, got ${share}`);
  }
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const index = Math.floor(position);
  const low = sorted[index] as number;
  const high = sorted[index + 1];
  if (high === undefined) {
    return low;
  }
  return low + (high - low) * (position - index);
}

/**
 * Counts how many values are in each bin. `edges` rise; bin number i is for values of at least
 * `edges[i]` and less than `edges[i + 1]`, so there is one bin less than edges. A value equal to
 * the last edge is in the last bin; values outside of the edges are not counted.
 * `histogram([1, 2, 5], [0, 2, 5])` is `[1, 2]`.
 */
export function histogram(values: readonly number[], edges: readonly number[]): number[] {
  const counts = edges.slice(1).map(() => 0);
  const last = edges[edges.length - 1];
  for (const value of values) {
    let bin = -1;
    for (const [index, edge] of edges.entries()) {
      if (value >= edge) {
        bin = index;
      }
    }
    if (value === last) {
      bin = counts.length - 1;
    }
    if (bin >= 0 && bin < counts.length) {
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
  return counts;
}
