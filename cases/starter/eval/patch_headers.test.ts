import { describe, expect, it } from "vitest";
import {
  formatRange,
  lastLineOf,
  listChangedFiles,
  parseHunkHeader,
  parseRange,
  pathOfHeader,
  findWrongCounts,
} from "./patch_headers.ts";

describe("parseRange", () => {
  it("reads start and count", () => expect(parseRange("12,3")).toEqual({ start: 12, count: 3 }));
  it("reads a start as one line", () => expect(parseRange("12")).toEqual({ start: 12, count: 1 }));
  it("reads an empty range", () => expect(parseRange("0,0")).toEqual({ start: 0, count: 0 }));
  it("refuses a sign", () =>
    expect([parseRange("-1,2"), parseRange("7")]).toEqual([undefined, { start: 7, count: 1 }]));
  it("refuses text behind and before numbers", () =>
    expect([parseRange("1,2x"), parseRange(" 1"), parseRange("1,2,3"), parseRange("5,6")]).toEqual([
      undefined,
      undefined,
      undefined,
      { start: 5, count: 6 },
    ]));
  it("refuses missing numbers", () =>
    expect([parseRange(""), parseRange(",2"), parseRange("1,"), parseRange("1,1")]).toEqual([
      undefined,
      undefined,
      undefined,
      { start: 1, count: 1 },
    ]));
});

describe("formatRange", () => {
  it("writes start and count", () => expect(formatRange({ start: 3, count: 7 })).toBe("3,7"));
  it("leaves out a count of 1", () => expect(formatRange({ start: 3, count: 1 })).toBe("3"));
  it("writes an empty range", () => expect(formatRange({ start: 0, count: 0 })).toBe("0,0"));
  it("writes a count of 2", () => expect(formatRange({ start: 1, count: 2 })).toBe("1,2"));
  it("writes large numbers plainly", () =>
    expect(formatRange({ start: 12345, count: 1000 })).toBe("12345,1000"));
});

describe("lastLineOf", () => {
  it("is the start of a single line", () => expect(lastLineOf({ start: 5, count: 1 })).toBe(5));
  it("counts the first line", () => expect(lastLineOf({ start: 5, count: 3 })).toBe(7));
  it("is the start of an empty range", () => expect(lastLineOf({ start: 5, count: 0 })).toBe(5));
  it("is the count when the range starts at 1", () =>
    expect(lastLineOf({ start: 1, count: 40 })).toBe(40));
  it("is 0 for the range of an empty file", () =>
    expect(lastLineOf({ start: 0, count: 0 })).toBe(0));
});

describe("parseHunkHeader", () => {
  const range = (start: number, count: number) => ({ start, count });

  it("reads both ranges", () =>
    expect(parseHunkHeader("@@ -1,4 +2,5 @@")).toEqual({
      old: range(1, 4),
      new: range(2, 5),
      section: "",
    }));
  it("reads ranges of one line", () =>
    expect(parseHunkHeader("@@ -3 +4 @@")).toEqual({
      old: range(3, 1),
      new: range(4, 1),
      section: "",
    }));
  it("reads the section", () =>
    expect(parseHunkHeader("@@ -1,4 +1 @@ class A")).toEqual({
      old: range(1, 4),
      new: range(1, 1),
      section: "class A",
    }));
  it("trims the section", () =>
    expect(parseHunkHeader("@@ -0,0 +1,2 @@   f() {  ")).toEqual({
      old: range(0, 0),
      new: range(1, 2),
      section: "f() {",
    }));
  it("keeps marks within the section", () =>
    expect(parseHunkHeader("@@ -1 +1 @@ a @@ b")?.section).toBe("a @@ b"));
  it("refuses other lines", () =>
    expect(
      ["", "--- a/x", "@@ 1,2 3,4 @@", "x @@ -1 +1 @@", "@@ -1 +1 @@"].map(
        (line) => parseHunkHeader(line) === undefined,
      ),
    ).toEqual([true, true, true, true, false]));
});

