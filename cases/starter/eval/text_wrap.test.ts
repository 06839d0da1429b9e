import { describe, expect, it } from "vitest";
import {
  breakWord,
  formatColumns,
  prefixLines,
  unwrapParagraphs,
  wrapText,
  justify,
} from "./text_wrap.ts";

describe("wrapText", () => {
  it("fills lines up to the width", () =>
    expect(wrapText("to be or not", 5)).toEqual(["to be", "or", "not"]));
  it("keeps a short text on one line", () =>
    expect(wrapText("hello you", 20)).toEqual(["hello you"]));
  it("uses the full width", () => expect(wrapText("ab cd ef", 8)).toEqual(["ab cd ef"]));
  it("breaks one character before the width", () =>
    expect(wrapText("ab cd ef", 7)).toEqual(["ab cd", "ef"]));
  it("leaves a long word unbroken on its own line", () =>
    expect(wrapText("a incomprehensible b", 4)).toEqual(["a", "incomprehensible", "b"]));
  it("treats line breaks and repeated spaces as one space", () =>
    expect(wrapText("  one\ntwo \t three ", 30)).toEqual(["one two three"]));
  it("gives no lines for blank text", () => expect(wrapText(" \n ", 10)).toEqual([]));
});

describe("breakWord", () => {
  it("cuts into equal pieces", () => expect(breakWord("abcdef", 3)).toEqual(["abc", "def"]));
  it("leaves a shorter last piece", () => expect(breakWord("abcde", 2)).toEqual(["ab", "cd", "e"]));
  it("keeps a short word whole", () => expect(breakWord("abc", 10)).toEqual(["abc"]));
  it("cuts into single characters", () => expect(breakWord("xyz", 1)).toEqual(["x", "y", "z"]));
  it("gives no pieces for an empty word", () => expect(breakWord("", 4)).toEqual([]));
});

describe("prefixLines", () => {
  it("prefixes one line", () => expect(prefixLines("a", "> ")).toBe("> a"));
  it("prefixes every line", () => expect(prefixLines("a\nb\nc", "# ")).toBe("# a\n# b\n# c"));
  it("prefixes empty lines", () => expect(prefixLines("a\n\nb", "> ")).toBe("> a\n> \n> b"));
  it("prefixes an empty text", () => expect(prefixLines("", "//")).toBe("//"));
  it("prefixes the empty line after a final line break", () =>
    expect(prefixLines("a\n", "- ")).toBe("- a\n- "));
  it("keeps the spaces of lines", () => expect(prefixLines("  a ", "|")).toBe("|  a "));
});

describe("unwrapParagraphs", () => {
  it("joins the lines of a paragraph", () =>
    expect(unwrapParagraphs("one\ntwo\nthree")).toBe("one two three"));
  it("keeps paragraphs apart", () => expect(unwrapParagraphs("a\nb\n\nc\nd")).toBe("a b\n\nc d"));
  it("makes several blank lines one", () => expect(unwrapParagraphs("a\n\n\n\nb")).toBe("a\n\nb"));
  it("treats lines of spaces as blank", () => expect(unwrapParagraphs("a\n  \nb")).toBe("a\n\nb"));
  it("trims lines", () => expect(unwrapParagraphs("  a \n\t b")).toBe("a b"));
  it("drops blank lines at both ends", () => expect(unwrapParagraphs("\n\na\nb\n\n")).toBe("a b"));
  it("gives an empty text for blank text", () => expect(unwrapParagraphs("\n \n")).toBe(""));
});

describe("formatColumns", () => {
  it("aligns the second column", () =>
    expect(
      formatColumns([
        ["a", "1"],
        ["bcd", "2"],
      ]),
    ).toBe("a    1\nbcd  2"));
  it("aligns three columns", () =>
    expect(
      formatColumns([
        ["id", "name", "n"],
        ["1", "x", "20"],
      ]),
    ).toBe("id  name  n\n1   x     20"));
  it("leaves no spaces at the end of rows", () =>
    expect(
      formatColumns([
        ["ab", "long"],
        ["c", "s"],
      ]),
    ).toBe("ab  long\nc   s"));
  it("accepts rows of different length", () =>
    expect(formatColumns([["a"], ["bb", "x", "y"], []])).toBe("a\nbb  x  y\n"));
  it("keeps room for empty cells", () =>
    expect(
      formatColumns([
        ["", "x"],
        ["ab", "y"],
      ]),
    ).toBe("    x\nab  y"));
  it("gives an empty text for no rows", () => expect(formatColumns([])).toBe(""));
});

describe("justify", () => {
  it("fills a line with spaces", () =>
    expect(justify(["ab", "cd", "efghi"], 6)).toEqual(["ab  cd", "efghi"]));
  it("widens the gaps on the left first", () =>
    expect(justify(["a", "b", "c", "dddd"], 6)).toEqual(["a  b c", "dddd"]));
  it("spreads spaces evenly", () =>
    expect(justify(["aa", "b", "c", "dddddddd"], 10)).toEqual(["aa   b   c", "dddddddd"]));
  it("keeps a full line as it is", () =>
    expect(justify(["ab", "cd", "ef"], 5)).toEqual(["ab cd", "ef"]));
  it("does not fill the last line", () => expect(justify(["a", "b"], 10)).toEqual(["a b"]));
  it("does not fill a line of one word", () =>
    expect(justify(["abc", "defgh"], 6)).toEqual(["abc", "defgh"]));
  it("sets several lines", () =>
    expect(justify(["this", "is", "an", "example", "of", "text"], 12)).toEqual([
      "this  is  an",
      "example   of",
      "text",
    ]));
  it("gives no lines for no words", () => expect(justify([], 5)).toEqual([]));
});
