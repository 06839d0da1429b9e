import { describe, expect, it } from "vitest";
import {
  dedent,
  detectIndent,
  indentColumn,
  indentLines,
  leadingSpace,
  tabsToSpaces,
} from "./indent.ts";

describe("leadingSpace", () => {
  it("returns leading spaces", () => expect(leadingSpace("  a b")).toBe("  "));
  it("returns leading tabs", () => expect(leadingSpace("\t\tx")).toBe("\t\t"));
  it("returns a mixture as it is", () => expect(leadingSpace(" \t x ")).toBe(" \t "));
  it("returns nothing for a line without indentation", () => expect(leadingSpace("a  ")).toBe(""));
  it("returns a line of spaces whole", () => expect(leadingSpace("   ")).toBe("   "));
  it("returns nothing for an empty line", () => expect(leadingSpace("")).toBe(""));
});

describe("tabsToSpaces", () => {
  it("replaces one tab", () => expect(tabsToSpaces("\ta")).toBe("  a"));
  it("replaces every tab", () => expect(tabsToSpaces("\t\ta\tb")).toBe("    a  b"));
  it("replaces tabs on every line", () => expect(tabsToSpaces("\ta\n\tb")).toBe("  a\n  b"));
  it("keeps a text without tabs", () => expect(tabsToSpaces("a  b")).toBe("a  b"));
  it("keeps the spaces next to a tab", () => expect(tabsToSpaces(" \t ")).toBe("    "));
});

describe("indentColumn", () => {
  it("counts spaces", () => expect(indentColumn("   x", 4)).toBe(3));
  it("counts a tab as a full step", () => expect(indentColumn("\tx", 4)).toBe(4));
  it("goes from a space to the next multiple", () => expect(indentColumn(" \tx", 4)).toBe(4));
  it("adds spaces after a tab", () => expect(indentColumn("\t  x", 8)).toBe(10));
  it("starts a new step after a full one", () => expect(indentColumn("    \tx", 4)).toBe(8));
  it("is 0 without indentation", () => expect(indentColumn("x \t", 4)).toBe(0));
  it("gives the end of a blank line", () => expect(indentColumn("\t ", 2)).toBe(3));
});

describe("indentLines", () => {
  it("indents one line", () => expect(indentLines("a", "  ")).toBe("  a"));
  it("indents every line", () => expect(indentLines("a\nb", "\t")).toBe("\ta\n\tb"));
  it("leaves empty lines empty", () => expect(indentLines("a\n\nb\n", "  ")).toBe("  a\n\n  b\n"));
  it("leaves lines of spaces as they are", () =>
    expect(indentLines("a\n  \nb", "> ")).toBe("> a\n  \n> b"));
  it("adds to present indentation", () =>
    expect(indentLines("  a\n    b", "  ")).toBe("    a\n      b"));
  it("inserts dollar signs literally", () => expect(indentLines("a", "$& ")).toBe("$& a"));
});

describe("dedent", () => {
  it("removes shared indentation", () => expect(dedent("  a\n  b")).toBe("a\nb"));
  it("keeps relative indentation", () => expect(dedent("    a\n      b")).toBe("a\n  b"));
  it("follows the least indented line", () =>
    expect(dedent("      a\n  b\n    c")).toBe("    a\nb\n  c"));
  it("does not count blank lines", () => expect(dedent("    a\n\n    b")).toBe("a\n\nb"));
  it("empties lines of spaces", () => expect(dedent("  a\n     \n  b")).toBe("a\n\nb"));
  it("keeps text that is not indented", () => expect(dedent("a\n  b")).toBe("a\n  b"));
  it("keeps an empty text empty", () => expect(dedent("")).toBe(""));
});

describe("detectIndent", () => {
  it("finds four spaces", () => expect(detectIndent("a\n    b\n        c\n    d")).toBe("    "));
  it("finds two spaces", () => expect(detectIndent("if x\n  y\nif z\n  w\n")).toBe("  "));
  it("finds tabs", () => expect(detectIndent("a\n\tb\n\t\tc")).toBe("\t"));
  it("prefers spaces when both are as frequent", () =>
    expect(detectIndent("a\n\tb\n   c")).toBe("   "));
  it("follows the most frequent increase", () =>
    expect(detectIndent("a\n  b\nc\n   d\ne\n   f")).toBe("   "));
  it("takes the smaller of equally frequent increases", () =>
    expect(detectIndent("a\n        b\nc\n    d")).toBe("    "));
  it("ignores blank lines", () => expect(detectIndent("a\n\n   b\n \n   c\nd\n   e")).toBe("   "));
  it("assumes two spaces without indentation", () => expect(detectIndent("a\nb")).toBe("  "));
  it("compares the first line with no indentation", () =>
    expect(detectIndent("   a\n   b")).toBe("   "));
});
