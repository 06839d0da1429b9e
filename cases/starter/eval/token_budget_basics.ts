// The simplest sums and comparisons of a token budget.

/** Returns `limit` minus `used`. */
export function remainingTokens(limit: number, used: number): number {
  return limit - used;
}

/** Returns the sum of `input` and `output`. */
export function totalTokens(input: number, output: number): number {
  return input + output;
}

/** Returns true when `count` is greater than `limit`. */
export function isOverLimit(count: number, limit: number): boolean {
  return count > limit;
}

/** Returns true when `used` plus `next` is at most `window`. */
export function fitsInWindow(used: number, next: number, window: number): boolean {
  return used + next <= window;
}

/** Returns the larger of `a` and `b`. */
export function largerCount(a: number, b: number): number {
  return Math.max(a, b);
}

/** Returns `budget` times 2. */
export function doubledBudget(budget: number): number {
  return budget * 2;
}
