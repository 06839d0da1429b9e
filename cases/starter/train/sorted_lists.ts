// Lists of numbers and names that are kept in rising order.

/** Returns true when no number is smaller than the one before it. */
export function isRising(values: readonly number[]): boolean {
  return values.every((value, index) => index === 0 || value >= (values[index - 1] as number));
}

/**
 * Returns the index at which `value` has to be inserted in the rising list `values` so that it
 * stays rising: the number of values that are smaller. `insertionIndex([1, 3, 5], 3)` is 1.
 */
export function insertionIndex(values: readonly number[], value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((values[middle] as number) < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** Returns the rising list with `value` inserted behind all values that are not larger. */
export function insertSorted(values: readonly number[], value: number): number[] {
  const smaller = values.filter((other) => other <= value);
  return [...smaller, value, ...values.slice(smaller.length)];
}

/**
 * Merges two rising lists into one rising list that has all values of both, repeats included.
 * `mergeSorted([1, 4], [2, 4, 6])` is `[1, 2, 4, 4, 6]`.
 */
export function mergeSorted(left: readonly number[], right: readonly number[]): number[] {
  const merged: number[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const a = left[i] ?? Infinity;
    const b = right[j] ?? Infinity;
    if (i < left.length && (a <= b || j === right.length)) {
      merged.push(a);
      i += 1;
    } else {
      merged.push(b);
      j += 1;
    }
  }
  return merged;
}

/**
 * Returns the value of the list that is nearest to `target`, of two equally near ones the smaller;
 * undefined for an empty list. `nearestValue([1, 5, 9], 7)` is 5.
 */
export function nearestValue(values: readonly number[], target: number): number | undefined {
  let best: number | undefined;
  for (const value of values) {
    const gap = Math.abs(value - target);
    const bestGap = best === undefined ? Infinity : Math.abs(best - target);
    if (gap < bestGap || (gap === bestGap && value < (best as number))) {
      best = value;
    }
  }
  return best;
}

/**
 * Returns the whole numbers that are missing between the first and the last value of a rising list
 * of whole numbers. `missingNumbers([2, 3, 6])` is `[4, 5]`; fewer than two values give none.
 */
export function missingNumbers(values: readonly number[]): number[] {
  const missing: number[] = [];
  for (const [index, value] of values.entries()) {
    const previous = index === 0 ? value : (values[index - 1] as number);
    for (let number = previous + 1; number < value; number += 1) {
      missing.push(number);
    }
  }
  return missing;
}

/**
 * Returns the names sorted for a menu: pinned names first, in the order of `pinned`, then all
 * others by their lower-case form, compared with "<". Each name is listed once; pinned names that
 * are not in `names` are left out. `menuOrder(["b", "A", "z"], ["z"])` is `["z", "A", "b"]`.
 */
export function menuOrder(names: readonly string[], pinned: readonly string[]): string[] {
  const distinct = new Set(names);
  const top: string[] = [];
  for (const name of pinned) {
    if (distinct.delete(name)) {
      top.push(name);
    }
  }
  const others = [...distinct].sort((a, b) => {
    const [left, right] = [a.toLowerCase(), b.toLowerCase()];
    if (left === right) {
      return 0;
    }
    return left < right ? -1 : 1;
  });
  return [...top, ...others];
}
