import { describe, expect, it } from "vitest";
import {
  countLines,
  detectLineEnding,
  ensureFinalNewline,
  normalizeNewlines,
  positionAt,
  splitKeepingEnds,
  renderOverwrites,
} from "./line_endings.ts";

describe("normalizeNewlines", () => {
  it("converts Windows line endings", () => expect(normalizeNewlines("a\r\nb\r\n")).toBe("a\nb\n"));
  it("converts lone carriage returns", () => expect(normalizeNewlines("a\rb")).toBe("a\nb"));
  it("keeps Unix line endings", () => expect(normalizeNewlines("a\nb\n")).toBe("a\nb\n"));
  it("converts mixed endings", () => expect(normalizeNewlines("a\r\nb\nc\rd")).toBe("a\nb\nc\nd"));
  it("keeps empty lines", () => expect(normalizeNewlines("a\r\n\r\nb")).toBe("a\n\nb"));
  it("converts each of two carriage returns", () =>
    expect(normalizeNewlines("\r\r\n")).toBe("\n\n"));
});

describe("detectLineEnding", () => {
  it("finds Unix endings", () => expect(detectLineEnding("a\nb\n")).toBe("\n"));
  it("finds Windows endings", () => expect(detectLineEnding("a\r\nb\r\n")).toBe("\r\n"));
  it("follows the majority of Windows endings", () =>
    expect(detectLineEnding("a\r\nb\r\nc\n")).toBe("\r\n"));
  it("follows the majority of Unix endings", () =>
    expect(detectLineEnding("a\r\nb\nc\n")).toBe("\n"));
  it("prefers Unix on a tie", () => expect(detectLineEnding("a\r\nb\n")).toBe("\n"));
  it("assumes Unix without line breaks", () => expect(detectLineEnding("abc")).toBe("\n"));
});

describe("ensureFinalNewline", () => {
  it("adds a missing line break", () => expect(ensureFinalNewline("a")).toBe("a\n"));
  it("keeps a present line break", () => expect(ensureFinalNewline("a\n")).toBe("a\n"));
  it("keeps an empty text empty", () => expect(ensureFinalNewline("")).toBe(""));
  it("keeps several line breaks", () => expect(ensureFinalNewline("a\n\n")).toBe("a\n\n"));
  it("adds a line break after a last line", () =>
    expect(ensureFinalNewline("a\nb")).toBe("a\nb\n"));
});

describe("countLines", () => {
  it("counts no line in an empty text", () => expect(countLines("")).toBe(0));
  it("counts a line without ending", () => expect(countLines("a")).toBe(1));
  it("counts a line with ending once", () => expect(countLines("a\n")).toBe(1));
  it("counts empty lines", () => expect(countLines("a\n\nb")).toBe(3));
  it("counts a single line break as a line", () => expect(countLines("\n")).toBe(1));
  it("counts many lines", () => expect(countLines("1\n2\n3\n4\n")).toBe(4));
});

describe("splitKeepingEnds", () => {
  it("keeps Unix endings", () => expect(splitKeepingEnds("a\nb\n")).toEqual(["a\n", "b\n"]));
  it("keeps Windows endings whole", () =>
    expect(splitKeepingEnds("a\r\nb")).toEqual(["a\r\n", "b"]));
  it("keeps lone carriage returns", () =>
    expect(splitKeepingEnds("a\rb\n")).toEqual(["a\r", "b\n"]));
  it("keeps empty lines", () => expect(splitKeepingEnds("\n\nx")).toEqual(["\n", "\n", "x"]));
  it("gives no lines for an empty text", () => expect(splitKeepingEnds("")).toEqual([]));
  it("can be joined again", () =>
    expect(splitKeepingEnds("a\r\n\r\n b\n\rc").join("")).toBe("a\r\n\r\n b\n\rc"));
});

describe("positionAt", () => {
  it("starts at line 1, column 1", () =>
    expect(positionAt("ab", 0)).toEqual({ line: 1, column: 1 }));
  it("counts columns on the first line", () =>
    expect(positionAt("abc", 2)).toEqual({ line: 1, column: 3 }));
  it("counts columns from the last line break", () =>
    expect(positionAt("ab\ncd", 4)).toEqual({ line: 2, column: 2 }));
  it("puts a line break at the end of its line", () =>
    expect(positionAt("ab\ncd", 2)).toEqual({ line: 1, column: 3 }));
  it("goes to the next line behind a line break", () =>
    expect(positionAt("ab\n", 3)).toEqual({ line: 2, column: 1 }));
  it("counts negative offsets as 0", () =>
    expect(positionAt("a\nb", -1)).toEqual({ line: 1, column: 1 }));
  it("stops at the end", () => expect(positionAt("a\nbc", 99)).toEqual({ line: 2, column: 3 }));
});

describe("renderOverwrites", () => {
  it("shows the last state of a progress line", () =>
    expect(renderOverwrites("10%\r50%\r99%")).toBe("99%"));
  it("keeps what is not written over", () => expect(renderOverwrites("abc\rx")).toBe("xbc"));
  it("goes one place back", () => expect(renderOverwrites("ab\bc")).toBe("ac"));
  it("does not erase when it goes back", () => expect(renderOverwrites("abc\b\b")).toBe("abc"));
  it("does not go back beyond the start", () => expect(renderOverwrites("a\b\b\bxy")).toBe("xy"));
  it("writes over one line only", () =>
    expect(renderOverwrites("ab\ncd\re\n\rf")).toBe("ab\ned\nf"));
  it("shows Windows line endings as line breaks", () =>
    expect(renderOverwrites("a\r\nb\r\n")).toBe("a\nb\n"));
  it("keeps plain text", () => expect(renderOverwrites("a b\n\nc")).toBe("a b\n\nc"));
});
