// The simplest arithmetic with the scores of an evaluation.

/** Returns the sum of `a` and `b`, divided by 2. */
export function averageOfTwo(a: number, b: number): number {
  return (a + b) / 2;
}

/** Returns the smallest number of `scores`, which has at least one. */
export function lowestScore(scores: number[]): number {
  return Math.min(...scores);
}

/** Returns true when `score` is at least `low` and at most `high`. */
export function isBetween(score: number, low: number, high: number): boolean {
  return score >= low && score <= high;
}

/** Returns `score` rounded to the nearest whole number. */
export function roundedScore(score: number): number {
  return Math.round(score);
}

/** Returns the absolute difference of `a` and `b`. */
export function scoreGap(a: number, b: number): number {
  return Math.abs(a - b);
}

/** Returns true when `round` is divisible by 2. */
export function isEvenRound(round: number): boolean {
  return round % 2 === 0;
}
