// The simplest questions about messages and changes to a conversation.

/** One message of a conversation. */
export interface Message {
  role: string;
  content: string;
}

/** Returns the role of `message`. */
export function roleOf(message: Message): string {
  return message.role;
}

/** Returns true when the role of `message` is "user". */
export function isFromUser(message: Message): boolean {
  return message.role === "user";
}

/** Returns an array with the content of each of `messages`. */
export function contentsOf(messages: Message[]): string[] {
  return messages.map((message) => message.content);
}

/** Returns a message with the role "user" and the given `content`. */
export function userMessage(content: string): Message {
  return { role: "user", content };
}

/** Returns `messages` without the last one. */
export function withoutLast(messages: Message[]): Message[] {
  return messages.slice(0, -1);
}

/** Returns the last of `messages`, or undefined when there is none. */
export function lastMessage(messages: Message[]): Message | undefined {
  return messages[messages.length - 1];
}
