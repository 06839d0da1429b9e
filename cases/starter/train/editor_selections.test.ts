import { describe, expect, it } from "vitest";
import {
  afterInsert,
  comparePositions,
  isCursor,
  replaceSelection,
  selectedText,
  selectionOf,
  wordAt,
} from "./editor_selections.ts";

const at = (line: number, column: number) => ({ line, column });

describe("isCursor", () => {
  it("is true for equal positions", () => {
    expect(isCursor({ start: at(1, 2), end: at(1, 2) })).toBe(true);
  });
  it("is false for other columns", () => {
    expect(isCursor({ start: at(1, 2), end: at(1, 3) })).toBe(false);
  });
  it("is false for other lines", () => {
    expect(isCursor({ start: at(1, 2), end: at(2, 2) })).toBe(false);
  });
  it("is true at the start of a file", () => {
    expect(isCursor({ start: at(0, 0), end: at(0, 0) })).toBe(true);
  });
  it("is false for a whole line", () => {
    expect(isCursor({ start: at(0, 0), end: at(1, 0) })).toBe(false);
  });
});

describe("comparePositions", () => {
  it("compares lines first", () => {
    expect(Math.sign(comparePositions(at(1, 9), at(2, 0)))).toBe(-1);
    expect(Math.sign(comparePositions(at(3, 0), at(2, 9)))).toBe(1);
  });
  it("compares columns on a line", () => {
    expect(Math.sign(comparePositions(at(1, 2), at(1, 5)))).toBe(-1);
  });
  it("is positive behind", () => {
    expect(Math.sign(comparePositions(at(1, 5), at(1, 2)))).toBe(1);
  });
  it("is 0 for equal positions", () => {
    expect(comparePositions(at(4, 4), at(4, 4))).toBe(0);
  });
  it("sorts positions", () => {
    expect(
      [at(2, 0), at(0, 5), at(0, 1)].sort(comparePositions),
    ).toEqual([at(0, 1), at(0, 5), at(2, 0)]);
  });
});

describe("selectionOf", () => {
  it("keeps the order", () => {
    expect(selectionOf(at(0, 1), at(0, 4))).toEqual({ start: at(0, 1), end: at(0, 4) });
  });
  it("turns columns round", () => {
    expect(selectionOf(at(0, 4), at(0, 1))).toEqual({ start: at(0, 1), end: at(0, 4) });
  });
  it("turns lines round", () => {
    expect(selectionOf(at(3, 0), at(1, 7))).toEqual({ start: at(1, 7), end: at(3, 0) });
  });
  it("looks at lines first", () => {
    expect(selectionOf(at(1, 7), at(3, 0))).toEqual({ start: at(1, 7), end: at(3, 0) });
  });
  it("takes equal positions", () => {
    expect(selectionOf(at(2, 2), at(2, 2))).toEqual({ start: at(2, 2), end: at(2, 2) });
  });
});

describe("selectedText", () => {
  const lines = ["first line", "second", "", "last one"];
  it("takes a part of a line", () => {
    expect(selectedText(lines, { start: at(0, 6), end: at(0, 10) })).toBe("line");
  });
  it("takes parts of two lines", () => {
    expect(selectedText(lines, { start: at(0, 6), end: at(1, 3) })).toBe("line\nsec");
  });
  it("takes whole lines in between", () => {
    expect(
      selectedText(lines, { start: at(0, 0), end: at(3, 4) }),
    ).toBe("first line\nsecond\n\nlast");
  });
  it("is empty for a cursor", () => {
    expect(selectedText(lines, { start: at(1, 2), end: at(1, 2) })).toBe("");
  });
  it("can be a line break", () => {
    expect(selectedText(lines, { start: at(1, 6), end: at(2, 0) })).toBe("\n");
  });
});

describe("wordAt", () => {
  it("selects the word around a column", () => {
    expect(wordAt("let count = 1", at(5, 6))).toEqual({ start: at(5, 4), end: at(5, 9) });
  });
  it("selects the word before a column", () => {
    expect(wordAt("let count = 1", at(0, 9))).toEqual({ start: at(0, 4), end: at(0, 9) });
  });
  it("selects the word behind a column", () => {
    expect(wordAt("let count", at(0, 0))).toEqual({ start: at(0, 0), end: at(0, 3) });
  });
  it("takes digits and underscores", () => {
    expect(wordAt("(max_2)", at(1, 3))).toEqual({ start: at(1, 1), end: at(1, 6) });
  });
  it("is a cursor without a word", () => {
    expect(wordAt("a  = b", at(2, 2))).toEqual({ start: at(2, 2), end: at(2, 2) });
    expect(wordAt("", at(0, 0))).toEqual({ start: at(0, 0), end: at(0, 0) });
  });
});

describe("afterInsert", () => {
  it("keeps positions before", () => {
    expect(afterInsert(at(0, 9), at(1, 0), "x")).toEqual(at(0, 9));
    expect(afterInsert(at(1, 1), at(1, 2), "x\ny")).toEqual(at(1, 1));
  });
  it("moves a position on the line", () => {
    expect(afterInsert(at(1, 5), at(1, 2), "abc")).toEqual(at(1, 8));
  });
  it("moves a position at the insertion", () => {
    expect(afterInsert(at(1, 2), at(1, 2), "abc")).toEqual(at(1, 5));
  });
  it("moves later lines down", () => {
    expect(afterInsert(at(3, 4), at(1, 2), "a\nb\n")).toEqual(at(5, 4));
  });
  it("keeps later lines without a line break", () => {
    expect(afterInsert(at(3, 4), at(1, 2), "abc")).toEqual(at(3, 4));
  });
  it("moves to the last inserted line", () => {
    expect(afterInsert(at(1, 5), at(1, 2), "a\nbc")).toEqual(at(2, 5));
    expect(afterInsert(at(0, 4), at(0, 4), "\n")).toEqual(at(1, 0));
  });
});

describe("replaceSelection", () => {
  it("replaces within a line", () => {
    expect(
      replaceSelection(["let a = 1"], { start: at(0, 4), end: at(0, 5) }, "total"),
    ).toEqual(["let total = 1"]);
  });
  it("inserts at a cursor", () => {
    expect(replaceSelection(["ac"], { start: at(0, 1), end: at(0, 1) }, "b")).toEqual(["abc"]);
  });
  it("joins lines", () => {
    expect(
      replaceSelection(["one", "two", "three"], { start: at(0, 3), end: at(2, 0) }, " "),
    ).toEqual(["one three"]);
  });
  it("inserts lines", () => {
    expect(
      replaceSelection(["ab", "c"], { start: at(0, 1), end: at(0, 1) }, "1\n2\n3"),
    ).toEqual(["a1", "2", "3b", "c"]);
  });
  it("removes text", () => {
    expect(
      replaceSelection(["abc", "d"], { start: at(0, 1), end: at(0, 2) }, ""),
    ).toEqual(["ac", "d"]);
  });
  it("does not change the lines given", () => {
    const lines = ["a", "b"];
    expect(replaceSelection(lines, { start: at(0, 0), end: at(1, 1) }, "x")).toEqual(["x"]);
    expect(lines).toEqual(["a", "b"]);
  });
});
