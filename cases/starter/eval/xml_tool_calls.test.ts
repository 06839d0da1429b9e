import { describe, expect, it } from "vitest";
import {
  escapeXml,
  formatToolCall,
  parseToolCalls,
  stripThinking,
  TagBuffer,
  unescapeXml,
} from "./xml_tool_calls.ts";

describe("escapeXml", () => {
  it("escapes angle brackets", () => expect(escapeXml("<b>")).toBe("&lt;b&gt;"));
  it("escapes ampersands", () => expect(escapeXml("a & b")).toBe("a &amp; b"));
  it("escapes every occurrence", () =>
    expect(escapeXml("<<&&>>")).toBe("&lt;&lt;&amp;&amp;&gt;&gt;"));
  it("escapes what is escaped already", () => expect(escapeXml("&lt;")).toBe("&amp;lt;"));
  it("keeps quotes and other text", () => expect(escapeXml("\"a\" 'b'")).toBe("\"a\" 'b'"));
});

describe("unescapeXml", () => {
  it("restores angle brackets", () => expect(unescapeXml("&lt;b&gt;")).toBe("<b>"));
  it("restores quotes", () => expect(unescapeXml("&quot;a&quot; &apos;b&apos;")).toBe("\"a\" 'b'"));
  it("restores ampersands", () => expect(unescapeXml("a &amp;&amp; b")).toBe("a && b"));
  it("does not replace twice", () => expect(unescapeXml("&amp;lt; &amp;amp;")).toBe("&lt; &amp;"));
  it("keeps other text and unknown names", () =>
    expect(unescapeXml("a & b &copy; &lt;")).toBe("a & b &copy; <"));
});

describe("stripThinking", () => {
  it("removes the thoughts", () =>
    expect(stripThinking("<thinking>hm</thinking>Answer")).toBe("Answer"));
  it("removes thoughts of several lines", () =>
    expect(stripThinking("<thinking>\na\nb\n</thinking>\n\nDone.\n")).toBe("Done."));
  it("removes each of several thoughts", () =>
    expect(stripThinking("<thinking>1</thinking>a<thinking>2</thinking>b")).toBe("ab"));
  it("removes everything behind an open tag", () =>
    expect(stripThinking("a <thinking>b\nc")).toBe("a"));
  it("trims an answer without thoughts", () =>
    expect(stripThinking("  a <b>c</b> ")).toBe("a <b>c</b>"));
  it("leaves nothing of mere thoughts", () =>
    expect(stripThinking("<thinking>x</thinking>")).toBe(""));
});

describe("formatToolCall", () => {
  it("writes a call with a parameter", () =>
    expect(formatToolCall({ name: "read_file", params: { path: "a.ts" } })).toBe(
      "<read_file>\n<path>a.ts</path>\n</read_file>",
    ));
  it("writes parameters in order", () =>
    expect(formatToolCall({ name: "x", params: { b: "1", a: "2" } })).toBe(
      "<x>\n<b>1</b>\n<a>2</a>\n</x>",
    ));
  it("writes a call without parameters", () =>
    expect(formatToolCall({ name: "stop", params: {} })).toBe("<stop>\n</stop>"));
  it("keeps the lines of a value", () =>
    expect(formatToolCall({ name: "w", params: { content: "a\n b" } })).toBe(
      "<w>\n<content>a\n b</content>\n</w>",
    ));
  it("does not escape values", () =>
    expect(formatToolCall({ name: "w", params: { c: "a<b" } })).toBe("<w>\n<c>a<b</c>\n</w>"));
});

describe("parseToolCalls", () => {
  const names = ["read_file", "run"];

  it("reads a call", () =>
    expect(parseToolCalls("<read_file>\n<path>a.ts</path>\n</read_file>", names)).toEqual([
      { name: "read_file", params: { path: "a.ts" } },
    ]));
  it("reads several calls among other text", () =>
    expect(
      parseToolCalls(
        "First <run><cmd>ls</cmd></run> then\n<read_file><path>b</path></read_file>.",
        names,
      ),
    ).toEqual([
      { name: "run", params: { cmd: "ls" } },
      { name: "read_file", params: { path: "b" } },
    ]));
  it("trims values and keeps their inner lines", () =>
    expect(parseToolCalls("<run><cmd>\n a\n  b \n</cmd><dir> x </dir></run>", names)).toEqual([
      { name: "run", params: { cmd: "a\n  b", dir: "x" } },
    ]));
  it("ignores names it does not know", () =>
    expect(parseToolCalls("<b>bold</b> <run></run>", names)).toEqual([
      { name: "run", params: {} },
    ]));
  it("ignores a call without an end", () =>
    expect(parseToolCalls("<read_file><path>a</path> <run><cmd>x</cmd></run>", names)).toEqual([
      { name: "run", params: { cmd: "x" } },
    ]));
  it("does not look for calls within a call", () =>
    expect(parseToolCalls("<run><cmd>echo <read_file></read_file></cmd></run>", names)).toEqual([
      { name: "run", params: { cmd: "echo <read_file></read_file>" } },
    ]));
  it("lets a later parameter replace an earlier one", () =>
    expect(parseToolCalls("<run><cmd>a</cmd><cmd>b</cmd></run>", names)).toEqual([
      { name: "run", params: { cmd: "b" } },
    ]));
  it("finds no calls in other text", () => expect(parseToolCalls("a < b > c", names)).toEqual([]));
});

describe("TagBuffer.push", () => {
  const pushAll = (...pieces: string[]): string[] => {
    const buffer = new TagBuffer();
    return pieces.map((piece) => buffer.push(piece));
  };

  it("returns plain text at once", () =>
    expect(pushAll("hello ", "you")).toEqual(["hello ", "you"]));
  it("holds an open tag back", () => expect(pushAll("a <b")).toEqual(["a "]));
  it("returns the tag once it is closed", () =>
    expect(pushAll("a <b", "> c")).toEqual(["a ", "<b> c"]));
  it("holds a tag back over several pieces", () =>
    expect(pushAll("<", "to", "ol", ">x")).toEqual(["", "", "", "<tool>x"]));
  it("holds only the last tag back", () =>
    expect(pushAll("<a>x</a", ">")).toEqual(["<a>x", "</a>"]));
  it("returns complete tags at once", () => expect(pushAll("<a></a>")).toEqual(["<a></a>"]));
});

describe("TagBuffer.flush", () => {
  const rest = (...pieces: string[]): string => {
    const buffer = new TagBuffer();
    for (const piece of pieces) buffer.push(piece);
    return buffer.flush();
  };

  it("returns what is held back", () => expect(rest("a <b")).toBe("<b"));
  it("returns what is held back over several pieces", () =>
    expect(rest("x<", "to", "ol")).toBe("<tool"));
  it("returns nothing when all was returned", () => expect(rest("a <b>")).toBe(""));
  it("returns nothing at the start", () => expect(rest()).toBe(""));
  it("forgets what it returned", () => {
    const buffer = new TagBuffer();
    buffer.push("<a");
    expect([buffer.flush(), buffer.flush(), buffer.push("b>")]).toEqual(["<a", "", "b>"]);
  });
});
