// Cutting text and conversations down to what fits.

/** Returns the text up to, not including, its first "\n"; a text without "\n" is returned whole. */
export function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? "";
}

/**
 * Returns the text when it has at most `max` characters; a longer one is cut and ends in "…", so
 * that the result has exactly `max` characters (`max` is at least 1).
 * truncateEnd("abcdef", 4) is "abc…".
 */
export function truncateEnd(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}

/**
 * Shortens the middle of a text longer than `max` characters (`max` is at least 1): the result has
 * exactly `max` characters, a start, "…" and an end of the text. Start and end have the same
 * length, or the start has one character more. Shorter texts are returned whole.
 * truncateMiddle("abcdefgh", 6) is "abc…gh"; truncateMiddle("abc", 1) is "…".
 */
export function truncateMiddle(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = Math.floor((max - 1) / 2);
  const start = max - 1 - end;
  return `${text.slice(0, start)}…${text.slice(text.length - end)}`;
}

/**
 * Returns the first `count` lines: of a text (lines separated by "\n") as a text, of a list of
 * lines as a new list. With fewer lines, all of them. A count of 0 or less gives "" or [].
 * firstLines("a\nb\nc", 2) is "a\nb"; firstLines(["a", "b"], 1) is ["a"].
 */
export function firstLines(source: string, count: number): string;
export function firstLines(source: readonly string[], count: number): string[];
export function firstLines(source: string | readonly string[], count: number): string | string[] {
  const wanted = Math.max(0, count);
  if (typeof source !== "string") return source.slice(0, wanted);
  return source.split("\n").slice(0, wanted).join("\n");
}

/**
 * Shortens the output of a command to its first `head` and last `tail` lines (lines are separated
 * by "\n"). The lines between are replaced by one line "... N lines omitted ...", or, for one
 * line, "... 1 line omitted ...". An output of at most `head + tail` lines is returned unchanged.
 * omitLines("1\n2\n3\n4", 1, 1) is "1\n... 2 lines omitted ...\n4".
 */
export function omitLines(output: string, head: number, tail: number): string {
  const lines = output.split("\n");
  const omitted = lines.length - head - tail;
  if (omitted <= 0) return output;
  const note = `... ${omitted} ${omitted === 1 ? "line" : "lines"} omitted ...`;
  return [...lines.slice(0, head), note, ...lines.slice(head + omitted)].join("\n");
}

/** One message of a conversation; a pinned one is never dropped. */
export interface Message {
  text: string;
  tokens: number;
  pinned?: boolean;
}

/**
 * Fits a conversation into a budget of tokens. Pinned messages are kept whatever they cost. What
 * they leave of the budget goes to the other messages from the newest (last) to the oldest: each
 * is kept while it fits into what is left, and the first one that does not fit is dropped with
 * every other unpinned message before it. Returns the kept messages in their old order, in a new
 * list. With a budget of 5, tokens 3, 1 (pinned), 2, 2 keep all but the first.
 */
export function fitConversation(messages: readonly Message[], budget: number): Message[] {
  const kept = new Set<Message>();
  let left = budget;
  for (const message of messages) {
    if (!message.pinned) continue;
    kept.add(message);
    left -= message.tokens;
  }
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.pinned) continue;
    if (message.tokens > left) break;
    kept.add(message);
    left -= message.tokens;
  }
  return messages.filter((message) => kept.has(message));
}

/**
 * Shortens a JSON value for a log. Strings longer than `max` characters keep their first `max`,
 * followed by "…". Arrays longer than `max` keep their first `max` elements, followed by the string
 * "… N more", N being the number left out. Objects keep all their keys. Elements of arrays and
 * values of objects are shortened in the same way, at any depth; other values are kept. The given
 * value is not changed. ([["abcd"], 2, 3, 4], 3) gives [["abc…"], 2, 3, "… 1 more"].
 */
export function abbreviate(value: unknown, max: number): unknown {
  if (typeof value === "string") return value.length > max ? `${value.slice(0, max)}…` : value;
  if (Array.isArray(value)) {
    const kept: unknown[] = value.slice(0, max).map((element) => abbreviate(element, max));
    if (value.length > max) kept.push(`… ${value.length - max} more`);
    return kept;
  }
  if (typeof value !== "object" || value === null) return value;
  const result: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) result[key] = abbreviate(member, max);
  return result;
}
