import { describe, expect, it } from "vitest";
import {
  charsForTokens,
  countWords,
  estimateChatTokens,
  estimateImageTokens,
  estimateMixedTokens,
  estimateTokens,
} from "./token_estimate.ts";

describe("estimateTokens", () => {
  it("counts four characters as one token", () => {
    expect(estimateTokens("abcd")).toBe(1);
  });
  it("rounds up", () => {
    expect(estimateTokens("hello")).toBe(2);
  });
  it("counts a single character as one token", () => {
    expect(estimateTokens("x")).toBe(1);
  });
  it("gives 0 for the empty text", () => {
    expect(estimateTokens("")).toBe(0);
  });
  it("grows with the length", () => {
    expect(estimateTokens("a".repeat(4001))).toBe(1001);
  });
});

describe("charsForTokens", () => {
  it("gives four characters for one token", () => {
    expect(charsForTokens(1)).toBe(4);
  });
  it("multiplies", () => {
    expect(charsForTokens(250)).toBe(1000);
  });
  it("gives 0 for no tokens", () => {
    expect(charsForTokens(0)).toBe(0);
  });
  it("gives 0 for a negative number", () => {
    expect(charsForTokens(-3)).toBe(0);
  });
  it("keeps fractions", () => {
    expect(charsForTokens(2.5)).toBe(10);
  });
});

describe("countWords", () => {
  it("counts words between single spaces", () => {
    expect(countWords("fix the bug")).toBe(3);
  });
  it("counts one word", () => {
    expect(countWords("done")).toBe(1);
  });
  it("ignores whitespace at both ends", () => {
    expect(countWords("  read file ")).toBe(2);
  });
  it("treats line breaks and tabs as separators", () => {
    expect(countWords("a\n\nb\tc  d")).toBe(4);
  });
  it("gives 0 for the empty text", () => {
    expect(countWords("")).toBe(0);
  });
  it("gives 0 for nothing but whitespace", () => {
    expect(countWords(" \n ")).toBe(0);
  });
});

describe("estimateChatTokens", () => {
  it("gives 0 without messages", () => {
    expect(estimateChatTokens([])).toBe(0);
  });
  it("adds overhead and reply to a single message", () => {
    expect(estimateChatTokens([{ role: "user", content: "abcd" }])).toBe(8);
  });
  it("counts an empty message as its overhead", () => {
    expect(estimateChatTokens([{ role: "user", content: "" }])).toBe(7);
  });
  it("adds the reply once", () => {
    const empty = { role: "user", content: "" };
    expect(estimateChatTokens([empty, empty, empty])).toBe(15);
  });
  it("rounds up for each message", () => {
    const short = { role: "assistant", content: "a" };
    expect(estimateChatTokens([short, short])).toBe(13);
  });
});

describe("estimateImageTokens", () => {
  it("counts one square", () => {
    expect(estimateImageTokens(512, 512)).toBe(255);
  });
  it("counts a started square", () => {
    expect(estimateImageTokens(600, 512)).toBe(425);
  });
  it("counts a tiny image as one square", () => {
    expect(estimateImageTokens(1, 1)).toBe(255);
  });
  it("multiplies columns and rows", () => {
    expect(estimateImageTokens(1024, 1500)).toBe(85 + 170 * 6);
  });
  it("scales a wide image down to 2048", () => {
    expect(estimateImageTokens(4096, 1024)).toBe(85 + 170 * 4);
  });
  it("scales a tall image down to 2048", () => {
    expect(estimateImageTokens(2048, 8192)).toBe(85 + 170 * 4);
  });
  it("gives 0 for an image without area", () => {
    expect(estimateImageTokens(0, 300)).toBe(0);
    expect(estimateImageTokens(300, -1)).toBe(0);
  });
});

describe("estimateMixedTokens", () => {
  it("gives 0 for the empty text and for whitespace", () => {
    expect(estimateMixedTokens("")).toBe(0);
    expect(estimateMixedTokens(" \n\t ")).toBe(0);
  });
  it("counts letters in fours", () => {
    expect(estimateMixedTokens("abcd")).toBe(1);
    expect(estimateMixedTokens("abcde")).toBe(2);
  });
  it("counts digits in threes", () => {
    expect(estimateMixedTokens("123")).toBe(1);
    expect(estimateMixedTokens("1234567")).toBe(3);
  });
  it("starts a new run after whitespace", () => {
    expect(estimateMixedTokens("ab cd")).toBe(2);
  });
  it("starts a new run when letters turn into digits", () => {
    expect(estimateMixedTokens("ab1")).toBe(2);
  });
  it("counts every other character", () => {
    expect(estimateMixedTokens("({})")).toBe(4);
    expect(estimateMixedTokens("日本")).toBe(2);
  });
  it("counts an emoji once", () => {
    expect(estimateMixedTokens("🚀")).toBe(1);
  });
  it("adds all kinds", () => {
    expect(estimateMixedTokens("retry 1234!")).toBe(5);
  });
});
