// The simplest work with objects that hold settings.

/** Returns the number of keys in `record`. */
export function keyCount(record: Record<string, number>): number {
  return Object.keys(record).length;
}

/** Returns true when `record` has no keys. */
export function isEmptyRecord(record: Record<string, number>): boolean {
  return Object.keys(record).length === 0;
}

/** Returns a new object with the fields of `record`, in which `key` has the value `value`. */
export function withField(
  record: Record<string, number>,
  key: string,
  value: number,
): Record<string, number> {
  return { ...record, [key]: value };
}

/** Returns an array of the `[key, value]` pairs of `record`, in their order. */
export function pairsOf(record: Record<string, number>): [string, number][] {
  return Object.entries(record);
}

/** Returns the largest value in `record`, which has at least one key. */
export function largestValue(record: Record<string, number>): number {
  return Math.max(...Object.values(record));
}

/** Returns the keys of `record` in alphabetical order. */
export function sortedKeys(record: Record<string, number>): string[] {
  return Object.keys(record).sort();
}
