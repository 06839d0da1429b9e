import { describe, expect, it } from "vitest";
import {
  areAllShort,
  indexOfLine,
  lineLengths,
  linesWith,
  paddedLine,
  quotedLine,
} from "./line_basics.ts";

describe("linesWith", () => {
  it("keeps the lines with the word", () => {
    expect(linesWith(["a fix", "b", "fix c"], "fix")).toEqual(["a fix", "fix c"]);
  });
  it("keeps all lines when all have it", () => {
    expect(linesWith(["ab", "cb"], "b")).toEqual(["ab", "cb"]);
  });
  it("keeps a line that is the word", () => {
    expect(linesWith(["a", "todo"], "todo")).toEqual(["todo"]);
  });
  it("returns an empty array when no line has it", () => {
    expect(linesWith(["a", "b"], "z")).toEqual([]);
  });
  it("returns an empty array for no lines", () => {
    expect(linesWith([], "a")).toEqual([]);
  });
});

describe("lineLengths", () => {
  it("returns the lengths of two lines", () => {
    expect(lineLengths(["a", "abc"])).toEqual([1, 3]);
  });
  it("returns the length of one line", () => {
    expect(lineLengths(["abcd"])).toEqual([4]);
  });
  it("returns 0 for an empty line", () => {
    expect(lineLengths(["", "ab"])).toEqual([0, 2]);
  });
  it("returns an empty array for no lines", () => {
    expect(lineLengths([])).toEqual([]);
  });
  it("counts leading spaces", () => {
    expect(lineLengths(["  a"])).toEqual([3]);
  });
});

describe("quotedLine", () => {
  it("quotes a word", () => {
    expect(quotedLine("hello")).toBe("> hello");
  });
  it("quotes a sentence", () => {
    expect(quotedLine("It fails.")).toBe("> It fails.");
  });
  it("quotes an empty line", () => {
    expect(quotedLine("")).toBe("> ");
  });
  it("quotes a line that is already quoted", () => {
    expect(quotedLine("> a")).toBe("> > a");
  });
  it("keeps leading spaces", () => {
    expect(quotedLine("  a")).toBe(">   a");
  });
});

describe("indexOfLine", () => {
  it("finds the first line", () => {
    expect(indexOfLine(["a", "b"], "a")).toBe(0);
  });
  it("finds the last line", () => {
    expect(indexOfLine(["a", "b", "c"], "c")).toBe(2);
  });
  it("returns the first of equal lines", () => {
    expect(indexOfLine(["x", "a", "a"], "a")).toBe(1);
  });
  it("returns -1 for another line", () => {
    expect(indexOfLine(["a", "b"], "z")).toBe(-1);
  });
  it("returns -1 when there are no lines", () => {
    expect(indexOfLine([], "a")).toBe(-1);
  });
});

describe("paddedLine", () => {
  it("pads a short line", () => {
    expect(paddedLine("ab", 4)).toBe("ab  ");
  });
  it("pads an empty line", () => {
    expect(paddedLine("", 2)).toBe("  ");
  });
  it("keeps a line of that width", () => {
    expect(paddedLine("abc", 3)).toBe("abc");
  });
  it("keeps a longer line", () => {
    expect(paddedLine("abcdef", 3)).toBe("abcdef");
  });
  it("pads by one", () => {
    expect(paddedLine("a", 2)).toBe("a ");
  });
});

describe("areAllShort", () => {
  it("returns true when all are shorter", () => {
    expect(areAllShort(["a", "bb"], 5)).toBe(true);
  });
  it("returns true when one has exactly that length", () => {
    expect(areAllShort(["abc", "a"], 3)).toBe(true);
  });
  it("returns false when one is longer", () => {
    expect(areAllShort(["a", "abcd"], 3)).toBe(false);
  });
  it("returns false when all are longer", () => {
    expect(areAllShort(["abc", "abc"], 1)).toBe(false);
  });
  it("returns true for no lines", () => {
    expect(areAllShort([], 3)).toBe(true);
  });
});
