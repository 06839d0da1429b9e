// Differences of two versions of a file, line by line.

/** One line of a comparison: in both versions, only in the old one, or only in the new one. */
export interface Change {
  kind: "same" | "removed" | "added";
  line: string;
}

/**
 * Counts the elements at the start of both lists that are equal (===) at the same position, up to
 * the first difference.
 */
export function commonPrefixLength<T>(a: readonly T[], b: readonly T[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

/**
 * Returns the length of the longest common subsequence: the largest number of elements (compared
 * by ===) that occur in both lists in the same order, not necessarily next to each other.
 * ["a", "b", "c", "d"] and ["b", "x", "d"] give 2.
 */
export function lcsLength<T>(a: readonly T[], b: readonly T[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const left of a) {
    const next = [0];
    for (const [index, right] of b.entries()) {
      const longest = Math.max(row[index + 1] ?? 0, next[index] ?? 0);
      next.push(left === right ? (row[index] ?? 0) + 1 : longest);
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * Compares two versions of a file, given as lines, and keeps as many lines as possible "same" (a
 * longest common subsequence). The lines of the result that are not "added" are `before`, those
 * that are not "removed" are `after`, both in order. Between two "same" lines, and before the
 * first and after the last, all "removed" lines come before all "added" lines.
 * (["a", "b"], ["a", "c"]) gives same a, removed b, added c.
 */
export function diffLines(before: readonly string[], after: readonly string[]): Change[] {
  const table = Array.from({ length: before.length + 1 }, () =>
    new Array<number>(after.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => table[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const equal = before[i] === after[j];
      table[i]![j] = equal ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const changes: Change[] = [];
  let added: Change[] = [];
  let i = 0;
  let j = 0;
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      changes.push(...added, { kind: "same", line: before[i]! });
      added = [];
      i += 1;
      j += 1;
    } else if (i < before.length && (j === after.length || at(i + 1, j) >= at(i, j + 1))) {
      changes.push({ kind: "removed", line: before[i]! });
      i += 1;
    } else {
      added.push({ kind: "added", line: after[j]! });
      j += 1;
    }
  }
  return [...changes, ...added];
}

/** Counts the changes of kind "added" and of kind "removed". */
export function countChanges(changes: readonly Change[]): { added: number; removed: number } {
  const count = (kind: string): number => changes.filter((change) => change.kind === kind).length;
  return { added: count("added"), removed: count("removed") };
}

/**
 * Renders each change as one string: "+" for added, "-" for removed or " " for same, then the line.
 */
export function renderChanges(changes: readonly Change[]): string[] {
  const signs = { same: " ", removed: "-", added: "+" };
  return changes.map((change) => signs[change.kind] + change.line);
}

/**
 * Splits changes into hunks. An entry belongs to a hunk when it is not "same", or when an entry
 * that is not "same" stands at most `context` positions before or after it; all other entries are
 * left out. A hunk is a longest run of neighbouring entries that belong to one. Without any
 * difference there are no hunks. Same 1, 2, 3, added x, same 4 with context 1 give one hunk: 3, x, 4.
 */
export function groupHunks(changes: readonly Change[], context: number): Change[][] {
  const hunks: Change[][] = [];
  let open = false;
  for (const [index, change] of changes.entries()) {
    const near = changes.slice(Math.max(0, index - context), index + context + 1);
    const belongs = near.some((other) => other.kind !== "same");
    if (belongs && !open) hunks.push([]);
    if (belongs) hunks.at(-1)?.push(change);
    open = belongs;
  }
  return hunks;
}
