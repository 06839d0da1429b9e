// Laying out text: wrapping at a width, quoting, and columns.

/**
 * Breaks a text into lines of at most `width` characters, filling each line with as many words as
 * fit, separated by single spaces. Words are what stands between whitespace (line breaks count as
 * whitespace). A word longer than `width` stands alone on its line, unbroken. A text without words
 * gives no lines. wrapText("to be or not", 5) gives ["to be", "or", "not"].
 */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (word === "") continue;
    if (last !== undefined && last.length + 1 + word.length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

/**
 * Cuts a word into pieces of `size` characters (`size` is at least 1); the last piece may be
 * shorter. An empty word gives no pieces. breakWord("abcde", 2) gives ["ab", "cd", "e"].
 */
export function breakWord(word: string, size: number): string[] {
  const pieces: string[] = [];
  for (let at = 0; at < word.length; at += size) pieces.push(word.slice(at, at + size));
  return pieces;
}

/**
 * Puts `prefix` before every line of the text, empty lines included. Lines are separated by "\n".
 */
export function prefixLines(text: string, prefix: string): string {
  return text
    .split("\n")
    .map((line) => prefix + line)
    .join("\n");
}

/**
 * Joins hard-wrapped lines: paragraphs are separated by one or more blank lines (empty or only
 * whitespace); the lines of a paragraph are trimmed and joined by one space. In the result,
 * paragraphs are separated by "\n\n" and no blank line stands at the start or the end.
 * "a\nb\n\n\nc" gives "a b\n\nc".
 */
export function unwrapParagraphs(text: string): string {
  const paragraphs: string[][] = [[]];
  for (const line of text.split("\n").map((raw) => raw.trim())) {
    if (line === "") paragraphs.push([]);
    else paragraphs.at(-1)?.push(line);
  }
  return paragraphs
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join(" "))
    .join("\n\n");
}

/**
 * Lays rows of cells out in columns. Each cell is padded with spaces at its end to the widest cell
 * of its column, cells are separated by two spaces, and spaces at the end of a row are removed.
 * Rows may differ in length. Rows are joined by "\n"; no rows give "".
 * [["a", "1"], ["bcd", "2"]] gives "a    1\nbcd  2".
 */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return lines.map((cells) => cells.join("  ").trimEnd()).join("\n");
}

/**
 * Sets words in lines of exactly `width` characters. Each line takes as many words as fit with one
 * space between neighbours. The spaces that are missing to the width are then spread over the gaps
 * as evenly as possible, gaps further left taking one more when it does not come out even. The last
 * line, and a line of a single word, keep single spaces and are not filled up. Words are not empty
 * and not longer than `width`; no words give no lines. (["a", "b", "c", "dddd"], 6) gives
 * ["a  b c", "dddd"].
 */
export function justify(words: readonly string[], width: number): string[] {
  const rows: string[][] = [];
  let used = 0;
  for (const word of words) {
    const row = rows.at(-1);
    if (row !== undefined && used + 1 + word.length <= width) {
      row.push(word);
      used += 1 + word.length;
    } else {
      rows.push([word]);
      used = word.length;
    }
  }
  return rows.map((row, number) => {
    const gaps = row.length - 1;
    if (gaps === 0 || number === rows.length - 1) return row.join(" ");
    const spaces = width - row.join("").length;
    const wide = spaces % gaps;
    const size = Math.floor(spaces / gaps);
    return row.reduce(
      (line, word, index) => line + " ".repeat(index <= wide ? size + 1 : size) + word,
    );
  });
}
