// Escaping text for source code and one-line logs.

/**
 * Returns `text` as a literal in single quotes: a backslash is put before each single quote and
 * each backslash, and nothing else changes. `singleQuoted("it's")` is `'it\'s'`.
 */
export function singleQuoted(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

/**
 * Returns `text` on one line: every backslash becomes two, and then a newline becomes `\n`, a
 * carriage return `\r` and a tab `\t` (each a backslash and a letter). Nothing else changes.
 */
export function toOneLine(text: string): string {
  const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  return text.replace(/[\\\n\r\t]/g, (character) => escapes[character] as string);
}

/**
 * Replaces escapes by what they stand for: `\n` newline, `\r` carriage return, `\t` tab, `\\` one
 * backslash, `\xHH` and `\uHHHH` the character with that hexadecimal code (two and four digits,
 * any case). Escapes are read from left to right, so `\\n` is a backslash and an "n".
 * A backslash before anything else, an incomplete code or the end of the text stays as it is.
 */
export function unescapeText(text: string): string {
  const simple: Record<string, string> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };
  let result = "";
  let index = 0;
  while (index < text.length) {
    const rest = text.slice(index);
    const code = /^\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4}))/.exec(rest);
    const plain = rest[0] === "\\" ? simple[rest[1] ?? ""] : undefined;
    if (code) {
      result += String.fromCharCode(Number.parseInt(code[1] ?? (code[2] as string), 16));
      index += code[0].length;
    } else if (plain !== undefined) {
      result += plain;
      index += 2;
    } else {
      result += rest[0];
      index += 1;
    }
  }
  return result;
}

/**
 * Returns true when the character at `index` is escaped, which is when the number of backslashes
 * directly before it is odd. In `\"` the quote is escaped, in `\\"` it is not.
 */
export function isEscaped(text: string, index: number): boolean {
  let backslashes = 0;
  while (text[index - 1 - backslashes] === "\\") {
    backslashes += 1;
  }
  return backslashes % 2 === 1;
}

/**
 * Returns `text` with every UTF-16 code unit above 127 written as `\u` and four lower-case
 * hexadecimal digits. ASCII is unchanged. `toAscii("né")` is `n\u00e9`.
 */
export function toAscii(text: string): string {
  return text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
