// Indentation of code: measuring, guessing and changing it.

/** Returns the spaces and tabs at the start of a line; a line without any gives "". */
export function leadingSpace(line: string): string {
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** Returns the text with every tab replaced by two spaces. */
export function tabsToSpaces(text: string): string {
  return text.replaceAll("\t", "  ");
}

/**
 * Returns the column at which the first character other than space and tab stands, counted from 0:
 * a space takes one column, a tab goes on to the next multiple of `tabSize`. A line of only spaces
 * and tabs gives the column of its end. indentColumn(" \tx", 4) is 4.
 */
export function indentColumn(line: string, tabSize: number): number {
  let column = 0;
  for (const character of line) {
    if (character === "\t") column += tabSize - (column % tabSize);
    else if (character === " ") column += 1;
    else break;
  }
  return column;
}

/**
 * Puts `prefix` before every line that is not blank (blank: empty or only whitespace); blank lines
 * stay as they are.
 */
export function indentLines(text: string, prefix: string): string {
  return text.replace(/^(?=.*\S)/gm, () => prefix);
}

/**
 * Removes the indentation that all lines share: the number of spaces at the start of the least
 * indented line that is not blank is cut from every line. Blank lines (empty or only whitespace)
 * do not count and become empty. "    a\n\n      b" gives "a\n\n  b".
 */
export function dedent(text: string): string {
  const lines = text.split("\n").map((line) => (line.trim() === "" ? "" : line));
  const depths = lines.filter((line) => line !== "").map((line) => line.search(/[^ ]/));
  const depth = Math.min(...depths);
  return lines.map((line) => (line === "" ? line : line.slice(depth))).join("\n");
}

/**
 * Guesses the unit of indentation of a file. Blank lines (empty or only whitespace) are ignored.
 * When more lines begin with a tab than with a space, it is "\t". Otherwise, among the lines that
 * do not begin with a tab, it is as many spaces as the most frequent increase of the number of
 * leading spaces from one line to the next (the first line is compared with 0); of equally
 * frequent increases, the smaller one. Without any increase it is two spaces.
 * "a\n    b\n        c\n    d" gives four spaces: the increases are 4 and 4.
 */
export function detectIndent(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const tabs = lines.filter((line) => line.startsWith("\t")).length;
  const spaced = lines.filter((line) => line.startsWith(" ")).length;
  if (tabs > spaced) return "\t";
  const counts = new Map<number, number>();
  let previous = 0;
  for (const line of lines) {
    if (line.startsWith("\t")) continue;
    const depth = line.search(/[^ ]/);
    if (depth > previous) counts.set(depth - previous, (counts.get(depth - previous) ?? 0) + 1);
    previous = depth;
  }
  let best = 2;
  let frequency = 0;
  for (const [step, count] of counts) {
    if (count > frequency || (count === frequency && step < best)) {
      best = step;
      frequency = count;
    }
  }
  return " ".repeat(best);
}
