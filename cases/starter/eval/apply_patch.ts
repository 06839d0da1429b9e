// Hunks of a unified diff: the two sides of a hunk, where it fits, and applying it.

/**
 * A hunk: the number (from 1) of the line of the old file at which its first line stands, and its
 * lines, each with a sign in front: " " in both versions, "-" only in the old, "+" only in the new.
 */
export interface Hunk {
  start: number;
  lines: string[];
}

/**
 * Returns the lines of the old version that a hunk shows (signs " " and "-"), without their signs.
 */
export function oldSide(hunk: Hunk): string[] {
  return hunk.lines.filter((line) => !line.startsWith("+")).map((line) => line.slice(1));
}

/** Returns how many lines a hunk adds to the file: lines with sign "+" less lines with sign "-". */
export const netLines = (hunk: Hunk): number =>
  hunk.lines.filter((line) => line.startsWith("+")).length -
  hunk.lines.filter((line) => line.startsWith("-")).length;

/**
 * Returns the hunk that undoes a hunk: the same start, and the same lines in the same order with
 * the signs "+" and "-" exchanged. The given hunk is not changed.
 */
export function reverseHunk(hunk: Hunk): Hunk {
  const signs: Record<string, string> = { "+": "-", "-": "+" };
  const lines = hunk.lines.map((line) => (signs[line.charAt(0)] ?? " ") + line.slice(1));
  return { start: hunk.start, lines };
}

/**
 * Finds where `wanted` stands in a file as neighbouring lines: of all indexes (from 0) from which
 * on every wanted line is equal to the line there, the one nearest to `near`; of two equally near
 * ones, the smaller. Returns -1 when there is none. locate(["a", "b", "a"], ["a"], 2) is 2.
 */
export function locate(lines: readonly string[], wanted: readonly string[], near: number): number {
  let best = -1;
  for (let start = 0; start + wanted.length <= lines.length; start += 1) {
    const fits = wanted.every((line, offset) => lines[start + offset] === line);
    if (fits && (best === -1 || Math.abs(start - near) < Math.abs(best - near))) best = start;
  }
  return best;
}

/**
 * Reads the hunks of a patch of one file (lines separated by "\n"). A hunk begins behind a line
 * "@@ -START,COUNT +..." or "@@ -START +..."; START becomes its `start`. Its lines are those that
 * follow with one of the signs " ", "-" and "+"; the first line with another beginning, or an
 * empty one, ends it. Lines outside of hunks are ignored.
 */
export function parseHunks(patch: string): Hunk[] {
  const hunks: Hunk[] = [];
  let current: Hunk | undefined;
  for (const line of patch.split("\n")) {
    const header = /^@@ -(\d+)/.exec(line);
    if (header !== null) {
      current = { start: Number(header[1]), lines: [] };
      hunks.push(current);
    } else if (/^[ +-]/.test(line)) {
      current?.lines.push(line);
    } else {
      current = undefined;
    }
  }
  return hunks;
}

/**
 * Applies hunks, given in the order of their starts, to the lines of the old file and returns the
 * lines of the new one. All starts count lines of the old file; a hunk of only "+" lines inserts
 * them before line `start` (one more than the number of lines: at the end). Lines with " " and "-"
 * must be equal to the old file there. Throws Error("hunk N does not match"), N counted from 1,
 * when they are not, or when a hunk starts before the end of the hunk before it.
 */
export function applyHunks(lines: readonly string[], hunks: readonly Hunk[]): string[] {
  const result: string[] = [];
  let position = 0;
  for (const [index, hunk] of hunks.entries()) {
    if (hunk.start - 1 < position) throw new Error(`hunk ${index + 1} does not match`);
    result.push(...lines.slice(position, hunk.start - 1));
    position = hunk.start - 1;
    for (const line of hunk.lines) {
      const text = line.slice(1);
      if (line.startsWith("+")) {
        result.push(text);
        continue;
      }
      if (lines[position] !== text) throw new Error(`hunk ${index + 1} does not match`);
      if (line.startsWith(" ")) result.push(text);
      position += 1;
    }
  }
  return [...result, ...lines.slice(position)];
}
