import { describe, expect, it } from "vitest";
import {
  addLineNumbers,
  formatLineRef,
  lineAnchor,
  parseLineRef,
  stripLineNumbers,
} from "./line_numbers.ts";

describe("addLineNumbers", () => {
  it("counts from one by default", () => {
    expect(addLineNumbers("a\nb")).toBe("1 | a\n2 | b");
  });
  it("starts at the number given", () => {
    expect(addLineNumbers("a\nb", 7)).toBe("7 | a\n8 | b");
  });
  it("pads to the width of the largest number", () => {
    expect(addLineNumbers("a\nb\nc", 98)).toBe(" 98 | a\n 99 | b\n100 | c");
  });
  it("keeps indentation", () => {
    expect(addLineNumbers("  x")).toBe("1 |   x");
  });
  it("numbers an empty text as one line", () => {
    expect(addLineNumbers("")).toBe("1 | ");
  });
  it("numbers the empty line after a last newline", () => {
    expect(addLineNumbers("a\n")).toBe("1 | a\n2 | ");
  });
});

describe("stripLineNumbers", () => {
  it("removes numbers", () => {
    expect(stripLineNumbers("1 | a\n2 | b")).toBe("a\nb");
  });
  it("removes padded numbers", () => {
    expect(stripLineNumbers("  9 | a\n 10 | b")).toBe("a\nb");
  });
  it("keeps indentation after the bar", () => {
    expect(stripLineNumbers("1 |   x")).toBe("  x");
  });
  it("returns the text unchanged when one line has no number", () => {
    expect(stripLineNumbers("1 | a\nb")).toBe("1 | a\nb");
  });
  it("takes a bare number and bar as an empty line", () => {
    expect(stripLineNumbers("1 | a\n2 |\n3 | c")).toBe("a\n\nc");
  });
  it("removes only one number from a line", () => {
    expect(stripLineNumbers("1 | 2 | a")).toBe("2 | a");
  });
});

describe("parseLineRef", () => {
  it("reads a path and a line", () => {
    expect(parseLineRef("src/app.ts:12")).toEqual({ path: "src/app.ts", line: 12 });
  });
  it("reads a column", () => {
    expect(parseLineRef("src/app.ts:12:3")).toEqual({ path: "src/app.ts", line: 12, column: 3 });
  });
  it("allows colons in the path", () => {
    expect(parseLineRef("C:\\a.ts:4")).toEqual({ path: "C:\\a.ts", line: 4 });
  });
  it("reads the two last numbers", () => {
    expect(parseLineRef("a:1:2:3")).toEqual({ path: "a:1", line: 2, column: 3 });
  });
  it("leaves the column key out", () => {
    expect(Object.keys(parseLineRef("a:1") ?? {})).toEqual(["path", "line"]);
  });
  it("refuses line zero", () => {
    expect(parseLineRef("a.ts:0")).toBe(undefined);
  });
  it("refuses a missing path or line", () => {
    expect(parseLineRef(":12")).toBe(undefined);
    expect(parseLineRef("a.ts")).toBe(undefined);
    expect(parseLineRef("a.ts:")).toBe(undefined);
  });
  it("refuses spaces at either end", () => {
    expect(parseLineRef(" a.ts:1")).toBe(undefined);
    expect(parseLineRef("a.ts:1 ")).toBe(undefined);
  });
});

describe("formatLineRef", () => {
  it("writes path and line", () => {
    expect(formatLineRef({ path: "a.ts", line: 3 })).toBe("a.ts:3");
  });
  it("writes the column", () => {
    expect(formatLineRef({ path: "a.ts", line: 3, column: 9 })).toBe("a.ts:3:9");
  });
  it("writes a column of zero", () => {
    expect(formatLineRef({ path: "a.ts", line: 3, column: 0 })).toBe("a.ts:3:0");
  });
  it("leaves out an undefined column", () => {
    expect(formatLineRef({ path: "b.ts", line: 10, column: undefined })).toBe("b.ts:10");
  });
  it("keeps folders in the path", () => {
    expect(formatLineRef({ path: "src/lib/x.ts", line: 1 })).toBe("src/lib/x.ts:1");
  });
});

describe("lineAnchor", () => {
  it("names the first and the last line", () => {
    expect(lineAnchor(3, 7)).toBe("L3-L7");
  });
  it("names a single line once", () => {
    expect(lineAnchor(5, 5)).toBe("L5");
  });
  it("names two lines that follow each other", () => {
    expect(lineAnchor(1, 2)).toBe("L1-L2");
  });
  it("writes large numbers", () => {
    expect(lineAnchor(99, 1200)).toBe("L99-L1200");
  });
  it("names the first line of a file", () => {
    expect(lineAnchor(1, 1)).toBe("L1");
  });
});
