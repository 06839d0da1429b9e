// Finding the parts of a text around marks and words.

/** Returns the text before the first `mark`, or all of it when the mark does not occur. */
export function textBefore(text: string, mark: string): string {
  const at = text.indexOf(mark);
  return at === -1 ? text : text.slice(0, at);
}

/** Returns the text behind the last `mark`, or all of it when the mark does not occur. */
export function textAfterLast(text: string, mark: string): string {
  return text.slice(text.lastIndexOf(mark) === -1 ? 0 : text.lastIndexOf(mark) + mark.length);
}

/**
 * Returns what stands between the first `open` and the next `close` behind it, without both.
 * Null when one of them is missing. `textBetween("a <b> c", "<", ">")` is "b".
 */
export function textBetween(text: string, open: string, close: string): string | null {
  const start = text.indexOf(open);
  if (start === -1) {
    return null;
  }
  const from = start + open.length;
  const end = text.indexOf(close, from);
  return end === -1 ? null : text.slice(from, end);
}

/**
 * Returns the indexes at which `part` occurs in `text`, in rising order. Occurrences may overlap:
 * `indexesOf("aaa", "aa")` is `[0, 1]`. An empty `part` gives no indexes.
 */
export function indexesOf(text: string, part: string): number[] {
  const found: number[] = [];
  if (part === "") {
    return found;
  }
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) {
    found.push(at);
  }
  return found;
}

/** Returns the text without `start` at its beginning, if it begins with it. */
export function withoutStart(text: string, start: string): string {
  return text.startsWith(start) ? text.slice(start.length) : text;
}

/**
 * Returns the first line that contains `word` in any letter case, with its number counted from 1,
 * as "NUMBER: LINE", where the line is trimmed. Lines are separated by "\n". Returns "" when no
 * line contains the word. `findLine("one\n two", "TWO")` is "2: two".
 */
export function findLine(text: string, word: string): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.toLowerCase().includes(word.toLowerCase()));
  return at === -1 ? "" : `${at + 1}: ${(lines[at] as string).trim()}`;
}

/**
 * Returns the part of `text` around the first `word`: up to `width` characters on each side. "..."
 * stands before the part when text before it is left out, and behind it when text behind it is.
 * Returns "" when the word does not occur. `excerpt("one two three", "two", 2)` is "...e two t...".
 */
export function excerpt(text: string, word: string, width: number): string {
  const at = text.indexOf(word);
  if (at === -1) {
    return "";
  }
  const start = Math.max(0, at - width);
  const end = Math.min(text.length, at + word.length + width);
  const before = start > 0 ? "..." : "";
  const after = end < text.length ? "..." : "";
  return before + text.slice(start, end) + after;
}
