import { describe, expect, it } from "vitest";
import { editDistance, fuzzyScore, markWords, matchesSearch, parseSearch } from "./query_words.ts";

describe("parseSearch", () => {
  it("reads words", () => {
    expect(
      parseSearch("Fix bug"),
    ).toEqual([{ word: "fix", excluded: false }, { word: "bug", excluded: false }]);
  });
  it("reads excluded words", () => {
    expect(
      parseSearch("a -b"),
    ).toEqual([{ word: "a", excluded: false }, { word: "b", excluded: true }]);
  });
  it("reads quotes", () => {
    expect(
      parseSearch('a -"b c"'),
    ).toEqual([{ word: "a", excluded: false }, { word: "b c", excluded: true }]);
  });
  it("leaves out empty terms", () => {
    expect(parseSearch('  "" ')).toEqual([]);
    expect(parseSearch("")).toEqual([]);
  });
  it("reads a quote that is not closed", () => {
    expect(
      parseSearch('x "a b'),
    ).toEqual([{ word: "x", excluded: false }, { word: "a b", excluded: false }]);
  });
  it("keeps a dash within a word", () => {
    expect(parseSearch("read-only")).toEqual([{ word: "read-only", excluded: false }]);
  });
});

describe("matchesSearch", () => {
  const has = (word: string) => ({ word, excluded: false });
  const not = (word: string) => ({ word, excluded: true });
  it("needs all words", () => {
    expect(matchesSearch("fix the bug", [has("fix"), has("bug")])).toBe(true);
    expect(matchesSearch("fix it", [has("fix"), has("bug")])).toBe(false);
  });
  it("refuses excluded words", () => {
    expect(matchesSearch("fix the bug", [has("fix"), not("bug")])).toBe(false);
  });
  it("accepts a text without the excluded word", () => {
    expect(matchesSearch("fix it", [has("fix"), not("bug")])).toBe(true);
  });
  it("ignores the letter case of the text", () => {
    expect(matchesSearch("FIX", [has("fix")])).toBe(true);
    expect(matchesSearch("BUG", [not("bug")])).toBe(false);
  });
  it("matches everything without words", () => {
    expect(matchesSearch("anything", [])).toBe(true);
  });
});

describe("editDistance", () => {
  it("counts replaced and added characters", () => {
    expect(editDistance("kitten", "sitting")).toBe(3);
  });
  it("is 0 for equal texts", () => {
    expect(editDistance("same", "same")).toBe(0);
  });
  it("is the length against an empty text", () => {
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("abc", "")).toBe(3);
  });
  it("counts removed characters", () => {
    expect(editDistance("colour", "color")).toBe(1);
  });
  it("counts exchanged neighbours as two", () => {
    expect(editDistance("ab", "ba")).toBe(2);
  });
  it("does not depend on the direction", () => {
    expect(editDistance("flaw", "lawn")).toBe(2);
    expect(editDistance("lawn", "flaw")).toBe(2);
  });
});

describe("fuzzyScore", () => {
  it("gives points for the starts of words", () => {
    expect(fuzzyScore("rf", "read_file")).toBe(6);
  });
  it("gives points for neighbours", () => {
    expect(fuzzyScore("ea", "read")).toBe(4);
  });
  it("gives one point elsewhere", () => {
    expect(fuzzyScore("ad", "aXd")).toBe(4);
    expect(fuzzyScore("d", "read")).toBe(1);
  });
  it("is null when a character is missing", () => {
    expect(fuzzyScore("rx", "read")).toBe(null);
    expect(fuzzyScore("er", "read")).toBe(null);
  });
  it("ignores the letter case", () => {
    expect(fuzzyScore("RE", "Read")).toBe(6);
  });
  it("is 0 for an empty query", () => {
    expect(fuzzyScore("", "read")).toBe(0);
  });
  it("needs each character for itself", () => {
    expect(fuzzyScore("aa", "a")).toBe(null);
  });
});

describe("markWords", () => {
  it("marks a word in any letter case", () => {
    expect(markWords("Read it", ["read"])).toBe("**Read** it");
  });
  it("marks every occurrence", () => {
    expect(markWords("a b a", ["a"])).toBe("**a** b **a**");
  });
  it("takes the longest word", () => {
    expect(markWords("password", ["pass", "password"])).toBe("**password**");
  });
  it("does not overlap", () => {
    expect(markWords("aaa", ["aa"])).toBe("**aa**a");
  });
  it("marks neighbours one by one", () => {
    expect(markWords("abab", ["ab"])).toBe("**ab****ab**");
  });
  it("ignores empty words", () => {
    expect(markWords("text", [""])).toBe("text");
    expect(markWords("text", [])).toBe("text");
  });
});
