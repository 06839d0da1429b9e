import { describe, expect, it } from "vitest";
import {
  applyBlock,
  countOccurrences,
  editFile,
  findLinesLoosely,
  formatBlock,
  parseBlocks,
} from "./search_replace.ts";

const text = (...lines: string[]): string => lines.join("\n");
const block = (search: string, replace: string) => ({ search, replace });

describe("countOccurrences", () => {
  it("counts one occurrence", () => expect(countOccurrences("hello", "ell")).toBe(1));
  it("counts several occurrences", () => expect(countOccurrences("a-a-a", "a")).toBe(3));
  it("does not count overlaps", () => expect(countOccurrences("aaaa", "aa")).toBe(2));
  it("counts 0 for an absent text", () => expect(countOccurrences("abc", "x")).toBe(0));
  it("counts 0 for an empty needle", () => expect(countOccurrences("abc", "")).toBe(0));
  it("treats special characters literally", () => expect(countOccurrences("a.b.c", ".")).toBe(2));
});

describe("formatBlock", () => {
  it("writes both texts between the marks", () =>
    expect(formatBlock(block("old", "new"))).toBe(
      text("<<<<<<< SEARCH", "old", "=======", "new", ">>>>>>> REPLACE"),
    ));
  it("keeps several lines", () =>
    expect(formatBlock(block("a\n  b", "c\nd"))).toBe(
      text("<<<<<<< SEARCH", "a", "  b", "=======", "c", "d", ">>>>>>> REPLACE"),
    ));
  it("writes no line for an empty replacement", () =>
    expect(formatBlock(block("a", ""))).toBe(
      text("<<<<<<< SEARCH", "a", "=======", ">>>>>>> REPLACE"),
    ));
  it("writes no line for an empty search text", () =>
    expect(formatBlock(block("", "a"))).toBe(
      text("<<<<<<< SEARCH", "=======", "a", ">>>>>>> REPLACE"),
    ));
  it("writes only marks for an empty block", () =>
    expect(formatBlock(block("", ""))).toBe(text("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE")));
});

describe("parseBlocks", () => {
  it("reads a block", () =>
    expect(parseBlocks(text("<<<<<<< SEARCH", "old", "=======", "new", ">>>>>>> REPLACE"))).toEqual(
      [block("old", "new")],
    ));
  it("reads several blocks and ignores other text", () =>
    expect(
      parseBlocks(
        text(
          "First:",
          "<<<<<<< SEARCH",
          "a",
          "=======",
          "b",
          ">>>>>>> REPLACE",
          "Then:",
          "<<<<<<< SEARCH",
          "c",
          "=======",
          "d",
          ">>>>>>> REPLACE",
          "Done.",
        ),
      ),
    ).toEqual([block("a", "b"), block("c", "d")]));
  it("keeps the spaces of content lines", () =>
    expect(
      parseBlocks(text("<<<<<<< SEARCH", "  a ", "", "b", "=======", "\tc", ">>>>>>> REPLACE")),
    ).toEqual([block("  a \n\nb", "\tc")]));
  it("reads empty parts", () =>
    expect(parseBlocks(text("<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"))).toEqual([
      block("", ""),
    ]));
  it("accepts whitespace behind marks", () =>
    expect(
      parseBlocks(text("<<<<<<< SEARCH  ", "a", "=======\r", "b", ">>>>>>> REPLACE\t")),
    ).toEqual([block("a", "b")]));
  it("keeps a second divider as content", () =>
    expect(
      parseBlocks(text("<<<<<<< SEARCH", "a", "=======", "b", "=======", "c", ">>>>>>> REPLACE")),
    ).toEqual([block("a", "b\n=======\nc")]));
  it("finds no blocks in other text", () =>
    expect(parseBlocks(text("a", "=======", "b"))).toEqual([]));
  it("refuses a block without end", () =>
    expect(() => parseBlocks(text("intro", "<<<<<<< SEARCH", "a", "======="))).toThrow(
      "block at line 2 is not closed",
    ));
  it("refuses a block without divider", () =>
    expect(() => parseBlocks(text("<<<<<<< SEARCH", "a", ">>>>>>> REPLACE"))).toThrow(
      "block at line 1 is not closed",
    ));
});

describe("applyBlock", () => {
  it("replaces the text", () => expect(applyBlock("a b c", block("b", "x"))).toBe("a x c"));
  it("removes text with an empty replacement", () =>
    expect(applyBlock("abc", block("b", ""))).toBe("ac"));
  it("replaces several lines", () =>
    expect(applyBlock("1\n2\n3\n", block("2\n3", "4"))).toBe("1\n4\n"));
  it("inserts dollar patterns literally", () =>
    expect(applyBlock("a b", block("b", "$&$1$$"))).toBe("a $&$1$$"));
  it("refuses an empty search text", () =>
    expect(() => applyBlock("a", block("", "x"))).toThrow("search text is empty"));
  it("refuses an absent search text", () =>
    expect(() => applyBlock("a", block("b", "x"))).toThrow("search text not found"));
  it("refuses an ambiguous search text", () =>
    expect(() => applyBlock("b b", block("b", "x"))).toThrow("search text is ambiguous"));
});

describe("findLinesLoosely", () => {
  it("finds a line with other indentation", () =>
    expect(findLinesLoosely(["a", "  b"], ["b "])).toBe(1));
  it("finds several lines", () =>
    expect(findLinesLoosely(["x", "\tif a", "\t\tb", "c"], ["if a", "  b"])).toBe(1));
  it("returns the first of several places", () =>
    expect(findLinesLoosely(["a", "b", "a"], [" a"])).toBe(0));
  it("goes on after a partial match", () =>
    expect(findLinesLoosely(["a", "b", "a", "c"], ["a", "c"])).toBe(2));
  it("returns -1 when a line differs", () =>
    expect(findLinesLoosely(["a", "b"], ["a", "c"])).toBe(-1));
  it("returns -1 when the file ends too early", () =>
    expect(findLinesLoosely(["a"], ["a", "b"])).toBe(-1));
  it("returns -1 for nothing wanted", () => expect(findLinesLoosely(["a"], [])).toBe(-1));
  it("finds blank lines", () => expect(findLinesLoosely(["a", "  ", "b"], ["", "b"])).toBe(1));
});

describe("editFile", () => {
  const read = async (path: string): Promise<string> => {
    if (path !== "a.ts") throw new Error(`no such file: ${path}`);
    return "one two two";
  };

  it("applies a block", async () =>
    expect(await editFile(read, "a.ts", [block("one", "1")])).toEqual({
      text: "1 two two",
      applied: 1,
    }));
  it("replaces the first occurrence only", async () =>
    expect(await editFile(read, "a.ts", [block("two", "2")])).toEqual({
      text: "one 2 two",
      applied: 1,
    }));
  it("applies each block to the text edited so far", async () =>
    expect(await editFile(read, "a.ts", [block("one", "six"), block("six two", "12")])).toEqual({
      text: "12 two",
      applied: 2,
    }));
  it("skips blocks that do not occur", async () =>
    expect(await editFile(read, "a.ts", [block("x", "y"), block("", "z")])).toEqual({
      text: "one two two",
      applied: 0,
    }));
  it("inserts dollar patterns literally", async () =>
    expect(await editFile(read, "a.ts", [block("one", "$&!")])).toEqual({
      text: "$&! two two",
      applied: 1,
    }));
  it("rejects when reading fails", async () => {
    await expect(editFile(read, "b.ts", [])).rejects.toThrow("no such file: b.ts");
  });
});
