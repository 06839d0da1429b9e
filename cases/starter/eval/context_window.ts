// How much of a model's context window is left, and what to drop when it is full.

/** Indexes `[start, end)` of a list; `end` is not part of it. */
export type Range = [start: number, end: number];

export interface Section {
  name: string;
  tokens: number;
  /** Sections of higher priority are placed first. */
  priority: number;
}

/**
 * Returns the tokens left for input: the window minus the tokens reserved for the output, never
 * less than 0.
 */
export function inputBudget(window: number, reservedOutput: number): number {
  return Math.max(0, window - reservedOutput);
}

/**
 * Returns true when `used` tokens are at least the share `threshold` of the window.
 * `isNearLimit(80, 100)` is true, `isNearLimit(79, 100)` is false.
 */
export function isNearLimit(used: number, window: number, threshold = 0.8): boolean {
  return used >= window * threshold;
}

/**
 * Returns the tokens to reserve for the output: an eighth of the window, rounded down, but at
 * least 1,000 and at most 16,000, and in no case more than half of the window, rounded down.
 * `outputReserve(32_000)` is 4,000; `outputReserve(1_000)` is 500.
 */
export function outputReserve(window: number): number {
  const eighth = Math.floor(window / 8);
  const bounded = Math.min(16_000, Math.max(1_000, eighth));
  return Math.min(bounded, Math.floor(window / 2));
}

/** Returns a new list without the items in the range; a null range removes nothing. */
export function withoutRange<T>(items: readonly T[], range: Range | null): T[] {
  return items.filter((_, index) => !range || index < range[0] || index >= range[1]);
}

/**
 * Joins ranges that overlap or touch, and returns the result in rising order; empty ranges
 * (`end <= start`) are left out. `[[5, 8], [0, 2], [2, 3]]` gives `[[0, 3], [5, 8]]`.
 * Changes neither the list nor the ranges in it.
 */
export function joinRanges(ranges: readonly Range[]): Range[] {
  const joined: Range[] = [];
  const sorted = ranges.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0]);
  for (const [start, end] of sorted) {
    const last = joined.at(-1);
    if (last && start <= last[1]) {
      last[1] = Math.max(last[1], end);
    } else {
      joined.push([start, end]);
    }
  }
  return joined;
}

/**
 * Finds which messages to drop so that the rest has at most `budget` tokens; `sizes` are the
 * tokens of each message. The range starts behind the first `keep` messages, has an even, smallest
 * possible length (so that roles still alternate), and never contains the last message. When no
 * such range is enough, the longest one allowed is returned.
 * Returns null when all messages fit, or when not even two may be dropped.
 */
export function truncationRange(sizes: readonly number[], budget: number, keep = 1): Range | null {
  let total = 0;
  for (const size of sizes) {
    total += size;
  }
  if (total <= budget) {
    return null;
  }
  const last = sizes.length - 1;
  let end = keep;
  while (end + 2 <= last && total > budget) {
    total -= sizes[end] + sizes[end + 1];
    end += 2;
  }
  if (end === keep) {
    return null;
  }
  return [keep, end];
}

/**
 * Chooses the sections that go into a prompt of at most `budget` tokens. Sections are tried in
 * falling priority, equal priorities in their order in the list; one that no longer fits is
 * skipped, and smaller ones after it may still be placed. Returns the names of the chosen
 * sections in their order in the list.
 */
export function chooseSections(sections: readonly Section[], budget: number): string[] {
  const order = [...sections].sort((a, b) => b.priority - a.priority);
  const chosen = new Set<Section>();
  let left = budget;
  for (const section of order) {
    if (section.tokens <= left) {
      chosen.add(section);
      left -= section.tokens;
    }
  }
  return sections.filter((section) => chosen.has(section)).map((section) => section.name);
}
