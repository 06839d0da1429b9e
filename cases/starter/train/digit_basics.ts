// The simplest arithmetic with whole numbers.

/** Returns `n` plus 1. */
export function oneMore(n: number): number {
  return n + 1;
}

/** Returns `n` with the opposite sign: 3 for -3, and -3 for 3. */
export function opposite(n: number): number {
  return -n;
}

/** Returns true when `n` is less than 0. */
export function isNegative(n: number): boolean {
  return n < 0;
}

/** Returns the last decimal digit of `n`, a whole number that is not negative. */
export function lastDigit(n: number): number {
  return n % 10;
}

/** Returns `n` without its decimal part: 3 for 3.9, and -3 for -3.9. */
export function wholePart(n: number): number {
  return Math.trunc(n);
}

/** Returns `n` raised to the power of 2. */
export function squareOf(n: number): number {
  return n ** 2;
}
