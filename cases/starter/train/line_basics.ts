// The simplest questions about lines of code and changes to them.

/** Returns those of `lines` that include `word`. */
export function linesWith(lines: string[], word: string): string[] {
  return lines.filter((line) => line.includes(word));
}

/** Returns an array with the length of each of `lines`. */
export function lineLengths(lines: string[]): number[] {
  return lines.map((line) => line.length);
}

/** Returns `line` with a ">" and a space before it. */
export function quotedLine(line: string): string {
  return `> ${line}`;
}

/** Returns the index of `line` in `lines`, or -1 when it is not there. */
export function indexOfLine(lines: string[], line: string): number {
  return lines.indexOf(line);
}

/** Returns `line` padded with spaces at its end to `width` characters. */
export function paddedLine(line: string, width: number): string {
  return line.padEnd(width);
}

/** Returns true when every line of `lines` has at most `max` characters. */
export function areAllShort(lines: string[], max: number): boolean {
  return lines.every((line) => line.length <= max);
}
