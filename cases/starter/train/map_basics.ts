// The simplest questions about a Map and changes to it.

/** Returns the number of entries in `map`. */
export function entryCount(map: Map<string, number>): number {
  return map.size;
}

/** Returns the value of `key` in `map`, or `fallback` when the key is missing. */
export function valueOr(map: Map<string, number>, key: string, fallback: number): number {
  return map.get(key) ?? fallback;
}

/** Returns an array with the keys of `map`, in their order. */
export function keysOf(map: Map<string, number>): string[] {
  return [...map.keys()];
}

/** Returns a new Map with the entries of `map`, in which `key` has the value `value`. */
export function withEntry(
  map: Map<string, number>,
  key: string,
  value: number,
): Map<string, number> {
  return new Map(map).set(key, value);
}

/** Returns true when `map` has both keys, `a` and `b`. */
export function hasBothKeys(map: Map<string, number>, a: string, b: string): boolean {
  return map.has(a) && map.has(b);
}

/** Returns the entries of `map` as an object from key to value. */
export function toObject(map: Map<string, number>): Record<string, number> {
  return Object.fromEntries(map);
}
