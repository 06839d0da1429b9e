// The simplest questions about a text and changes to it.

/** Returns `text` in upper case. */
export function upperCase(text: string): string {
  return text.toUpperCase();
}

/** Returns `text` without white space at both ends. */
export function trimmed(text: string): string {
  return text.trim();
}

/** Returns the number of characters in `text`. */
export function characterCount(text: string): number {
  return text.length;
}

/** Returns true when `text` includes `part`. */
export function containsText(text: string, part: string): boolean {
  return text.includes(part);
}

/** Returns `text` repeated `count` times. */
export function repeated(text: string, count: number): string {
  return text.repeat(count);
}

/** Returns true when `text` is the empty string. */
export function isEmptyText(text: string): boolean {
  return text === "";
}
