import { describe, expect, it } from "vitest";
import {
  characterCount,
  containsText,
  isEmptyText,
  repeated,
  trimmed,
  upperCase,
} from "./text_basics.ts";

describe("upperCase", () => {
  it("changes lower-case letters", () => {
    expect(upperCase("abc")).toBe("ABC");
  });
  it("changes every word", () => {
    expect(upperCase("fix the bug")).toBe("FIX THE BUG");
  });
  it("leaves upper-case letters", () => {
    expect(upperCase("OK")).toBe("OK");
  });
  it("leaves digits and signs", () => {
    expect(upperCase("a1-b2")).toBe("A1-B2");
  });
  it("keeps the empty text", () => {
    expect(upperCase("")).toBe("");
  });
});

describe("trimmed", () => {
  it("removes spaces at the start", () => {
    expect(trimmed("  abc")).toBe("abc");
  });
  it("removes spaces at the end", () => {
    expect(trimmed("abc  ")).toBe("abc");
  });
  it("removes line breaks and tabs", () => {
    expect(trimmed("\n\tabc\n")).toBe("abc");
  });
  it("keeps spaces between words", () => {
    expect(trimmed(" a b ")).toBe("a b");
  });
  it("leaves a text without white space at its ends", () => {
    expect(trimmed("abc")).toBe("abc");
  });
});

describe("characterCount", () => {
  it("counts letters", () => {
    expect(characterCount("hello")).toBe(5);
  });
  it("counts spaces", () => {
    expect(characterCount("a b")).toBe(3);
  });
  it("counts one character", () => {
    expect(characterCount("x")).toBe(1);
  });
  it("returns 0 for the empty text", () => {
    expect(characterCount("")).toBe(0);
  });
  it("counts line breaks", () => {
    expect(characterCount("a\nb\n")).toBe(4);
  });
});

describe("containsText", () => {
  it("finds a word in the middle", () => {
    expect(containsText("fix the bug", "the")).toBe(true);
  });
  it("finds the start", () => {
    expect(containsText("fix the bug", "fix")).toBe(true);
  });
  it("finds the end", () => {
    expect(containsText("fix the bug", "bug")).toBe(true);
  });
  it("returns false for another word", () => {
    expect(containsText("fix the bug", "test")).toBe(false);
  });
  it("returns false for anything in an empty text", () => {
    expect(containsText("", "a")).toBe(false);
  });
});

describe("repeated", () => {
  it("repeats a character", () => {
    expect(repeated("-", 3)).toBe("---");
  });
  it("repeats a word", () => {
    expect(repeated("ab", 2)).toBe("abab");
  });
  it("returns the text for once", () => {
    expect(repeated("x", 1)).toBe("x");
  });
  it("returns the empty text for 0 times", () => {
    expect(repeated("x", 0)).toBe("");
  });
  it("repeats spaces", () => {
    expect(repeated(" ", 4)).toBe("    ");
  });
});

describe("isEmptyText", () => {
  it("returns true for the empty string", () => {
    expect(isEmptyText("")).toBe(true);
  });
  it("returns false for a letter", () => {
    expect(isEmptyText("a")).toBe(false);
  });
  it("returns false for a space", () => {
    expect(isEmptyText(" ")).toBe(false);
  });
  it("returns false for a line break", () => {
    expect(isEmptyText("\n")).toBe(false);
  });
  it("returns false for a sentence", () => {
    expect(isEmptyText("fix the bug")).toBe(false);
  });
});
