// The simplest work with pairs: points, ranges and scores of two players.

/** Returns a pair with the two elements of `pair` exchanged. */
export function swapped(pair: [number, number]): [number, number] {
  return [pair[1], pair[0]];
}

/** Returns the point `dx` to the right of `point`; a point is `{ x, y }`. */
export function movedRight(point: { x: number; y: number }, dx: number): { x: number; y: number } {
  return { x: point.x + dx, y: point.y };
}

/** Returns true when both elements of `pair` are equal. */
export function isTie(pair: [number, number]): boolean {
  return pair[0] === pair[1];
}

/** Returns how many whole numbers there are from `first` to `last`, both included. */
export function rangeSize(first: number, last: number): number {
  return last - first + 1;
}

/** Returns the pair as text: its elements with a colon between them, "2:1" for [2, 1]. */
export function pairText(pair: [number, number]): string {
  return pair.join(":");
}

/** Returns an object with the keys `start` and `end` from the two elements of `pair`. */
export function toRange(pair: [number, number]): { start: number; end: number } {
  return { start: pair[0], end: pair[1] };
}
