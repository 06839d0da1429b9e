// Shortens conversations and tool outputs so that they fit.

export interface Message {
  role: "user" | "assistant";
  content: string;
  /** Path of the file whose text is the content, when the message is a file read. */
  file?: string;
}

/** Content of the message that stands for dropped ones. */
export const DROPPED_NOTICE = "[earlier messages were dropped]";

/**
 * Keeps the first message and drops the next `2 * pairs` messages; returns a new list.
 * `dropOldestPairs([a, b, c, d, e], 1)` is `[a, d, e]`.
 */
export function dropOldestPairs<T>(messages: readonly T[], pairs: number): T[] {
  return [...messages.slice(0, 1), ...messages.slice(1 + 2 * pairs)];
}

/** Returns the last `count` items in a new list; all when there are fewer, none for 0. */
export function keepLast<T>(items: readonly T[], count: number): T[] {
  return items.slice(Math.max(0, items.length - count));
}

/**
 * Shortens a text in its middle to exactly `max` characters, `marker` included. Of the characters
 * left besides the marker the start gets the odd one: `truncateMiddle("abcdefgh", 6, "..")` is
 * `"ab..gh"`, with 7 `"abc..gh"`. A text of at most `max` characters is returned as it is. When
 * `max` is not more than the length of the marker, the first `max` characters are returned.
 */
export function truncateMiddle(text: string, max: number, marker = "..."): string {
  if (text.length <= max) {
    return text;
  }
  const room = max - marker.length;
  if (room <= 0) {
    return text.slice(0, max);
  }
  const tail = Math.floor(room / 2);
  return text.slice(0, room - tail) + marker + text.slice(text.length - tail);
}

/**
 * Shortens an output to its first `head` and last `tail` lines, with the line
 * `[N lines omitted]` between them, N being the number of lines left out. Lines are separated by
 * `\n`. Unchanged when it has at most `head + tail` lines.
 */
export function truncateLines(output: string, head: number, tail: number): string {
  const lines = output.split("\n");
  const omitted = lines.length - head - tail;
  if (omitted <= 0) {
    return output;
  }
  const notice = `[${omitted} lines omitted]`;
  return [...lines.slice(0, head), notice, ...lines.slice(head + omitted)].join("\n");
}

/**
 * Where the same file was read several times, keeps the text of the last read only: the content
 * of every earlier read of it becomes `[PATH: see the later read]`. Messages without `file` stay
 * as they are. Returns a new list and changes no message.
 */
export function dropStaleReads(messages: readonly Message[]): Message[] {
  const last = new Map<string, number>();
  for (const [index, message] of messages.entries()) {
    if (message.file !== undefined) {
      last.set(message.file, index);
    }
  }
  return messages.map((message, index) => {
    if (message.file === undefined || last.get(message.file) === index) {
      return message;
    }
    return { ...message, content: `[${message.file}: see the later read]` };
  });
}

/**
 * Shortens a conversation until its contents have at most `maxChars` characters together. The
 * first message and the last two always stay; the messages right behind the first are dropped, one
 * by one. When any was dropped, an assistant message with `DROPPED_NOTICE` takes their place; its
 * length counts. If even that is too long, the result is the first message, the notice and the
 * last two. Returns a new list; without need to drop (or with at most three messages), a copy.
 */
export function truncateHistory(messages: readonly Message[], maxChars: number): Message[] {
  let total = 0;
  for (const message of messages) {
    total += message.content.length;
  }
  if (total <= maxChars || messages.length <= 3) {
    return [...messages];
  }
  const notice: Message = { role: "assistant", content: DROPPED_NOTICE };
  total += DROPPED_NOTICE.length;
  const last = messages.length - 2;
  let next = 1;
  while (next < last && total > maxChars) {
    total -= messages[next].content.length;
    next += 1;
  }
  const kept = messages.slice(next);
  return [messages[0], notice, ...kept];
}
