import { describe, expect, it } from "vitest";
import {
  contentsOf,
  isFromUser,
  lastMessage,
  roleOf,
  userMessage,
  withoutLast,
} from "./message_basics.ts";

describe("roleOf", () => {
  it("returns the role of a user's message", () => {
    expect(roleOf({ role: "user", content: "hi" })).toBe("user");
  });
  it("returns the role of an answer", () => {
    expect(roleOf({ role: "assistant", content: "hello" })).toBe("assistant");
  });
  it("returns the role of a system message", () => {
    expect(roleOf({ role: "system", content: "be brief" })).toBe("system");
  });
  it("does not look at the content", () => {
    expect(roleOf({ role: "user", content: "assistant" })).toBe("user");
  });
  it("returns any other role", () => {
    expect(roleOf({ role: "tool", content: "" })).toBe("tool");
  });
});

describe("isFromUser", () => {
  it("returns true for a user's message", () => {
    expect(isFromUser({ role: "user", content: "hi" })).toBe(true);
  });
  it("returns true when the content is empty", () => {
    expect(isFromUser({ role: "user", content: "" })).toBe(true);
  });
  it("returns false for an answer", () => {
    expect(isFromUser({ role: "assistant", content: "hello" })).toBe(false);
  });
  it("returns false for a system message", () => {
    expect(isFromUser({ role: "system", content: "be brief" })).toBe(false);
  });
  it("does not look at the content", () => {
    expect(isFromUser({ role: "assistant", content: "user" })).toBe(false);
  });
});

describe("contentsOf", () => {
  it("returns the content of two messages", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ];
    expect(contentsOf(messages)).toEqual(["a", "b"]);
  });
  it("returns the content of one message", () => {
    expect(contentsOf([{ role: "user", content: "hi" }])).toEqual(["hi"]);
  });
  it("returns an empty array for no messages", () => {
    expect(contentsOf([])).toEqual([]);
  });
  it("keeps empty contents", () => {
    expect(contentsOf([{ role: "user", content: "" }])).toEqual([""]);
  });
  it("keeps equal contents", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "a" },
    ];
    expect(contentsOf(messages)).toEqual(["a", "a"]);
  });
});

describe("userMessage", () => {
  it("has the content", () => {
    expect(userMessage("hi")).toEqual({ role: "user", content: "hi" });
  });
  it("has a content of several words", () => {
    expect(userMessage("fix the bug")).toEqual({ role: "user", content: "fix the bug" });
  });
  it("has an empty content", () => {
    expect(userMessage("")).toEqual({ role: "user", content: "" });
  });
  it("keeps line breaks", () => {
    expect(userMessage("a\nb")).toEqual({ role: "user", content: "a\nb" });
  });
  it("keeps white space at the ends", () => {
    expect(userMessage(" a ")).toEqual({ role: "user", content: " a " });
  });
});

describe("withoutLast", () => {
  it("removes the second of two", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ];
    expect(withoutLast(messages)).toEqual([{ role: "user", content: "a" }]);
  });
  it("returns an empty array for one message", () => {
    expect(withoutLast([{ role: "user", content: "a" }])).toEqual([]);
  });
  it("returns an empty array for no messages", () => {
    expect(withoutLast([])).toEqual([]);
  });
  it("keeps the first two of three", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
      { role: "user", content: "c" },
    ];
    expect(withoutLast(messages)).toEqual([
      { role: "user", content: "a" },
      { role: "user", content: "b" },
    ]);
  });
  it("removes only one of equal messages", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "a" },
    ];
    expect(withoutLast(messages)).toEqual([{ role: "user", content: "a" }]);
  });
});

describe("lastMessage", () => {
  it("returns the second of two", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "assistant", content: "b" },
    ];
    expect(lastMessage(messages)).toEqual({ role: "assistant", content: "b" });
  });
  it("returns the only one", () => {
    expect(lastMessage([{ role: "user", content: "a" }])).toEqual({ role: "user", content: "a" });
  });
  it("returns undefined for no messages", () => {
    expect(lastMessage([])).toBeUndefined();
  });
  it("returns the third of three", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "b" },
      { role: "user", content: "c" },
    ];
    expect(lastMessage(messages)).toEqual({ role: "user", content: "c" });
  });
  it("returns one with an empty content", () => {
    const messages = [
      { role: "user", content: "a" },
      { role: "user", content: "" },
    ];
    expect(lastMessage(messages)).toEqual({ role: "user", content: "" });
  });
});
