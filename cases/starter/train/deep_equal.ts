// Comparing settings and tool arguments by value.

/**
 * Returns true when two lists have the same length and `Object.is` holds for the items at each
 * index; nested arrays and objects are compared by identity.
 */
export function sameItems(left: readonly unknown[], right: readonly unknown[]): boolean {
  return left.length === right.length && left.every((item, index) => Object.is(item, right[index]));
}

/**
 * Names the kind of a value: "null", "array", "date" (a Date), "nan" (the number NaN), and for
 * everything else what `typeof` says, such as "object" or "string". `kindOf([1])` is "array".
 */
export function kindOf(value: unknown): string {
  if (value === null) {
    return "null";
  }
  if (Array.isArray(value)) {
    return "array";
  }
  if (value instanceof Date) {
    return "date";
  }
  return Number.isNaN(value) ? "nan" : typeof value;
}

/**
 * Returns true when two values are equal by structure. Primitives are equal by `Object.is` (NaN
 * equals NaN). Arrays are equal when they have the same length and equal items. Dates are equal
 * when their times are. Other objects are equal when they have the same own enumerable string
 * keys, in any order, with equal values; a key holding undefined differs from a missing key.
 * An array never equals a non-array, nor a Date a non-Date. Values have no cycles.
 */
export function deepEqual(left: unknown, right: unknown): boolean {
  if (Object.is(left, right)) {
    return true;
  }
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return false;
  }
  if (left instanceof Date || right instanceof Date) {
    return left instanceof Date && right instanceof Date && left.getTime() === right.getTime();
  }
  if (Array.isArray(left) !== Array.isArray(right)) {
    return false;
  }
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) =>
        Object.hasOwn(right, key) &&
        deepEqual((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key]),
    )
  );
}

/**
 * Returns the keys whose values differ between two flat records by `Object.is`, or that only one
 * of them has, sorted by code unit. `changedKeys({ a: 1, b: 2 }, { b: 3 })` is `["a", "b"]`.
 */
export function changedKeys(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys]
    .filter(
      (key) =>
        Object.hasOwn(before, key) !== Object.hasOwn(after, key) ||
        !Object.is(before[key], after[key]),
    )
    .sort();
}
