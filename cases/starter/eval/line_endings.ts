// Line endings and positions in text that came from editors on different systems.

/** Returns the text with every "\r\n" and every lone "\r" replaced by "\n". */
export function normalizeNewlines(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/**
 * Returns the line ending that a text uses: "\r\n" when it has more "\r\n" than lone "\n" (those
 * without "\r" before them), otherwise "\n". A text without line breaks gives "\n".
 */
export function detectLineEnding(text: string): "\n" | "\r\n" {
  const windows = text.split("\r\n").length - 1;
  const all = text.split("\n").length - 1;
  return windows > all - windows ? "\r\n" : "\n";
}

/** Returns the text with exactly one "\n" added when it is not empty and does not end in "\n". */
export function ensureFinalNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/**
 * Counts the lines of a text. A "\n" ends a line; characters after the last "\n" are one more
 * line. "" has 0 lines, "a" and "a\n" have 1, "a\n\nb" has 3.
 */
export function countLines(text: string): number {
  const breaks = text.split("\n").length - 1;
  return text === "" || text.endsWith("\n") ? breaks : breaks + 1;
}

/**
 * Splits a text into its lines, each with its own ending ("\n", "\r\n" or lone "\r"), so that
 * joining the result gives the text again. The last line may have no ending; "" gives [].
 * "a\r\nb" gives ["a\r\n", "b"].
 */
export function splitKeepingEnds(text: string): string[] {
  return text.match(/[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$/g) ?? [];
}

/**
 * Converts an offset in a text to a position, both parts counted from 1: the line is one more than
 * the number of "\n" before the offset, the column one more than the number of characters since
 * the last of these. Offsets below 0 count as 0, offsets beyond the end as the end.
 * positionAt("ab\ncd", 4) gives { line: 2, column: 2 }.
 */
export function positionAt(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset));
  const lines = before.split("\n");
  return { line: lines.length, column: before.length - before.lastIndexOf("\n") };
}

/**
 * Returns what a terminal shows after printing a text. Characters are written one after another,
 * each over what stands at its place. "\n" starts a new line; "\r" goes back to the start of the
 * line and "\b" one place back (not beyond the start), both without erasing anything. Lines are
 * joined by "\n". "10%\r50%\ndone" gives "50%\ndone"; "abc\rx" gives "xbc".
 */
export function renderOverwrites(output: string): string {
  const lines: string[] = [];
  let line: string[] = [];
  let place = 0;
  for (const character of output) {
    if (character === "\n") {
      lines.push(line.join(""));
      line = [];
      place = 0;
    } else if (character === "\r") {
      place = 0;
    } else if (character === "\b") {
      place = Math.max(0, place - 1);
    } else {
      line[place] = character;
      place += 1;
    }
  }
  return [...lines, line.join("")].join("\n");
}
