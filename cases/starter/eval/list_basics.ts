// The simplest questions about a list of names and changes to it.

/** Returns the first element of `items`, or undefined when there is none. */
export function firstItem(items: string[]): string | undefined {
  return items[0];
}

/** Returns the number of elements in `items`. */
export function itemCount(items: string[]): number {
  return items.length;
}

/** Returns a new array with `items` in reverse order. */
export function reversed(items: string[]): string[] {
  return [...items].reverse();
}

/** Returns true when `items` includes `item`. */
export function hasItem(items: string[], item: string): boolean {
  return items.includes(item);
}

/** Returns a new array with the elements of `items`, followed by `item`. */
export function withItem(items: string[], item: string): string[] {
  return [...items, item];
}

/** Returns the elements of `items` that are not the empty string. */
export function withoutEmpty(items: string[]): string[] {
  return items.filter((item) => item !== "");
}