describe("pathOfHeader", () => {
  it("removes the prefix of the old file", () =>
    expect(pathOfHeader("--- a/src/x.ts")).toBe("src/x.ts"));
  it("removes the prefix of the new file", () =>
    expect(pathOfHeader("+++ b/src/x.ts")).toBe("src/x.ts"));
  it("removes a time stamp", () =>
    expect(pathOfHeader("--- a/x.ts\t2024-01-01 10:00")).toBe("x.ts"));
  it("removes the prefix once", () => expect(pathOfHeader("+++ b/a/b/x")).toBe("a/b/x"));
  it("accepts a path without prefix", () => expect(pathOfHeader("+++ lib/x.ts")).toBe("lib/x.ts"));
  it("keeps spaces in a path", () => expect(pathOfHeader("--- a/my file.ts")).toBe("my file.ts"));
  it("gives null for a missing file", () => expect(pathOfHeader("+++ /dev/null")).toBeNull());
  it("gives null for other lines", () =>
    expect(["-- a/x", "@@ -1 +1 @@", "---"].map(pathOfHeader)).toEqual([null, null, null]));
});

describe("listChangedFiles", () => {
  const patch = (...lines: string[]): string => lines.join("\n");

  it("lists a modified file", () =>
    expect(listChangedFiles(patch("--- a/x.ts", "+++ b/x.ts", "@@ -1 +1 @@", "-1", "+2"))).toEqual([
      { path: "x.ts", status: "modified" },
    ]));
  it("lists an added file", () =>
    expect(listChangedFiles(patch("--- /dev/null", "+++ b/new.ts"))).toEqual([
      { path: "new.ts", status: "added" },
    ]));
  it("lists a deleted file by its old path", () =>
    expect(listChangedFiles(patch("--- a/old.ts", "+++ /dev/null"))).toEqual([
      { path: "old.ts", status: "deleted" },
    ]));
  it("lists a renamed file by its new path", () =>
    expect(listChangedFiles(patch("--- a/old.ts", "+++ b/lib/new.ts"))).toEqual([
      { path: "lib/new.ts", status: "renamed" },
    ]));
  it("lists several files in order", () =>
    expect(
      listChangedFiles(
        patch(
          "diff",
          "--- a/z",
          "+++ b/z",
          "@@ -1 +0,0 @@",
          "-a",
          "--- /dev/null",
          "+++ b/a",
          "+x",
        ),
      ),
    ).toEqual([
      { path: "z", status: "modified" },
      { path: "a", status: "added" },
    ]));
  it("ignores a header without its second line", () =>
    expect(listChangedFiles(patch("--- a/x", "text", "+++ b/x", "--- a/y"))).toEqual([]));
  it("lists nothing for an empty patch", () => expect(listChangedFiles("")).toEqual([]));
});

describe("findWrongCounts", () => {
  const check = (...lines: string[]): number[] => findWrongCounts(lines.join("\n"));

  it("finds nothing wrong in a correct hunk", () =>
    expect(check("@@ -1,2 +1,2 @@", " a", "-b", "+c")).toEqual([]));
  it("finds a wrong old count", () =>
    expect(check("@@ -1,3 +1,2 @@", " a", "-b", "+c")).toEqual([1]));
  it("finds a wrong new count", () =>
    expect(check("@@ -1,2 +1 @@", " a", "-b", "+c")).toEqual([1]));
  it("takes a missing count as 1", () =>
    expect([check("@@ -1 +1 @@ f()", "-a", "+b"), check("@@ -1 +1 @@", "-a")]).toEqual([[], [1]]));
  it("names the lines of the wrong headers", () =>
    expect(
      check(
        "--- a/x",
        "+++ b/x",
        "@@ -1,1 +1,2 @@",
        " a",
        "@@ -5 +6 @@",
        " b",
        "@@ -9,0 +9,5 @@",
        "+c",
      ),
    ).toEqual([3, 7]));
  it("does not count other lines", () =>
    expect([
      check("@@ -1 +1 @@", "-a", "\\ No newline", "+b", ""),
      check("@@ -1,2 +1 @@", "\\ x", " a"),
    ]).toEqual([[], [1]]));
  it("finds a header without lines", () =>
    expect([check("@@ -0,0 +0,0 @@"), check("@@ -1 +0,0 @@")]).toEqual([[], [1]]));
  it("ignores the lines before the first header", () =>
    expect(check("-a", " b", "@@ -1 +1 @@")).toEqual([3]));
});
