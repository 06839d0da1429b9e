// Headers of unified diffs: file names, line ranges, and which files a patch touches.

/** Lines of one version of a file: the number of the first (from 1) and how many. */
export interface Range {
  start: number;
  count: number;
}

/**
 * Reads a range as in hunk headers: "12,3" is start 12, count 3; "12" is start 12, count 1.
 * Returns undefined for any other text.
 */
export function parseRange(text: string): Range | undefined {
  const match = /^(\d+)(?:,(\d+))?$/.exec(text);
  if (match === null) return undefined;
  return { start: Number(match[1]), count: Number(match[2] ?? "1") };
}

/** Writes a range as "start,count", or only "start" when the count is 1. */
export function formatRange(range: Range): string {
  return range.count === 1 ? `${range.start}` : `${range.start},${range.count}`;
}

/**
 * Returns the number of the last line of a range: start + count - 1, but `start` for an empty
 * range.
 */
export function lastLineOf(range: Range): number {
  return Math.max(range.start, range.start + range.count - 1);
}

/**
 * Reads a hunk header "@@ -OLD +NEW @@ SECTION", where OLD and NEW are "start,count" or "start"
 * (count 1). SECTION, all that follows the second "@@", is trimmed and may be "". Returns undefined
 * for any other line. "@@ -1,4 +1 @@ class A" gives { old: { start: 1, count: 4 },
 * new: { start: 1, count: 1 }, section: "class A" }.
 */
export function parseHunkHeader(
  line: string,
): { old: Range; new: Range; section: string } | undefined {
  const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/.exec(line);
  if (match === null) return undefined;
  return {
    old: { start: Number(match[1]), count: Number(match[2] ?? "1") },
    new: { start: Number(match[3]), count: Number(match[4] ?? "1") },
    section: (match[5] ?? "").trim(),
  };
}

/**
 * Returns the path that a "--- PATH" or "+++ PATH" line names: without what follows a tab (a time
 * stamp), and without one leading "a/" or "b/". Returns null for "/dev/null" and for any line that
 * does not begin with "--- " or "+++ ". "--- a/src/x.ts\t2024-01-01" gives "src/x.ts".
 */
export function pathOfHeader(line: string): string | null {
  if (!line.startsWith("--- ") && !line.startsWith("+++ ")) return null;
  const path = line.slice(4).split("\t")[0] ?? "";
  return path === "/dev/null" ? null : path.replace(/^[ab]\//, "");
}

/** A file that a patch touches; the path is the new one, or the old one of a deleted file. */
export interface ChangedFile {
  path: string;
  status: "added" | "deleted" | "modified" | "renamed";
}

/**
 * Lists the files of a patch in order. A file is a line "--- OLD" directly followed by a line
 * "+++ NEW" (lines are separated by "\n"); OLD and NEW have "a/" or "b/" in front, which is
 * removed, or are "/dev/null". The status is "added" when OLD is /dev/null, "deleted" when NEW is,
 * "renamed" when both paths differ, otherwise "modified". All other lines are ignored.
 */
export function listChangedFiles(patch: string): ChangedFile[] {
  const files: ChangedFile[] = [];
  const lines = patch.split("\n");
  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1] ?? "";
    if (!line.startsWith("--- ") || !next.startsWith("+++ ")) continue;
    const from = line.slice(4).replace(/^a\//, "");
    const to = next.slice(4).replace(/^b\//, "");
    if (from === "/dev/null") files.push({ path: to, status: "added" });
    else if (to === "/dev/null") files.push({ path: from, status: "deleted" });
    else files.push({ path: to, status: from === to ? "modified" : "renamed" });
  }
  return files;
}

/**
 * Checks the counts of hunk headers "@@ -START,COUNT +START,COUNT @@" ("START" alone means count
 * 1) against the lines below each, up to the next header or the end of the patch: a line with " "
 * in front counts for both sides, "-" for the old one, "+" for the new one, any other for none.
 * Returns the numbers (from 1, lines separated by "\n") of the header lines whose counts are not
 * those of their lines. The patch is of one file; lines before the first header are ignored.
 */
export function findWrongCounts(patch: string): number[] {
  const hunks: { line: number; old: number; new: number }[] = [];
  for (const [index, line] of patch.split("\n").entries()) {
    const header = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    const hunk = hunks.at(-1);
    if (header !== null) {
      hunks.push({ line: index + 1, old: Number(header[1] ?? "1"), new: Number(header[2] ?? "1") });
    } else if (hunk !== undefined) {
      if (line.startsWith(" ") || line.startsWith("-")) hunk.old -= 1;
      if (line.startsWith(" ") || line.startsWith("+")) hunk.new -= 1;
    }
  }
  const wrong = hunks.filter((hunk) => hunk.old !== 0 || hunk.new !== 0);
  return wrong.map((hunk) => hunk.line);
}
