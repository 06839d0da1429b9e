// Cutting lists of messages, files and tokens into groups.

/**
 * Cuts `items` into consecutive groups of `size` items; the last group may be shorter.
 * `chunk([1, 2, 3], 2)` is `[[1, 2], [3]]`; no items give no groups.
 * Throws a RangeError when `size` is not a whole number of at least 1.
 */
export function chunk<T>(items: readonly T[], size: number): T[][] {
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`size must be a whole number of at least 1, got ${size}`);
  }
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) {
    groups.push(items.slice(start, start + size));
  }
  return groups;
}

/**
 * Returns the items at the indexes 0, `step`, 2 * `step` and so on. `step` is a whole number of at
 * least 1. `everyNth(["a", "b", "c"], 2)` is `["a", "c"]`.
 */
export function everyNth<T>(items: readonly T[], step: number): T[] {
  return items.filter((_, index) => index % step === 0);
}

/**
 * Returns every pair of neighbours, in order: `neighbours([1, 2, 3])` is `[[1, 2], [2, 3]]`.
 * Fewer than two items have no neighbours and give an empty array.
 */
export function neighbours<T>(items: readonly T[]): [T, T][] {
  return items.slice(1).map((item, index) => [items[index] as T, item]);
}

/**
 * Splits `items` in two arrays, both in the order of `items`: first those that `test` accepts,
 * then the others. `partition([1, 2, 3], (n) => n > 1)` is `[[2, 3], [1]]`.
 */
export function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const accepted: T[] = [];
  const others: T[] = [];
  for (const item of items) {
    (test(item) ? accepted : others).push(item);
  }
  return [accepted, others];
}

/**
 * Packs `items`, in order, into groups whose weights sum to at most `limit`. A new group starts
 * only when the next item does not fit in the current one. An item heavier than `limit` gets a
 * group of its own. No group is empty; no items give no groups.
 * `packByWeight([3, 3, 5], (n) => n, 6)` is `[[3, 3], [5]]`.
 */
export function packByWeight<T>(
  items: readonly T[],
  weigh: (item: T) => number,
  limit: number,
): T[][] {
  const groups: T[][] = [];
  let current: T[] = [];
  let total = 0;
  for (const item of items) {
    const weight = weigh(item);
    if (current.length > 0 && total + weight > limit) {
      groups.push(current);
      current = [];
      total = 0;
    }
    current.push(item);
    total += weight;
  }
  if (current.length > 0) {
    groups.push(current);
  }
  return groups;
}
