// Numbered listings and references such as "src/app.ts:12:3".

export interface LineRef {
  path: string;
  line: number;
  column?: number;
}

/**
 * Puts a number before each line of `text` (split at "\n"): the number, " | " and the line.
 * The first line has the number `first`; numbers are padded with spaces on the left to the width
 * of the largest one. `addLineNumbers("a\nb", 9)` is " 9 | a\n10 | b".
 */
export function addLineNumbers(text: string, first = 1): string {
  const lines = text.split("\n");
  const width = String(first + lines.length - 1).length;
  return lines
    .map((line, index) => `${String(first + index).padStart(width)} | ${line}`)
    .join("\n");
}

/**
 * Removes line numbers from a listing: from each line optional spaces, digits and " | " at its
 * start. When any line has no such start, the whole text is returned unchanged. A line that is
 * only a number and " |" (its trailing space lost) counts as a numbered empty line.
 */
export function stripLineNumbers(text: string): string {
  const lines = text.split("\n");
  const number = /^ *\d+ \|(?: |$)/;
  if (!lines.every((line) => number.test(line))) {
    return text;
  }
  return lines.map((line) => line.replace(number, "")).join("\n");
}

/**
 * Reads a reference "path:line" or "path:line:column", both numbers at least 1; the path may
 * itself contain colons, as in "C:\a.ts:4" or "a:b.ts:2", but is not empty. The longest match of
 * numbers at the end counts: "a:1:2" is path "a", line 1, column 2. The key `column` is absent
 * when there is none. Any other text, or one with spaces at either end, gives undefined.
 */
export function parseLineRef(text: string): LineRef | undefined {
  const match = /^(\S.*?):([1-9]\d*)(?::([1-9]\d*))?$/.exec(text);
  if (!match) {
    return undefined;
  }
  const ref: LineRef = { path: match[1] as string, line: Number(match[2]) };
  if (match[3] !== undefined) {
    ref.column = Number(match[3]);
  }
  return ref;
}

/**
 * Returns "path:line", or "path:line:column" when there is a column.
 */
export function formatLineRef(ref: LineRef): string {
  const position = `${ref.path}:${ref.line}`;
  return ref.column === undefined ? position : `${position}:${ref.column}`;
}

/**
 * Returns the anchor of a range of lines in a web view: "L" and the number of the first line and,
 * when the last one is different, "-L" and its number. `lineAnchor(3, 7)` is "L3-L7".
 */
export function lineAnchor(first: number, last: number): string {
  return first === last ? `L${first}` : `L${first}-L${last}`;
}
