// Reading and rewriting the messages of a conversation.

export type Role = "system" | "user" | "assistant";

export interface Message {
  role: Role;
  content: string;
}

export interface Block {
  type: "text" | "image" | "tool_use";
  /** Present in text blocks. */
  text?: string;
}

/** Returns how many messages have the given role. */
export function countByRole(messages: readonly Message[], role: Role): number {
  return messages.filter((message) => message.role === role).length;
}

/**
 * Returns the text of a message's content: a string as it is; of a list of blocks the `text` of
 * its text blocks, joined by line breaks, other blocks being ignored.
 */
export function textOf(content: string): string;
export function textOf(content: readonly Block[]): string;
export function textOf(content: string | readonly Block[]): string {
  if (typeof content === "string") {
    return content;
  }
  const texts = content.filter((block) => block.type === "text").map((block) => block.text ?? "");
  return texts.join("\n");
}

/**
 * Returns the content of the last assistant message whose content is not blank (empty or only
 * whitespace), trimmed; `undefined` when there is none.
 */
export function lastAssistantText(messages: readonly Message[]): string | undefined {
  for (let index = messages.length - 1; index >= 0; index -= 1) {
    const text = messages[index].content.trim();
    if (messages[index].role === "assistant" && text !== "") {
      return text;
    }
  }
  return undefined;
}

/**
 * Joins neighbouring messages of the same role into one, contents separated by a blank line
 * (`"a\n\nb"`). Returns new messages in a new list and changes none of the given ones.
 */
export function mergeNeighbours(messages: readonly Message[]): Message[] {
  const merged: Message[] = [];
  for (const { role, content } of messages) {
    const last = merged.at(-1);
    if (last?.role === role) {
      last.content += `\n\n${content}`;
    } else {
      merged.push({ role, content });
    }
  }
  return merged;
}

/**
 * Returns true when a conversation has the order that providers demand: any number of system
 * messages at the start, then a user message, after which assistant and user alternate and no
 * system message comes. Without a user message the result is false.
 */
export function alternates(messages: readonly Message[]): boolean {
  const start = messages.findIndex((message) => message.role !== "system");
  if (start === -1) {
    return false;
  }
  const talk = messages.slice(start);
  return talk.every(({ role }, index) => role === (index % 2 === 0 ? "user" : "assistant"));
}

/**
 * Reads a transcript. A line that starts with `User:`, `Assistant:` or `System:` (any case, no
 * spaces before it) begins a message of that role, the rest of the line being its first line; other
 * lines continue the current message. Lines before the first such line are ignored. Contents are
 * trimmed, and messages with empty content are left out.
 */
export function parseTranscript(text: string): Message[] {
  const messages: Message[] = [];
  for (const line of text.split("\n")) {
    const match = /^(user|assistant|system):(.*)$/i.exec(line);
    if (match) {
      const role = match[1].toLowerCase() as Role;
      messages.push({ role, content: match[2] });
      continue;
    }
    const current = messages.at(-1);
    if (current) {
      current.content += `\n${line}`;
    }
  }
  for (const message of messages) {
    message.content = message.content.trim();
  }
  return messages.filter((message) => message.content !== "");
}
