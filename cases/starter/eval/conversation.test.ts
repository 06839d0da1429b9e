import { describe, expect, it } from "vitest";
import {
  alternates,
  countByRole,
  lastAssistantText,
  mergeNeighbours,
  type Message,
  parseTranscript,
  textOf,
} from "./conversation.ts";

const system = (content: string): Message => ({ role: "system", content });
const user = (content: string): Message => ({ role: "user", content });
const assistant = (content: string): Message => ({ role: "assistant", content });

describe("countByRole", () => {
  const messages = [system("s"), user("a"), assistant("b"), user("c")];
  it("counts the user's messages", () => {
    expect(countByRole(messages, "user")).toBe(2);
  });
  it("counts the assistant's messages", () => {
    expect(countByRole(messages, "assistant")).toBe(1);
  });
  it("counts system messages", () => {
    expect(countByRole([system("a"), system("b"), system("c")], "system")).toBe(3);
  });
  it("is 0 when the role does not occur", () => {
    expect(countByRole([user("a")], "assistant")).toBe(0);
  });
  it("is 0 without messages", () => {
    expect(countByRole([], "user")).toBe(0);
  });
});

describe("textOf", () => {
  it("returns a string as it is", () => {
    expect(textOf(" hello ")).toBe(" hello ");
  });
  it("returns the text of a block", () => {
    expect(textOf([{ type: "text", text: "hello" }])).toBe("hello");
  });
  it("joins several text blocks by line breaks", () => {
    expect(textOf([{ type: "text", text: "a" }, { type: "text", text: "b" }])).toBe("a\nb");
  });
  it("ignores blocks of other types", () => {
    const text = { type: "text", text: "x" } as const;
    expect(textOf([{ type: "image" }, text, { type: "tool_use" }])).toBe("x");
  });
  it("is empty without text blocks", () => {
    expect(textOf([{ type: "image" }])).toBe("");
  });
});

describe("lastAssistantText", () => {
  it("finds the last message", () => {
    expect(lastAssistantText([user("q"), assistant("answer")])).toBe("answer");
  });
  it("passes over later messages of the user", () => {
    expect(lastAssistantText([assistant("one"), assistant("two"), user("q")])).toBe("two");
  });
  it("passes over blank messages", () => {
    expect(lastAssistantText([assistant("one"), assistant(" \n"), assistant("")])).toBe("one");
  });
  it("trims the text", () => {
    expect(lastAssistantText([assistant("\n done \n")])).toBe("done");
  });
  it("is undefined when the assistant said nothing", () => {
    expect(lastAssistantText([user("q"), system("s"), assistant(" ")])).toBeUndefined();
  });
  it("is undefined without messages", () => {
    expect(lastAssistantText([])).toBeUndefined();
  });
});

describe("mergeNeighbours", () => {
  it("joins two messages of the same role", () => {
    expect(mergeNeighbours([user("a"), user("b")])).toEqual([user("a\n\nb")]);
  });
  it("joins three messages of the same role", () => {
    const merged = mergeNeighbours([assistant("a"), assistant("b"), assistant("c")]);
    expect(merged).toEqual([assistant("a\n\nb\n\nc")]);
  });
  it("keeps alternating messages apart, as new objects", () => {
    const messages = [user("a"), assistant("b"), user("c")];
    const merged = mergeNeighbours(messages);
    expect(merged).toEqual(messages);
    expect(merged[0]).not.toBe(messages[0]);
  });
  it("joins only neighbours", () => {
    const merged = mergeNeighbours([user("a"), assistant("b"), assistant("c"), user("d")]);
    expect(merged).toEqual([user("a"), assistant("b\n\nc"), user("d")]);
  });
  it("does not change the given messages", () => {
    const messages = [user("a"), user("b")];
    expect(mergeNeighbours(messages)).toHaveLength(1);
    expect(messages).toEqual([user("a"), user("b")]);
  });
});

describe("alternates", () => {
  it("accepts a single message of the user", () => {
    expect(alternates([user("a")])).toBe(true);
  });
  it("accepts user and assistant in turn", () => {
    expect(alternates([user("a"), assistant("b"), user("c"), assistant("d")])).toBe(true);
  });
  it("accepts system messages at the start", () => {
    expect(alternates([system("s"), system("t"), user("a"), assistant("b")])).toBe(true);
  });
  it("refuses a system message later", () => {
    expect(alternates([user("a"), system("s"), user("b")])).toBe(false);
  });
  it("refuses an assistant message at the start", () => {
    expect(alternates([assistant("a"), user("b")])).toBe(false);
  });
  it("refuses two messages of the same role in turn", () => {
    expect(alternates([user("a"), user("b")])).toBe(false);
  });
  it("refuses a conversation without a user", () => {
    expect(alternates([])).toBe(false);
    expect(alternates([system("s")])).toBe(false);
  });
});

describe("parseTranscript", () => {
  it("reads one message", () => {
    expect(parseTranscript("User: fix it")).toEqual([user("fix it")]);
  });
  it("reads all roles in any case", () => {
    expect(parseTranscript("SYSTEM: be brief\nuser: hi\nAssistant:hello")).toEqual([
      system("be brief"),
      user("hi"),
      assistant("hello"),
    ]);
  });
  it("continues a message on the following lines", () => {
    expect(parseTranscript("User: one\ntwo\n\nthree\n")).toEqual([user("one\ntwo\n\nthree")]);
  });
  it("ignores lines before the first message", () => {
    expect(parseTranscript("# Log\n\nUser: hi")).toEqual([user("hi")]);
  });
  it("leaves empty messages out", () => {
    expect(parseTranscript("User:\nAssistant:  \nUser: x")).toEqual([user("x")]);
  });
  it("takes a role in the middle of a line or behind spaces as text", () => {
    expect(parseTranscript("User: say\n  Assistant: no\nthe User: yes")).toEqual([
      user("say\n  Assistant: no\nthe User: yes"),
    ]);
  });
  it("gives nothing for an empty text", () => {
    expect(parseTranscript("")).toEqual([]);
  });
});
