// Arithmetic with whole numbers: divisors, digits, and counting in a circle.

/**
 * Returns the greatest common divisor of two whole numbers that are not negative and not both 0.
 * `greatestDivisor(12, 18)` is 6; with 0 it is the other number.
 */
export function greatestDivisor(a: number, b: number): number {
  while (b !== 0) {
    [a, b] = [b, a % b];
  }
  return a;
}

/** Returns true when a whole number is a prime: at least 2 and divisible only by 1 and itself. */
export function isPrime(value: number): boolean {
  for (let divisor = 2; divisor * divisor <= value; divisor += 1) {
    if (value % divisor === 0) {
      return false;
    }
  }
  return value >= 2;
}

/** Returns the sum of the decimal digits of a whole number that is not negative: 15 for 456. */
export function digitSum(value: number): number {
  return [...String(value)].reduce((sum, digit) => sum + Number(digit), 0);
}

/**
 * Returns `index` moved into the range from 0 to `size - 1` by going round in a circle, also for
 * negative indexes: `wrapIndex(5, 4)` is 1, `wrapIndex(-1, 4)` is 3.
 */
export function wrapIndex(index: number, size: number): number {
  return ((index % size) + size) % size;
}

/**
 * Returns all whole numbers that divide `value` without a rest, in rising order, 1 and `value`
 * included. `value` is a whole number of at least 1. `divisorsOf(6)` is `[1, 2, 3, 6]`.
 */
export function divisorsOf(value: number): number[] {
  const divisors: number[] = [];
  for (let divisor = 1; divisor <= value; divisor += 1) {
    if (value % divisor === 0) {
      divisors.push(divisor);
    }
  }
  return divisors;
}

/**
 * Returns the prime factors of a whole number of at least 2 as text, in rising order, joined with
 * " x ". A factor that occurs more than once is written once, with "^" and how often it occurs:
 * `factorText(12)` is "2^2 x 3", `factorText(7)` is "7".
 */
export function factorText(value: number): string {
  const parts: string[] = [];
  let rest = value;
  for (let factor = 2; factor * factor <= rest; factor += 1) {
    let count = 0;
    while (rest % factor === 0) {
      rest /= factor;
      count += 1;
    }
    if (count === 1) {
      parts.push(String(factor));
    } else if (count > 1) {
      parts.push(`${factor}^${count}`);
    }
  }
  if (rest > 1) {
    parts.push(String(rest));
  }
  return parts.join(" x ");
}

/** Returns the whole numbers from `first` to `last`, both included; none when `last` is smaller. */
export function numbersFrom(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
