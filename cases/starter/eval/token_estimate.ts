// Rough token counts for when no tokenizer is at hand.

/** Characters that one token stands for on average. */
export const CHARS_PER_TOKEN = 4;

export interface ChatMessage {
  role: string;
  content: string;
}

/**
 * Estimates the tokens of a text: its length divided by `CHARS_PER_TOKEN`, rounded up.
 * `estimateTokens("hello")` is 2; the empty text has 0.
 */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARS_PER_TOKEN);
}

/**
 * Returns how many characters fit into `tokens` tokens: `tokens` times `CHARS_PER_TOKEN`.
 * A negative number of tokens gives 0.
 */
export function charsForTokens(tokens: number): number {
  return Math.max(0, tokens) * CHARS_PER_TOKEN;
}

/**
 * Counts the words of a text; words are separated by any amount of whitespace.
 * `countWords("  fix the\nbug ")` is 3; a text without words has 0.
 */
export function countWords(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

/**
 * Estimates the tokens of a chat request: for each message 4 tokens of overhead and the length of
 * its content divided by `CHARS_PER_TOKEN`, rounded up per message; then 3 tokens for the reply.
 * No messages: 0, without the reply.
 */
export function estimateChatTokens(messages: ChatMessage[]): number {
  if (messages.length === 0) {
    return 0;
  }
  let total = 3;
  for (const message of messages) {
    total += 4 + Math.ceil(message.content.length / CHARS_PER_TOKEN);
  }
  return total;
}

/**
 * Estimates the tokens of an image in pixels: 85, and 170 for each started square of 512 x 512.
 * An image whose longer side is over 2048 is first scaled down so that this side is 2048; the
 * shorter side is scaled by the same factor. `estimateImageTokens(600, 512)` is 85 + 2 * 170.
 * A side of 0 or less means no image: 0.
 */
export function estimateImageTokens(width: number, height: number): number {
  if (width <= 0 || height <= 0) {
    return 0;
  }
  const scale = Math.min(1, 2048 / Math.max(width, height));
  const columns = Math.ceil((width * scale) / 512);
  const rows = Math.ceil((height * scale) / 512);
  return 85 + 170 * columns * rows;
}

/**
 * Estimates tokens by kind of character. A run of ASCII letters costs one token for every started
 * 4 letters, a run of ASCII digits one for every started 3 digits; whitespace costs nothing; every
 * other character (code point, so an emoji once) costs one token.
 * `estimateMixedTokens("retry 1234!")` is 2 + 2 + 1.
 */
export function estimateMixedTokens(text: string): number {
  let total = 0;
  let run = 0;
  let kind = "";
  for (const char of text) {
    let next = "other";
    if (/[A-Za-z]/.test(char)) {
      next = "letter";
    } else if (/[0-9]/.test(char)) {
      next = "digit";
    } else if (/\s/.test(char)) {
      next = "space";
    }
    run = next === kind ? run + 1 : 1;
    kind = next;
    const size = next === "letter" ? 4 : next === "digit" ? 3 : 1;
    if (next !== "space" && (run - 1) % size === 0) {
      total += 1;
    }
  }
  return total;
}
