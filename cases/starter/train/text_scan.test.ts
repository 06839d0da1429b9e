import { describe, expect, it } from "vitest";
import {
  excerpt,
  findLine,
  indexesOf,
  textAfterLast,
  textBefore,
  textBetween,
  withoutStart,
} from "./text_scan.ts";

describe("textBefore", () => {
  it("cuts at the mark", () => {
    expect(textBefore("name=value", "=")).toBe("name");
  });
  it("cuts at the first of several marks", () => {
    expect(textBefore("a.b.c", ".")).toBe("a");
  });
  it("returns all of it without the mark", () => {
    expect(textBefore("plain", "=")).toBe("plain");
  });
  it("is empty when the mark comes first", () => {
    expect(textBefore("#title", "#")).toBe("");
  });
  it("takes marks of several characters", () => {
    expect(textBefore("key: a", ": ")).toBe("key");
  });
});

describe("textAfterLast", () => {
  it("cuts behind the mark", () => {
    expect(textAfterLast("name=value", "=")).toBe("value");
  });
  it("cuts behind the last of several marks", () => {
    expect(textAfterLast("a.b.c", ".")).toBe("c");
  });
  it("returns all of it without the mark", () => {
    expect(textAfterLast("plain", "=")).toBe("plain");
  });
  it("is empty when the mark comes last", () => {
    expect(textAfterLast("a/b/", "/")).toBe("");
  });
  it("takes marks of several characters", () => {
    expect(textAfterLast("a -> b -> c", " -> ")).toBe("c");
  });
});

describe("textBetween", () => {
  it("returns what is between the marks", () => {
    expect(textBetween("a <b> c", "<", ">")).toBe("b");
  });
  it("returns null without the first mark", () => {
    expect(textBetween("a b> c", "<", ">")).toBe(null);
  });
  it("returns null without the second mark", () => {
    expect(textBetween("a <b c", "<", ">")).toBe(null);
  });
  it("ignores a second mark before the first", () => {
    expect(textBetween("> <b>", "<", ">")).toBe("b");
  });
  it("can be empty", () => {
    expect(textBetween("()", "(", ")")).toBe("");
  });
  it("takes equal marks", () => {
    expect(textBetween('say "hi" now', '"', '"')).toBe("hi");
  });
  it("takes marks of several characters", () => {
    expect(textBetween("x [[a]] y", "[[", "]]")).toBe("a");
  });
});

describe("indexesOf", () => {
  it("finds all occurrences", () => {
    expect(indexesOf("abcabc", "b")).toEqual([1, 4]);
  });
  it("finds overlapping occurrences", () => {
    expect(indexesOf("aaa", "aa")).toEqual([0, 1]);
  });
  it("finds nothing", () => {
    expect(indexesOf("abc", "x")).toEqual([]);
  });
  it("finds nothing for an empty part", () => {
    expect(indexesOf("abc", "")).toEqual([]);
  });
  it("finds the whole text", () => {
    expect(indexesOf("abc", "abc")).toEqual([0]);
  });
  it("finds nothing in an empty text", () => {
    expect(indexesOf("", "a")).toEqual([]);
  });
});

describe("withoutStart", () => {
  it("removes the beginning", () => {
    expect(withoutStart("npm run test", "npm run ")).toBe("test");
  });
  it("keeps a text with another beginning", () => {
    expect(withoutStart("yarn test", "npm run ")).toBe("yarn test");
  });
  it("removes it only once", () => {
    expect(withoutStart("../../a", "../")).toBe("../a");
  });
  it("does not remove it elsewhere", () => {
    expect(withoutStart("a-b", "-b")).toBe("a-b");
  });
  it("can remove everything", () => {
    expect(withoutStart("abc", "abc")).toBe("");
  });
});

describe("findLine", () => {
  it("finds a line and trims it", () => {
    expect(findLine("one\n two ", "two")).toBe("2: two");
  });
  it("ignores the letter case", () => {
    expect(findLine("one\ntwo", "TWO")).toBe("2: two");
    expect(findLine("FIX me", "fix")).toBe("1: FIX me");
  });
  it("takes the first line", () => {
    expect(findLine("a1\na2\na3", "a")).toBe("1: a1");
  });
  it("is empty when there is none", () => {
    expect(findLine("one\ntwo", "three")).toBe("");
  });
  it("finds a part of a word", () => {
    expect(findLine("x\ny\nworking", "work")).toBe("3: working");
  });
});

describe("excerpt", () => {
  it("shows the text around a word", () => {
    expect(excerpt("one two three", "two", 2)).toBe("...e two t...");
  });
  it("has no dots at the start of the text", () => {
    expect(excerpt("one two three", "one", 4)).toBe("one two...");
  });
  it("has no dots at the end of the text", () => {
    expect(excerpt("one two three", "three", 4)).toBe("...two three");
  });
  it("shows all of a short text", () => {
    expect(excerpt("one two", "two", 50)).toBe("one two");
  });
  it("is empty without the word", () => {
    expect(excerpt("one two", "four", 3)).toBe("");
  });
  it("shows only the word for no width", () => {
    expect(excerpt("a bc d", "bc", 0)).toBe("...bc...");
  });
});
