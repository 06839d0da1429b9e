import { describe, expect, it } from "vitest";
import {
  alignColumns,
  columnValues,
  columnWidths,
  escapeCell,
  markdownTable,
  parseTableRow,
  sortRows,
  transpose,
} from "./tables.ts";

describe("escapeCell", () => {
  it("escapes a bar", () => {
    expect(escapeCell("a|b")).toBe("a\\|b");
  });
  it("escapes every bar", () => {
    expect(escapeCell("a || b")).toBe("a \\|\\| b");
  });
  it("replaces line breaks", () => {
    expect(escapeCell("one\ntwo\nthree")).toBe("one<br>two<br>three");
  });
  it("returns other text as it is", () => {
    expect(escapeCell("plain *text*")).toBe("plain *text*");
  });
  it("keeps an empty text empty", () => {
    expect(escapeCell("")).toBe("");
  });
});

describe("columnValues", () => {
  const rows = [["a", "1"], ["b", "2"], ["c"]];
  it("returns the first column", () => {
    expect(columnValues(rows, 0)).toEqual(["a", "b", "c"]);
  });
  it("gives empty cells for short rows", () => {
    expect(columnValues(rows, 1)).toEqual(["1", "2", ""]);
  });
  it("gives only empty cells beyond all rows", () => {
    expect(columnValues(rows, 9)).toEqual(["", "", ""]);
  });
  it("keeps empty cells", () => {
    expect(columnValues([["", "x"]], 0)).toEqual([""]);
  });
  it("is empty without rows", () => {
    expect(columnValues([], 0)).toEqual([]);
  });
});

describe("columnWidths", () => {
  it("measures a row", () => {
    expect(columnWidths([["a", "bbb"]])).toEqual([1, 3]);
  });
  it("takes the longest cell", () => {
    expect(columnWidths([["a", "bbb"], ["cccc", "d"]])).toEqual([4, 3]);
  });
  it("accepts rows of different lengths", () => {
    expect(columnWidths([["a", "bb"], ["ccc"], ["", "", "d"]])).toEqual([3, 2, 1]);
  });
  it("is 0 for a column of empty cells", () => {
    expect(columnWidths([["", "x"], ["", ""]])).toEqual([0, 1]);
  });
  it("is empty without rows", () => {
    expect(columnWidths([])).toEqual([]);
  });
});

describe("transpose", () => {
  it("swaps rows and columns", () => {
    expect(transpose([[1, 2, 3], [4, 5, 6]], 0)).toEqual([[1, 4], [2, 5], [3, 6]]);
  });
  it("turns a row into a column", () => {
    expect(transpose([["a", "b"]], "")).toEqual([["a"], ["b"]]);
  });
  it("fills missing cells", () => {
    expect(transpose([[1, 2], [3]], 0)).toEqual([[1, 3], [2, 0]]);
    expect(transpose([["a"], ["b", "c"]], "-")).toEqual([["a", "b"], ["-", "c"]]);
  });
  it("keeps undefined cells that are there", () => {
    expect(transpose<number | undefined>([[undefined], [1]], 9)).toEqual([[undefined, 1]]);
  });
  it("is empty without rows or cells", () => {
    expect(transpose([], 0)).toEqual([]);
    expect(transpose([[], []], 0)).toEqual([]);
  });
});

describe("alignColumns", () => {
  it("pads the columns", () => {
    expect(alignColumns([["a", "1"], ["bbb", "2"]])).toBe("a    1\nbbb  2");
  });
  it("leaves the last column without padding", () => {
    expect(alignColumns([["x", "long"], ["y", "s"]])).toBe("x  long\ny  s");
  });
  it("aligns three columns", () => {
    expect(alignColumns([["a", "b", "c"], ["aa", "bb", "cc"]])).toBe("a   b   c\naa  bb  cc");
  });
  it("removes spaces at the end of a line", () => {
    expect(alignColumns([["name", ""], ["x", "1"]])).toBe("name\nx     1");
  });
  it("is empty without rows", () => {
    expect(alignColumns([])).toBe("");
  });
});

describe("markdownTable", () => {
  it("formats headers and rows", () => {
    expect(markdownTable(["a", "b"], [["x", "y"]])).toBe("| a | b |\n| --- | --- |\n| x | y |");
  });
  it("aligns columns of numbers to the right", () => {
    const rows = [["x", "1"], ["y", "-2.5"]];
    expect(markdownTable(["a", "b"], rows).split("\n")[1]).toBe("| --- | --: |");
  });
  it("does not align a column with one other cell", () => {
    const rows = [["1", "1"], ["2%", "3"]];
    expect(markdownTable(["a", "b"], rows).split("\n")[1]).toBe("| --- | --: |");
  });
  it("fills missing cells and drops surplus ones", () => {
    const lines = markdownTable(["a", "b"], [["x"], ["x", "y", "z"]]).split("\n");
    expect(lines.slice(2)).toEqual(["| x |  |", "| x | y |"]);
  });
  it("accepts no rows", () => {
    expect(markdownTable(["a"], [])).toBe("| a |\n| --- |");
  });
});

describe("parseTableRow", () => {
  it("reads cells between bars", () => {
    expect(parseTableRow("| a | b c |")).toEqual(["a", "b c"]);
  });
  it("does not need bars at the ends", () => {
    expect(parseTableRow("a|b")).toEqual(["a", "b"]);
    expect(parseTableRow("  a | b |  ")).toEqual(["a", "b"]);
  });
  it("has empty cells", () => {
    expect(parseTableRow("| a |  | |")).toEqual(["a", "", ""]);
    expect(parseTableRow("| x |")).toEqual(["x"]);
  });
  it("reads an escaped bar", () => {
    expect(parseTableRow("| a \\| b | c |")).toEqual(["a | b", "c"]);
  });
  it("keeps other backslashes", () => {
    expect(parseTableRow("| C:\\dir | \\n |")).toEqual(["C:\\dir", "\\n"]);
  });
  it("does not separate within code", () => {
    expect(parseTableRow("| `a | b` | c |")).toEqual(["`a | b`", "c"]);
  });
  it("is null without a separating bar", () => {
    expect(parseTableRow("plain text")).toBeNull();
    expect(parseTableRow("a \\| b")).toBeNull();
    expect(parseTableRow("  ")).toBeNull();
  });
});

describe("sortRows", () => {
  it("sorts strings", () => {
    expect(sortRows([["b"], ["c"], ["a"]], 0)).toEqual([["a"], ["b"], ["c"]]);
  });
  it("sorts numbers by value", () => {
    expect(sortRows([["x", "10"], ["y", "9"], ["z", "-1.5"]], 1)).toEqual([
      ["z", "-1.5"],
      ["y", "9"],
      ["x", "10"],
    ]);
  });
  it("puts numbers before others, and blank cells among the others", () => {
    expect(sortRows([["b"], [""], ["2"], ["a"]], 0)).toEqual([["2"], [""], ["a"], ["b"]]);
  });
  it("reverses the order on request", () => {
    expect(sortRows([["1"], ["x"], ["3"]], 0, true)).toEqual([["x"], ["3"], ["1"]]);
  });
  it("keeps the order of equal cells in both directions", () => {
    const rows = [["b", "1"], ["a", "1"]];
    expect(sortRows(rows, 1)).toEqual(rows);
    expect(sortRows(rows, 1, true)).toEqual(rows);
  });
  it("takes missing cells as empty and does not change the list", () => {
    const rows = [["x", "q"], ["y"]];
    expect(sortRows(rows, 1)).toEqual([["y"], ["x", "q"]]);
    expect(rows).toEqual([["x", "q"], ["y"]]);
  });
});
