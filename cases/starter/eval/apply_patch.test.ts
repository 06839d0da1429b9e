import { describe, expect, it } from "vitest";
import { applyHunks, locate, netLines, oldSide, parseHunks, reverseHunk } from "./apply_patch.ts";

const hunk = (start: number, ...lines: string[]) => ({ start, lines });

describe("oldSide", () => {
  it("keeps shared and removed lines", () =>
    expect(oldSide(hunk(1, " a", "-b", "+c", " d"))).toEqual(["a", "b", "d"]));
  it("leaves added lines out", () => expect(oldSide(hunk(1, "+a", "+b"))).toEqual([]));
  it("removes only the sign", () => expect(oldSide(hunk(1, "   a", "--b"))).toEqual(["  a", "-b"]));
  it("keeps empty lines", () => expect(oldSide(hunk(1, " ", "-", "+"))).toEqual(["", ""]));
  it("keeps a removed line that looks like an addition", () =>
    expect(oldSide(hunk(2, "-+x"))).toEqual(["+x"]));
});

describe("netLines", () => {
  it("counts added lines", () => expect(netLines(hunk(1, "+a", "+b", " c"))).toBe(2));
  it("counts removed lines negatively", () => expect(netLines(hunk(1, "-a", "-b", "-c"))).toBe(-3));
  it("is 0 for a replacement", () => expect(netLines(hunk(1, "-a", "+b"))).toBe(0));
  it("does not count shared lines", () => expect(netLines(hunk(1, " a", " +b", "+c"))).toBe(1));
  it("looks only at the sign", () => expect(netLines(hunk(1, "--a", "-+b", "+-c"))).toBe(-1));
});

describe("reverseHunk", () => {
  it("makes added lines removed", () => expect(reverseHunk(hunk(1, "+a"))).toEqual(hunk(1, "-a")));
  it("makes removed lines added", () =>
    expect(reverseHunk(hunk(4, "-a", "-b"))).toEqual(hunk(4, "+a", "+b")));
  it("keeps shared lines and the order", () =>
    expect(reverseHunk(hunk(2, " a", "-b", "+c", " d"))).toEqual(hunk(2, " a", "+b", "-c", " d")));
  it("exchanges only the sign", () =>
    expect(reverseHunk(hunk(1, "+-x", "-+y"))).toEqual(hunk(1, "--x", "++y")));
  it("does not change the given hunk", () => {
    const given = hunk(3, "+a", "-b");
    expect(reverseHunk(given).lines).toEqual(["-a", "+b"]);
    expect(given).toEqual(hunk(3, "+a", "-b"));
  });
});

describe("locate", () => {
  it("finds the only place", () => expect(locate(["a", "b", "c"], ["b", "c"], 0)).toBe(1));
  it("finds the nearest place", () => expect(locate(["a", "b", "a", "c", "a"], ["a"], 3)).toBe(2));
  it("finds the nearest place behind", () =>
    expect(locate(["a", "b", "b", "b", "a"], ["a"], 3)).toBe(4));
  it("prefers the smaller of equally near places", () =>
    expect(locate(["a", "b", "a"], ["a"], 1)).toBe(0));
  it("compares lines exactly", () => expect(locate([" a", "a"], ["a"], 0)).toBe(1));
  it("returns -1 when a line differs", () => expect(locate(["a", "b"], ["a", "c"], 0)).toBe(-1));
  it("returns -1 when the file ends too early", () =>
    expect(locate(["a"], ["a", "b"], 0)).toBe(-1));
});

describe("parseHunks", () => {
  const patch = (...lines: string[]): string => lines.join("\n");

  it("reads a hunk", () =>
    expect(parseHunks(patch("@@ -3,2 +3,2 @@", " a", "-b", "+c"))).toEqual([
      hunk(3, " a", "-b", "+c"),
    ]));
  it("reads a header without count", () =>
    expect(parseHunks(patch("@@ -7 +7 @@ f()", "-x"))).toEqual([hunk(7, "-x")]));
  it("reads several hunks", () =>
    expect(parseHunks(patch("@@ -1 +1 @@", "-a", "@@ -12,1 +11,2 @@", " z", "+y"))).toEqual([
      hunk(1, "-a"),
      hunk(12, " z", "+y"),
    ]));
  it("ignores the lines before the first hunk", () =>
    expect(parseHunks(patch("--- a/x", "+++ b/x", "@@ -1 +1 @@", "+a"))).toEqual([hunk(1, "+a")]));
  it("ends a hunk at another line", () =>
    expect(parseHunks(patch("@@ -1 +1 @@", "-a", "\\ No newline at end of file", "+b"))).toEqual([
      hunk(1, "-a"),
    ]));
  it("ends a hunk at an empty line", () =>
    expect(parseHunks(patch("@@ -1 +1 @@", "+a", "", " b"))).toEqual([hunk(1, "+a")]));
  it("finds no hunks in other text", () => expect(parseHunks("--- a/x\n+++ b/x\n")).toEqual([]));
});

describe("applyHunks", () => {
  it("replaces a line", () =>
    expect(applyHunks(["a", "b", "c"], [hunk(1, " a", "-b", "+x", " c")])).toEqual([
      "a",
      "x",
      "c",
    ]));
  it("inserts before the line of its start", () =>
    expect(applyHunks(["a", "b"], [hunk(2, "+x", "+y")])).toEqual(["a", "x", "y", "b"]));
  it("inserts at the end", () => expect(applyHunks(["a"], [hunk(2, "+b")])).toEqual(["a", "b"]));
  it("fills an empty file", () => expect(applyHunks([], [hunk(1, "+a")])).toEqual(["a"]));
  it("counts later starts in the old file", () =>
    expect(
      applyHunks(["1", "2", "3", "4", "5"], [hunk(1, "+0", " 1"), hunk(4, "-4", " 5")]),
    ).toEqual(["0", "1", "2", "3", "5"]));
  it("applies hunks that touch", () =>
    expect(applyHunks(["a", "b"], [hunk(1, "-a"), hunk(2, "-b", "+c")])).toEqual(["c"]));
  it("refuses a hunk that does not match", () =>
    expect(() => applyHunks(["a", "b"], [hunk(1, " a"), hunk(2, "-x")])).toThrow(
      "hunk 2 does not match",
    ));
  it("refuses lines behind the end of the file", () =>
    expect(() => applyHunks(["a"], [hunk(1, " a", " b")])).toThrow("hunk 1 does not match"));
  it("refuses overlapping hunks", () =>
    expect(() => applyHunks(["a", "b"], [hunk(1, " a", " b"), hunk(2, "-b")])).toThrow(
      "hunk 2 does not match",
    ));
});
