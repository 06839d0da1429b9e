import { describe, expect, it } from "vitest";
import { closerOf, findClosing, isBalanced, maxDepth } from "./bracket_match.ts";

describe("closerOf", () => {
  it("closes a round bracket", () => {
    expect(closerOf("(")).toBe(")");
  });
  it("closes a square bracket", () => {
    expect(closerOf("[")).toBe("]");
  });
  it("closes a brace", () => {
    expect(closerOf("{")).toBe("}");
  });
  it("is empty for a closing bracket", () => {
    expect(closerOf(")")).toBe("");
  });
  it("is empty for a letter", () => {
    expect(closerOf("a")).toBe("");
  });
});

describe("isBalanced", () => {
  it("accepts nested brackets", () => {
    expect(isBalanced("f(a[0], {b: (1)})")).toBe(true);
  });
  it("accepts text without brackets", () => {
    expect(isBalanced("plain")).toBe(true);
  });
  it("refuses crossed brackets", () => {
    expect(isBalanced("([)]")).toBe(false);
  });
  it("refuses an open bracket at the end", () => {
    expect(isBalanced("f(a")).toBe(false);
  });
  it("refuses a closing bracket without an opening one", () => {
    expect(isBalanced("a)")).toBe(false);
  });
  it("refuses the right number in the wrong order", () => {
    expect(isBalanced(")(")).toBe(false);
  });
});

describe("maxDepth", () => {
  it("counts nested brackets", () => {
    expect(maxDepth("(a(b)(c))")).toBe(2);
  });
  it("does not add up brackets side by side", () => {
    expect(maxDepth("()()()")).toBe(1);
  });
  it("is 0 without brackets", () => {
    expect(maxDepth("abc")).toBe(0);
  });
  it("ignores a closing bracket without an open one", () => {
    expect(maxDepth("))((")).toBe(2);
  });
  it("ignores other kinds of brackets", () => {
    expect(maxDepth("[{(x)}]")).toBe(1);
  });
});

describe("findClosing", () => {
  it("finds the end of a call", () => {
    expect(findClosing("f(a, b) + c", 1)).toBe(6);
  });
  it("skips inner brackets of all kinds", () => {
    expect(findClosing("{a: [1, (2)]} }", 0)).toBe(12);
  });
  it("ignores brackets in quotes", () => {
    expect(findClosing('f("(", [1])', 1)).toBe(10);
  });
  it("respects an escaped quote", () => {
    expect(findClosing("('\\')')", 0)).toBe(6);
  });
  it("ignores another kind of quote inside quotes", () => {
    expect(findClosing('("\'")', 0)).toBe(4);
  });
  it("is -1 when the bracket is not closed", () => {
    expect(findClosing("f(a", 1)).toBe(-1);
  });
  it("is -1 for a wrong closing bracket", () => {
    expect(findClosing("(a])", 0)).toBe(-1);
  });
  it("is -1 when there is no opening bracket at the start", () => {
    expect(findClosing("f(a)", 0)).toBe(-1);
  });
});
