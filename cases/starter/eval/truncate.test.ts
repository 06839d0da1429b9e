import { describe, expect, it } from "vitest";
import {
  firstLine,
  firstLines,
  fitConversation,
  omitLines,
  truncateEnd,
  truncateMiddle,
  abbreviate,
} from "./truncate.ts";

describe("firstLine", () => {
  it("stops at the first line break", () => expect(firstLine("title\nbody\nmore")).toBe("title"));
  it("returns a single line whole", () => expect(firstLine("title")).toBe("title"));
  it("is empty before a leading line break", () => expect(firstLine("\nbody")).toBe(""));
  it("keeps spaces", () => expect(firstLine(" a \nb")).toBe(" a "));
  it("drops a final line break", () => expect(firstLine("only\n")).toBe("only"));
});

describe("truncateEnd", () => {
  it("cuts a long text", () => expect(truncateEnd("abcdef", 4)).toBe("abc…"));
  it("keeps a short text", () => expect(truncateEnd("abc", 10)).toBe("abc"));
  it("keeps a text of exactly the limit", () => expect(truncateEnd("abcd", 4)).toBe("abcd"));
  it("cuts a text one above the limit", () => expect(truncateEnd("abcde", 4)).toBe("abc…"));
  it("leaves only the ellipsis at a limit of 1", () => expect(truncateEnd("abc", 1)).toBe("…"));
  it("keeps an empty text", () => expect(truncateEnd("", 3)).toBe(""));
});

describe("truncateMiddle", () => {
  it("gives the start one more when uneven", () =>
    expect(truncateMiddle("abcdefgh", 6)).toBe("abc…gh"));
  it("keeps equal ends", () => expect(truncateMiddle("abcdefgh", 5)).toBe("ab…gh"));
  it("keeps a text of exactly the limit", () => expect(truncateMiddle("abcde", 5)).toBe("abcde"));
  it("keeps no end at a limit of 2", () => expect(truncateMiddle("abcde", 2)).toBe("a…"));
  it("leaves only the ellipsis at a limit of 1", () => expect(truncateMiddle("abc", 1)).toBe("…"));
  it("shortens by as little as needed", () => expect(truncateMiddle("abcdef", 5)).toBe("ab…ef"));
});

describe("firstLines", () => {
  it("takes lines of a text", () => expect(firstLines("a\nb\nc", 2)).toBe("a\nb"));
  it("takes lines of a list", () => expect(firstLines(["a", "b", "c"], 1)).toEqual(["a"]));
  it("keeps a text with fewer lines", () => expect(firstLines("a\nb", 5)).toBe("a\nb"));
  it("keeps empty lines", () => expect(firstLines("\n\nx", 2)).toBe("\n"));
  it("gives an empty text for no lines", () => expect(firstLines("a\nb", 0)).toBe(""));
  it("gives nothing for a negative count", () => expect(firstLines(["a", "b"], -1)).toEqual([]));
  it("returns a new list", () => {
    const lines = ["a", "b"];
    const first = firstLines(lines, 2);
    expect(first).toEqual(lines);
    expect(first).not.toBe(lines);
  });
});

describe("omitLines", () => {
  it("replaces the middle by a note", () =>
    expect(omitLines("1\n2\n3\n4", 1, 1)).toBe("1\n... 2 lines omitted ...\n4"));
  it("speaks of one line", () =>
    expect(omitLines("1\n2\n3", 1, 1)).toBe("1\n... 1 line omitted ...\n3"));
  it("keeps an output that fits", () => expect(omitLines("1\n2\n3", 2, 1)).toBe("1\n2\n3"));
  it("can keep no head", () =>
    expect(omitLines("1\n2\n3", 0, 1)).toBe("... 2 lines omitted ...\n3"));
  it("can keep no tail", () =>
    expect(omitLines("1\n2\n3", 1, 0)).toBe("1\n... 2 lines omitted ..."));
  it("keeps several lines at both ends", () =>
    expect(omitLines("1\n2\n3\n4\n5\n6\n7", 2, 3)).toBe("1\n2\n... 2 lines omitted ...\n5\n6\n7"));
});

describe("fitConversation", () => {
  const say = (text: string, tokens: number, pinned?: boolean) =>
    pinned === undefined ? { text, tokens } : { text, tokens, pinned };
  const texts = (messages: readonly { text: string }[], budget: number) =>
    fitConversation(messages as Parameters<typeof fitConversation>[0], budget).map((m) => m.text);

  it("keeps everything that fits", () =>
    expect(texts([say("a", 1), say("b", 2)], 3)).toEqual(["a", "b"]));
  it("drops the oldest first", () =>
    expect(texts([say("a", 2), say("b", 2), say("c", 2)], 4)).toEqual(["b", "c"]));
  it("keeps pinned messages in their place", () =>
    expect(texts([say("a", 3), say("p", 1, true), say("b", 2), say("c", 2)], 5)).toEqual([
      "p",
      "b",
      "c",
    ]));
  it("keeps pinned messages above the budget", () =>
    expect(texts([say("p", 9, true), say("a", 1)], 5)).toEqual(["p"]));
  it("drops everything before the first that does not fit", () =>
    expect(texts([say("a", 1), say("b", 5), say("c", 2)], 4)).toEqual(["c"]));
  it("counts the cost of pinned messages that come later", () =>
    expect(texts([say("a", 2), say("b", 2), say("p", 3, true)], 5)).toEqual(["b", "p"]));
  it("treats pinned: false as not pinned", () =>
    expect(texts([say("a", 9, false), say("b", 1)], 5)).toEqual(["b"]));
  it("returns a new list", () => {
    const messages = [say("a", 1)];
    expect(fitConversation(messages, 5)).toEqual(messages);
    expect(fitConversation(messages, 5)).not.toBe(messages);
  });
});

describe("abbreviate", () => {
  it("cuts a long string", () => expect(abbreviate("abcdef", 3)).toBe("abc…"));
  it("keeps a string of the limit", () => expect(abbreviate("abc", 3)).toBe("abc"));
  it("cuts a long array", () => expect(abbreviate([1, 2, 3, 4, 5], 2)).toEqual([1, 2, "… 3 more"]));
  it("keeps an array of the limit", () => expect(abbreviate([1, 2], 2)).toEqual([1, 2]));
  it("shortens what arrays hold", () =>
    expect(abbreviate([["abcd"], 2, 3, 4], 3)).toEqual([["abc…"], 2, 3, "… 1 more"]));
  it("shortens what objects hold", () =>
    expect(abbreviate({ a: "xyz", b: { c: [1, 2, 3] }, d: 4 }, 2)).toEqual({
      a: "xy…",
      b: { c: [1, 2, "… 1 more"] },
      d: 4,
    }));
  it("keeps other values", () =>
    expect([12345, true, null].map((value) => abbreviate(value, 1))).toEqual([12345, true, null]));
  it("does not change the given value", () => {
    const value = { a: ["abc", "d"] };
    expect(abbreviate(value, 1)).toEqual({ a: ["a…", "… 1 more"] });
    expect(value).toEqual({ a: ["abc", "d"] });
  });
});
