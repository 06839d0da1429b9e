// Comparing sets of tool names, files and tags.

/**
 * Returns the items of `left` that are also in `right`, in the order of `left`, each once.
 * `sharedItems(["b", "a", "b"], ["b"])` is `["b"]`.
 */
export function sharedItems(left: readonly string[], right: readonly string[]): string[] {
  const wanted = new Set(right);
  return [...new Set(left)].filter((item) => wanted.has(item));
}

/**
 * Returns true when every item of `part` is in `whole`. An empty `part` is always contained.
 */
export function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((item) => whole.has(item));
}

/**
 * Returns how alike two sets are: the number of shared items divided by the number of distinct
 * items in both. Equal sets give 1, sets without a shared item 0, and two empty sets 1.
 */
export function similarity(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const distinct = new Set([...left, ...right]).size;
  if (distinct === 0) {
    return 1;
  }
  return (left.size + right.size - distinct) / distinct;
}

/**
 * Returns a new set: without `item` when `items` has it, with `item` added when not.
 * `items` itself is not changed.
 */
export function toggle<T>(items: ReadonlySet<T>, item: T): Set<T> {
  const result = new Set(items);
  if (!result.delete(item)) {
    result.add(item);
  }
  return result;
}

/**
 * Describes how a list of names changed, as parts joined with "; " in this order:
 * "added x, y" (names only in `after`), "removed z" (names only in `before`), "kept 2" (how many
 * names are in both). Names are sorted by code unit and listed once; a part with no names (or a
 * kept count of 0) is left out. Without any part the result is "no names".
 * `describeChange(["a", "b"], ["b", "c"])` is "added c; removed a; kept 1".
 */
export function describeChange(before: readonly string[], after: readonly string[]): string {
  const old = new Set(before);
  const current = new Set(after);
  const added = [...current].filter((name) => !old.has(name)).sort();
  const removed = [...old].filter((name) => !current.has(name)).sort();
  const kept = current.size - added.length;
  const parts: string[] = [];
  if (added.length > 0) {
    parts.push(`added ${added.join(", ")}`);
  }
  if (removed.length > 0) {
    parts.push(`removed ${removed.join(", ")}`);
  }
  if (kept > 0) {
    parts.push(`kept ${kept}`);
  }
  return parts.length > 0 ? parts.join("; ") : "no names";
}
