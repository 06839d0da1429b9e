// Moving the elements of a list; the list given is never changed.

/**
 * Returns the items turned to the left by `steps` places: the first `steps` items come last.
 * `steps` is from 0 to the number of items. `rotateLeft(["a", "b", "c"], 1)` is `["b", "c", "a"]`.
 */
export function rotateLeft<T>(items: readonly T[], steps: number): T[] {
  return [...items.slice(steps), ...items.slice(0, steps)];
}

/** Returns the items with `item` inserted before the index `at`. */
export function insertAt<T>(items: readonly T[], at: number, item: T): T[] {
  return [...items.slice(0, at), item, ...items.slice(at)];
}

/** Returns the items without the one at index `at`; an index outside of the list removes none. */
export function removeAt<T>(items: readonly T[], at: number): T[] {
  return items.filter((_, index) => index !== at);
}

/**
 * Returns the items with those at the indexes `a` and `b` exchanged; both are in the list.
 * `swapItems(["x", "y", "z"], 0, 2)` is `["z", "y", "x"]`.
 */
export function swapItems<T>(items: readonly T[], a: number, b: number): T[] {
  const result = [...items];
  result[a] = items[b] as T;
  result[b] = items[a] as T;
  return result;
}

/**
 * Returns the items with the one at index `from` taken out and put back so that it has the index
 * `to` in the result. Both indexes are in the list. `moveItem(["a", "b", "c"], 0, 2)` is
 * `["b", "c", "a"]`.
 */
export function moveItem<T>(items: readonly T[], from: number, to: number): T[] {
  const result = [...items];
  const [item] = result.splice(from, 1);
  result.splice(to, 0, item as T);
  return result;
}

/**
 * Puts the items of two lists in turns: first of `left`, first of `right`, second of `left` and so
 * on. When one list ends, the rest of the other follows. `interleave([1, 2, 3], [9])` is
 * `[1, 9, 2, 3]`.
 */
export function interleave<T>(left: readonly T[], right: readonly T[]): T[] {
  const result: T[] = [];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    result.push(...left.slice(index, index + 1), ...right.slice(index, index + 1));
  }
  return result;
}

/**
 * Returns the items in a new order: the one at the index that `order` names first, and so on.
 * Throws a RangeError with the message "no item N" for an index N in `order` that the list does
 * not have, and "item N twice" for one that was named before. Items that `order` does not name
 * follow at the end, in their order. `reorder(["a", "b", "c"], [2])` is `["c", "a", "b"]`.
 */
export function reorder<T>(items: readonly T[], order: readonly number[]): T[] {
  const used = new Set<number>();
  const result: T[] = [];
  for (const index of order) {
    if (!Number.isInteger(index) || index < 0 || index >= items.length) {
      throw new RangeError(`no item ${index}`);
    }
    if (used.has(index)) {
      throw new RangeError(`item ${index} twice`);
    }
    used.add(index);
    result.push(items[index] as T);
  }
  for (const [index, item] of items.entries()) {
    if (!used.has(index)) {
      result.push(item);
    }
  }
  return result;
}
