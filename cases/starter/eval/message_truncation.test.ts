import { describe, expect, it } from "vitest";
import {
  DROPPED_NOTICE,
  dropOldestPairs,
  dropStaleReads,
  keepLast,
  type Message,
  truncateHistory,
  truncateLines,
  truncateMiddle,
} from "./message_truncation.ts";

const say = (content: string): Message => ({ role: "user", content });
const read = (file: string, content: string): Message => ({ role: "user", content, file });

describe("dropOldestPairs", () => {
  it("drops one pair behind the first", () => {
    expect(dropOldestPairs(["a", "b", "c", "d", "e"], 1)).toEqual(["a", "d", "e"]);
  });
  it("drops two pairs", () => {
    expect(dropOldestPairs([1, 2, 3, 4, 5, 6], 2)).toEqual([1, 6]);
  });
  it("keeps only the first when there are too few", () => {
    expect(dropOldestPairs([1, 2, 3], 5)).toEqual([1]);
  });
  it("keeps everything for 0 pairs, in a new list", () => {
    const items = [1, 2, 3];
    expect(dropOldestPairs(items, 0)).toEqual([1, 2, 3]);
    expect(dropOldestPairs(items, 0)).not.toBe(items);
  });
  it("accepts an empty list", () => {
    expect(dropOldestPairs([], 2)).toEqual([]);
  });
});

describe("keepLast", () => {
  it("keeps the last items", () => {
    expect(keepLast([1, 2, 3, 4], 2)).toEqual([3, 4]);
  });
  it("keeps all when there are fewer", () => {
    expect(keepLast([1, 2], 5)).toEqual([1, 2]);
  });
  it("keeps none for 0", () => {
    expect(keepLast([1, 2, 3], 0)).toEqual([]);
  });
  it("keeps the very last for 1", () => {
    expect(keepLast(["a", "b"], 1)).toEqual(["b"]);
  });
  it("returns a new list", () => {
    const items = [1, 2];
    expect(keepLast(items, 2)).toEqual([1, 2]);
    expect(keepLast(items, 2)).not.toBe(items);
  });
});

describe("truncateMiddle", () => {
  it("returns a short text as it is", () => {
    expect(truncateMiddle("abc", 3)).toBe("abc");
  });
  it("keeps start and end around the marker", () => {
    expect(truncateMiddle("abcdefgh", 6, "..")).toBe("ab..gh");
  });
  it("gives the odd character to the start", () => {
    expect(truncateMiddle("abcdefgh", 7, "..")).toBe("abc..gh");
  });
  it("keeps the start alone when there is room for one character", () => {
    expect(truncateMiddle("abcdefgh", 3, "..")).toBe("a..");
  });
  it("uses three dots without a marker", () => {
    expect(truncateMiddle("0123456789", 9)).toBe("012...789");
  });
  it("cuts without marker when there is no room for it", () => {
    expect(truncateMiddle("abcdefgh", 3)).toBe("abc");
    expect(truncateMiddle("abcdefgh", 1)).toBe("a");
  });
});

describe("truncateLines", () => {
  it("returns a short output as it is", () => {
    expect(truncateLines("a\nb\nc", 2, 1)).toBe("a\nb\nc");
  });
  it("omits the lines between head and tail", () => {
    expect(truncateLines("a\nb\nc\nd\ne", 1, 1)).toBe("a\n[3 lines omitted]\ne");
  });
  it("keeps several lines on both sides", () => {
    expect(truncateLines("1\n2\n3\n4\n5\n6", 2, 2)).toBe("1\n2\n[2 lines omitted]\n5\n6");
  });
  it("can keep no tail", () => {
    expect(truncateLines("a\nb\nc", 1, 0)).toBe("a\n[2 lines omitted]");
  });
  it("can keep no head", () => {
    expect(truncateLines("a\nb\nc", 0, 1)).toBe("[2 lines omitted]\nc");
  });
});

describe("dropStaleReads", () => {
  it("replaces the earlier read of a file", () => {
    const messages = [read("a.ts", "old"), say("edit"), read("a.ts", "new")];
    expect(dropStaleReads(messages)).toEqual([
      read("a.ts", "[a.ts: see the later read]"),
      say("edit"),
      read("a.ts", "new"),
    ]);
  });
  it("keeps reads of different files", () => {
    const messages = [read("a.ts", "1"), read("b.ts", "2")];
    expect(dropStaleReads(messages)).toEqual(messages);
  });
  it("replaces all but the last of three reads", () => {
    const contents = dropStaleReads([read("x", "1"), read("x", "2"), read("x", "3")]);
    expect(contents.map((message) => message.content)).toEqual([
      "[x: see the later read]",
      "[x: see the later read]",
      "3",
    ]);
  });
  it("keeps messages without a file, also equal ones", () => {
    expect(dropStaleReads([say("go"), say("go")])).toEqual([say("go"), say("go")]);
  });
  it("does not change the messages that it was given", () => {
    const messages = [read("a", "1"), read("a", "2")];
    expect(dropStaleReads(messages)[0].content).toBe("[a: see the later read]");
    expect(messages).toEqual([read("a", "1"), read("a", "2")]);
  });
});

describe("truncateHistory", () => {
  const notice = { role: "assistant", content: DROPPED_NOTICE };
  const long = (letter: string): Message => say(letter.repeat(100));
  it("copies a conversation that fits", () => {
    const messages = [say("a"), say("b"), say("c"), say("d")];
    const result = truncateHistory(messages, 4);
    expect(result).toEqual(messages);
    expect(result).not.toBe(messages);
  });
  it("drops one message behind the first", () => {
    const messages = [say("task"), long("a"), long("b"), long("c"), long("d")];
    expect(truncateHistory(messages, 360)).toEqual([
      say("task"), notice, long("b"), long("c"), long("d"),
    ]);
  });
  it("drops as many as needed", () => {
    const messages = [say("task"), long("a"), long("b"), long("c"), long("d")];
    expect(truncateHistory(messages, 300)).toEqual([say("task"), notice, long("c"), long("d")]);
  });
  it("counts the length of the notice", () => {
    const messages = [say("task"), say("x"), long("b"), long("c"), long("d")];
    expect(truncateHistory(messages, 304)).toEqual([say("task"), notice, long("c"), long("d")]);
  });
  it("accepts a total of exactly the limit", () => {
    const messages = [say(""), long("a"), long("b"), long("c"), long("d")];
    const limit = 300 + DROPPED_NOTICE.length;
    expect(truncateHistory(messages, limit)).toHaveLength(5);
    expect(truncateHistory(messages, limit - 1)).toHaveLength(4);
  });
  it("never drops the first and the last two", () => {
    const messages = [long("a"), long("b"), long("c"), long("d")];
    expect(truncateHistory(messages, 10)).toEqual([long("a"), notice, long("c"), long("d")]);
  });
  it("copies three long messages", () => {
    const messages = [long("a"), long("b"), long("c")];
    expect(truncateHistory(messages, 10)).toEqual(messages);
  });
});
