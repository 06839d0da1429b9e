import { describe, expect, it } from "vitest";
import {
  countFilledLines,
  countQuestions,
  longestWord,
  readingMinutes,
  topWords,
} from "./word_count.ts";

describe("countQuestions", () => {
  it("counts question marks", () => {
    expect(countQuestions("Why? How?")).toBe(2);
  });
  it("counts a run once", () => {
    expect(countQuestions("What???")).toBe(1);
  });
  it("counts marks apart from each other", () => {
    expect(countQuestions("a? ? b?!?")).toBe(4);
  });
  it("is 0 without question marks", () => {
    expect(countQuestions("Fix it.")).toBe(0);
  });
  it("is 0 for an empty text", () => {
    expect(countQuestions("")).toBe(0);
  });
});

describe("countFilledLines", () => {
  it("counts lines", () => {
    expect(countFilledLines("a\nb")).toBe(2);
  });
  it("skips empty lines", () => {
    expect(countFilledLines("a\n\n\nb\n")).toBe(2);
  });
  it("skips lines of white space", () => {
    expect(countFilledLines("a\n  \t\nb\nc")).toBe(3);
  });
  it("is 0 for an empty text", () => {
    expect(countFilledLines("")).toBe(0);
  });
  it("is 1 for a single line", () => {
    expect(countFilledLines("  a")).toBe(1);
  });
});

describe("longestWord", () => {
  it("finds the longest word", () => {
    expect(longestWord("a prompt is short")).toBe("prompt");
  });
  it("takes the first of equal length", () => {
    expect(longestWord("two one six")).toBe("two");
  });
  it("leaves punctuation out", () => {
    expect(longestWord("Hi, you!!!! ok")).toBe("you");
  });
  it("splits words at digits", () => {
    expect(longestWord("ab1cde2f")).toBe("cde");
  });
  it("is empty without words", () => {
    expect(longestWord("123 ...")).toBe("");
  });
});

describe("topWords", () => {
  it("puts the most frequent first", () => {
    expect(topWords("a b b c c c", 2)).toEqual([
      ["c", 3],
      ["b", 2],
    ]);
  });
  it("ignores case", () => {
    expect(topWords("Run run RUN", 5)).toEqual([["run", 3]]);
  });
  it("orders equal counts by the alphabet", () => {
    expect(topWords("z y x y z x", 2)).toEqual([
      ["x", 2],
      ["y", 2],
    ]);
  });
  it("leaves out ignored words", () => {
    expect(topWords("The file, the path", 3, ["the"])).toEqual([
      ["file", 1],
      ["path", 1],
    ]);
  });
  it("is empty without words", () => {
    expect(topWords("1 2 3", 3)).toEqual([]);
  });
  it("is empty for a limit of zero", () => {
    expect(topWords("a b", 0)).toEqual([]);
  });
});

describe("readingMinutes", () => {
  it("rounds up", () => {
    expect(readingMinutes(250, 200)).toBe(2);
  });
  it("does not round a whole number", () => {
    expect(readingMinutes(400, 200)).toBe(2);
  });
  it("reads 200 words a minute by default", () => {
    expect(readingMinutes(1000)).toBe(5);
  });
  it("is 0 without words", () => {
    expect(readingMinutes(0)).toBe(0);
  });
  it("is 1 for a single word", () => {
    expect(readingMinutes(1, 300)).toBe(1);
  });
});
