import { describe, expect, it } from "vitest";
import {
  type Change,
  commonPrefixLength,
  countChanges,
  diffLines,
  groupHunks,
  lcsLength,
  renderChanges,
} from "./diff_lines.ts";

/** "+x" is an added x, "-x" a removed x, " x" a same x. */
const change = (text: string): Change => {
  const kind = text.startsWith("+") ? "added" : text.startsWith("-") ? "removed" : "same";
  return { kind, line: text.slice(1) };
};
const changes = (...texts: string[]): Change[] => texts.map(change);

describe("commonPrefixLength", () => {
  it("counts equal elements at the start", () =>
    expect(commonPrefixLength([1, 2, 3], [1, 2, 4])).toBe(2));
  it("stops at the first difference", () =>
    expect(commonPrefixLength(["a", "x", "c"], ["a", "b", "c"])).toBe(1));
  it("counts a list that the other continues", () =>
    expect(commonPrefixLength(["a"], ["a", "b"])).toBe(1));
  it("counts equal lists whole", () => expect(commonPrefixLength([5, 5, 5], [5, 5, 5])).toBe(3));
  it("is 0 when the first elements differ", () => expect(commonPrefixLength(["a"], ["b"])).toBe(0));
  it("is 0 for an empty list", () => expect(commonPrefixLength([], [1])).toBe(0));
});

describe("lcsLength", () => {
  it("counts elements with gaps", () =>
    expect(lcsLength(["a", "b", "c", "d"], ["b", "x", "d"])).toBe(2));
  it("counts equal lists whole", () => expect(lcsLength([1, 2, 3], [1, 2, 3])).toBe(3));
  it("respects the order", () => expect(lcsLength(["a", "b"], ["b", "a"])).toBe(1));
  it("uses each element once", () => expect(lcsLength(["a", "a"], ["a"])).toBe(1));
  it("is 0 without common elements", () => expect(lcsLength([1], [2, 3])).toBe(0));
  it("is 0 for an empty list", () => expect(lcsLength([], ["a"])).toBe(0));
  it("finds the longest among several", () =>
    expect(lcsLength([..."abcbdab"], [..."bdcaba"])).toBe(4));
});

describe("diffLines", () => {
  it("keeps equal files the same", () =>
    expect(diffLines(["a", "b"], ["a", "b"])).toEqual(changes(" a", " b")));
  it("shows a replaced line as removed, then added", () =>
    expect(diffLines(["a", "b"], ["a", "c"])).toEqual(changes(" a", "-b", "+c")));
  it("shows an inserted line", () =>
    expect(diffLines(["a", "c"], ["a", "b", "c"])).toEqual(changes(" a", "+b", " c")));
  it("shows a deleted line", () =>
    expect(diffLines(["a", "b", "c"], ["a", "c"])).toEqual(changes(" a", "-b", " c")));
  it("puts all removed lines before all added ones", () =>
    expect(diffLines(["a", "1", "2", "z"], ["a", "3", "4", "z"])).toEqual(
      changes(" a", "-1", "-2", "+3", "+4", " z"),
    ));
  it("keeps as many lines as possible", () =>
    expect(diffLines(["x", "a", "b", "c"], ["a", "b", "c", "x"])).toEqual(
      changes("-x", " a", " b", " c", "+x"),
    ));
  it("shows a new file as added", () =>
    expect(diffLines([], ["a", "b"])).toEqual(changes("+a", "+b")));
  it("shows an emptied file as removed", () => expect(diffLines(["a"], [])).toEqual(changes("-a")));
  it("finds nothing in two empty files", () => expect(diffLines([], [])).toEqual([]));
});

describe("countChanges", () => {
  it("counts both kinds", () =>
    expect(countChanges(changes("+a", "-b", " c", "+d"))).toEqual({ added: 2, removed: 1 }));
  it("does not count same lines", () =>
    expect(countChanges(changes(" a", " b"))).toEqual({ added: 0, removed: 0 }));
  it("counts only additions", () =>
    expect(countChanges(changes("+a"))).toEqual({ added: 1, removed: 0 }));
  it("counts only removals", () =>
    expect(countChanges(changes("-a", "-b"))).toEqual({ added: 0, removed: 2 }));
  it("counts nothing in no changes", () =>
    expect(countChanges([])).toEqual({ added: 0, removed: 0 }));
});

describe("renderChanges", () => {
  it("marks added lines", () => expect(renderChanges(changes("+a"))).toEqual(["+a"]));
  it("marks removed lines", () => expect(renderChanges(changes("-a"))).toEqual(["-a"]));
  it("marks same lines with a space", () => expect(renderChanges(changes(" a"))).toEqual([" a"]));
  it("keeps the order", () =>
    expect(renderChanges(changes(" a", "-b", "+c"))).toEqual([" a", "-b", "+c"]));
  it("marks empty lines", () => expect(renderChanges(changes("+", " "))).toEqual(["+", " "]));
  it("renders no changes as nothing", () => expect(renderChanges([])).toEqual([]));
});

describe("groupHunks", () => {
  it("keeps the lines around a change", () =>
    expect(groupHunks(changes(" 1", " 2", " 3", "+x", " 4", " 5"), 1)).toEqual([
      changes(" 3", "+x", " 4"),
    ]));
  it("separates distant changes", () =>
    expect(groupHunks(changes("+a", " 1", " 2", " 3", "-b"), 1)).toEqual([
      changes("+a", " 1"),
      changes(" 3", "-b"),
    ]));
  it("joins changes whose surroundings touch", () =>
    expect(groupHunks(changes("+a", " 1", " 2", "-b"), 1)).toEqual([
      changes("+a", " 1", " 2", "-b"),
    ]));
  it("keeps only changes without context", () =>
    expect(groupHunks(changes(" 1", "-a", "+b", " 2", "+c"), 0)).toEqual([
      changes("-a", "+b"),
      changes("+c"),
    ]));
  it("keeps everything with much context", () =>
    expect(groupHunks(changes(" 1", " 2", "+a"), 9)).toEqual([changes(" 1", " 2", "+a")]));
  it("finds no hunks without differences", () =>
    expect(groupHunks(changes(" 1", " 2"), 3)).toEqual([]));
});
