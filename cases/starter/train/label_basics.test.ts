import { describe, expect, it } from "vitest";
import {
  inBrackets,
  labelList,
  labelStart,
  sameLabel,
  sortedLabels,
  uniqueLabels,
} from "./label_basics.ts";

describe("inBrackets", () => {
  it("encloses a word", () => {
    expect(inBrackets("bug")).toBe("[bug]");
  });
  it("encloses two words", () => {
    expect(inBrackets("good first")).toBe("[good first]");
  });
  it("encloses nothing", () => {
    expect(inBrackets("")).toBe("[]");
  });
  it("encloses digits", () => {
    expect(inBrackets("42")).toBe("[42]");
  });
  it("adds brackets to those that are there", () => {
    expect(inBrackets("[a]")).toBe("[[a]]");
  });
});

describe("labelStart", () => {
  it("returns three characters", () => {
    expect(labelStart("feature", 3)).toBe("fea");
  });
  it("returns one character", () => {
    expect(labelStart("bug", 1)).toBe("b");
  });
  it("returns nothing for 0", () => {
    expect(labelStart("bug", 0)).toBe("");
  });
  it("returns a short label whole", () => {
    expect(labelStart("bug", 10)).toBe("bug");
  });
  it("counts spaces", () => {
    expect(labelStart("a b c", 2)).toBe("a ");
  });
});

describe("labelList", () => {
  it("joins two labels", () => {
    expect(labelList(["bug", "docs"])).toBe("bug, docs");
  });
  it("joins three labels", () => {
    expect(labelList(["a", "b", "c"])).toBe("a, b, c");
  });
  it("returns the only label", () => {
    expect(labelList(["bug"])).toBe("bug");
  });
  it("returns the empty text for no labels", () => {
    expect(labelList([])).toBe("");
  });
  it("keeps the order", () => {
    expect(labelList(["z", "a"])).toBe("z, a");
  });
});

describe("sortedLabels", () => {
  it("sorts two labels", () => {
    expect(sortedLabels(["docs", "bug"])).toEqual(["bug", "docs"]);
  });
  it("sorts three labels", () => {
    expect(sortedLabels(["c", "a", "b"])).toEqual(["a", "b", "c"]);
  });
  it("keeps the order of sorted labels", () => {
    expect(sortedLabels(["a", "b"])).toEqual(["a", "b"]);
  });
  it("keeps the only label", () => {
    expect(sortedLabels(["bug"])).toEqual(["bug"]);
  });
  it("keeps equal labels", () => {
    expect(sortedLabels(["b", "a", "b"])).toEqual(["a", "b", "b"]);
  });
});

describe("sameLabel", () => {
  it("returns true for equal labels", () => {
    expect(sameLabel("bug", "bug")).toBe(true);
  });
  it("returns true for another letter case", () => {
    expect(sameLabel("Bug", "bug")).toBe(true);
  });
  it("returns true when both have capitals", () => {
    expect(sameLabel("BUG", "bUg")).toBe(true);
  });
  it("returns false for different labels", () => {
    expect(sameLabel("bug", "docs")).toBe(false);
  });
  it("returns false for a part of the label", () => {
    expect(sameLabel("bug", "bu")).toBe(false);
  });
});

describe("uniqueLabels", () => {
  it("removes a repeat", () => {
    expect(uniqueLabels(["a", "b", "a"])).toEqual(["a", "b"]);
  });
  it("removes many repeats", () => {
    expect(uniqueLabels(["x", "x", "x"])).toEqual(["x"]);
  });
  it("keeps labels that differ", () => {
    expect(uniqueLabels(["b", "a"])).toEqual(["b", "a"]);
  });
  it("keeps an empty list", () => {
    expect(uniqueLabels([])).toEqual([]);
  });
  it("keeps labels that differ in letter case", () => {
    expect(uniqueLabels(["bug", "Bug"])).toEqual(["bug", "Bug"]);
  });
});
