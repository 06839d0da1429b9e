// Terminal text with ANSI colour sequences: ESC, "[", digits and semicolons, "m".

const RESET = "\x1b[0m";

/** Removes all colour sequences (ESC, `[`, any digits and semicolons, `m`) from a text. */
export function stripColors(text: string): string {
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

/**
 * Puts a text between the colour sequence of `code` (`ESC[31m` for 31) and `RESET`. An empty
 * text stays empty.
 */
export function colorize(text: string, code: number): string {
  return text === "" ? "" : `\x1b[${code}m${text}${RESET}`;
}

/** Returns true when the text contains a colour sequence. */
export function hasColors(text: string): boolean {
  return /\x1b\[[0-9;]*m/.test(text);
}

/**
 * Returns how many terminal columns a text takes. Colour sequences, the joiner U+200D and combining
 * marks (`\p{M}`) take none; Han, Hiragana, Katakana, Hangul and emoji (`\p{Emoji_Presentation}`)
 * characters take two, all others one. `visibleWidth("日本 ok")` is 7.
 */
export function visibleWidth(text: string): number {
  const wide = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
  let width = 0;
  for (const char of text.replace(/\x1b\[[0-9;]*m/g, "")) {
    if (/\p{M}|\u200d/u.test(char)) {
      continue;
    }
    width += wide.test(char) || /\p{Emoji_Presentation}/u.test(char) ? 2 : 1;
  }
  return width;
}

/**
 * Fills a text with spaces to `width` characters, not counting colour sequences: behind it for
 * `"left"`, before it for `"right"`, on both sides for `"center"` (the odd one behind it). A text
 * that is as long or longer is returned as it is.
 */
export function padColored(
  text: string,
  width: number,
  align: "left" | "right" | "center" = "left",
): string {
  const missing = Math.max(0, width - text.replace(/\x1b\[[0-9;]*m/g, "").length);
  let before = 0;
  if (align === "right") {
    before = missing;
  } else if (align === "center") {
    before = Math.floor(missing / 2);
  }
  return " ".repeat(before) + text + " ".repeat(missing - before);
}

/**
 * Cuts a text to `width` characters, not counting colour sequences. Sequences before the cut stay;
 * everything behind the last kept character is dropped, sequences as well. When anything but
 * sequences was dropped and the last kept sequence (if there is one) is not `RESET`, a `RESET` is
 * appended. A text that is not longer is returned as it is.
 */
export function truncateColored(text: string, width: number): string {
  let kept = "";
  let last = RESET;
  let count = 0;
  let pending = "";
  for (const [token] of text.matchAll(/\x1b\[[0-9;]*m|[^]/g)) {
    if (token.length > 1) {
      pending += token;
      continue;
    }
    if (count === width) {
      return last === RESET ? kept : kept + RESET;
    }
    if (pending !== "") {
      last = pending.slice(pending.lastIndexOf("\x1b"));
      kept += pending;
      pending = "";
    }
    kept += token;
    count += 1;
  }
  return text;
}

/**
 * Returns what stays visible of terminal output with carriage returns. Within each line (lines end
 * at `\n`) a `\r` moves back to the start of the line, and the characters behind it replace those
 * that are there; the rest of a longer text stays. `"10%\r50%"` gives `"50%"`, and `"loading\rok"`
 * gives `"okading"`. The text has no colour sequences.
 */
export function applyCarriageReturns(text: string): string {
  const lines = text.split("\n").map((line) => {
    let shown = "";
    for (const part of line.split("\r")) {
      shown = part + shown.slice(part.length);
    }
    return shown;
  });
  return lines.join("\n");
}
