// What a change did to the files of a project: counts of added and removed lines.

export interface FileChange {
  path: string;
  added: number;
  removed: number;
}

/** Returns the number of lines that a change touched: added and removed together. */
export function touchedLines(change: FileChange): number {
  return change.added + change.removed;
}

/** Returns the change with the counts exchanged, as for undoing it; the one given stays. */
export function undone(change: FileChange): FileChange {
  return { path: change.path, added: change.removed, removed: change.added };
}

/** Returns a change as text: the path, " +", added lines, " -" and removed lines: "a.ts +3 -1". */
export function changeLine(change: FileChange): string {
  return `${change.path} +${change.added} -${change.removed}`;
}

/**
 * Returns the changes with those of the same path joined into one, counts added up, in the order in
 * which the paths first occur. The changes given stay as they are.
 */
export function joinChanges(changes: readonly FileChange[]): FileChange[] {
  const joined = new Map<string, FileChange>();
  for (const { path, added, removed } of changes) {
    const known = joined.get(path) ?? { path, added: 0, removed: 0 };
    known.added += added;
    known.removed += removed;
    joined.set(path, known);
  }
  return [...joined.values()];
}

/**
 * Draws the size of a change as "+" and "-" signs, one for each added and removed line. When that
 * is more than `width` signs, there are exactly `width`: the share of "+" is that of the added
 * lines, rounded, but at least one sign of each kind that occurs. `width` is at least 2.
 */
export function changeBar(change: FileChange, width: number): string {
  const { added, removed } = change;
  const total = added + removed;
  if (total <= width) {
    return "+".repeat(added) + "-".repeat(removed);
  }
  let plus = Math.round((added / total) * width);
  if (added > 0) {
    plus = Math.max(1, plus);
  }
  if (removed > 0) {
    plus = Math.min(width - 1, plus);
  }
  return "+".repeat(plus) + "-".repeat(width - plus);
}

/**
 * Writes a summary: "N files changed", then ", A lines added" and ", R lines removed", each of
 * which is left out when its sum over all changes is 0. A count of one is written "1 file" and
 * "1 line". Without changes the text is "nothing changed".
 */
export function changeSummary(changes: readonly FileChange[]): string {
  if (changes.length === 0) {
    return "nothing changed";
  }
  let added = 0;
  let removed = 0;
  for (const change of changes) {
    added += change.added;
    removed += change.removed;
  }
  const counted = (count: number, noun: string): string =>
    count === 1 ? `1 ${noun}` : `${count} ${noun}s`;
  let text = `${counted(changes.length, "file")} changed`;
  if (added > 0) {
    text += `, ${counted(added, "line")} added`;
  }
  if (removed > 0) {
    text += `, ${counted(removed, "line")} removed`;
  }
  return text;
}

/**
 * Compares two versions of a project, given as objects from path to text, and returns one change
 * for each path whose text differs, sorted by path. Lines (separated by "\n") count as bags: a line
 * is added as often as it occurs more in the new text than in the old, and removed the other way
 * round. A file that is missing in one version has no lines there.
 */
export function projectChanges(
  before: Record<string, string>,
  after: Record<string, string>,
): FileChange[] {
  const changes: FileChange[] = [];
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  for (const path of [...paths].sort()) {
    if (before[path] === after[path]) {
      continue;
    }
    const balance = new Map<string, number>();
    for (const line of before[path]?.split("\n") ?? []) {
      balance.set(line, (balance.get(line) ?? 0) - 1);
    }
    for (const line of after[path]?.split("\n") ?? []) {
      balance.set(line, (balance.get(line) ?? 0) + 1);
    }
    const change = { path, added: 0, removed: 0 };
    for (const count of balance.values()) {
      change.added += Math.max(0, count);
      change.removed += Math.max(0, -count);
    }
    changes.push(change);
  }
  return changes;
}
