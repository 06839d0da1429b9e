import { describe, expect, it } from "vitest";
import { decodeNumeric, isVoidElement, link, listLinks, stripTags } from "./html_entities.ts";

describe("isVoidElement", () => {
  it("accepts a line break", () => {
    expect(isVoidElement("br")).toBe(true);
  });
  it("accepts upper case", () => {
    expect(isVoidElement("IMG")).toBe(true);
  });
  it("accepts the others", () => {
    expect(["hr", "input", "link", "meta"].every((name) => isVoidElement(name))).toBe(true);
  });
  it("refuses an element with content", () => {
    expect(isVoidElement("div")).toBe(false);
  });
  it("refuses a longer name", () => {
    expect(isVoidElement("imgs")).toBe(false);
  });
  it("refuses an empty name", () => {
    expect(isVoidElement("")).toBe(false);
  });
});

describe("listLinks", () => {
  it("finds addresses in order", () => {
    expect(listLinks('<a href="/b">B</a> and <a href="/a">A</a>')).toEqual(["/b", "/a"]);
  });
  it("looks behind other attributes", () => {
    expect(listLinks('<A class="x"\n HREF="https://x.dev/?a=1&amp;b">')).toEqual([
      "https://x.dev/?a=1&amp;b",
    ]);
  });
  it("lists a repeated address once", () => {
    expect(listLinks('<a href="/x">1</a><a href="/x">2</a>')).toEqual(["/x"]);
  });
  it("leaves out empty addresses and places on the page", () => {
    expect(listLinks('<a href="#top">t</a><a href="">e</a><a href="/p#q">p</a>')).toEqual(["/p#q"]);
  });
  it("ignores other elements", () => {
    expect(listLinks('<link href="/style.css"><article href="/no"><b>/c</b>')).toEqual([]);
  });
});

describe("decodeNumeric", () => {
  it("decodes decimal codes", () => {
    expect(decodeNumeric("&#72;i")).toBe("Hi");
  });
  it("decodes hexadecimal codes in any case", () => {
    expect(decodeNumeric("&#x4a;&#X4A;")).toBe("JJ");
  });
  it("decodes code points above 0xFFFF", () => {
    expect(decodeNumeric("&#128512;")).toBe("😀");
  });
  it("replaces impossible code points", () => {
    expect(decodeNumeric("a&#0;b&#x110000;")).toBe("a\ufffdb\ufffd");
  });
  it("keeps what is not a numeric entity", () => {
    expect(decodeNumeric("&#; &#x; &#12 &amp; #65;")).toBe("&#; &#x; &#12 &amp; #65;");
  });
});

describe("stripTags", () => {
  it("removes opening and closing tags", () => {
    expect(stripTags("<p>Hello <b>you</b></p>")).toBe("Hello you");
  });
  it("skips a bracket inside a quoted attribute", () => {
    expect(stripTags("a <b title=\"x>y\" alt='>'>c</b>")).toBe("a c");
  });
  it("removes comments with tags in them", () => {
    expect(stripTags("a<!-- <b> -- > -->c")).toBe("ac");
  });
  it("keeps a bracket that starts no tag", () => {
    expect(stripTags("1 < 2 <3 <b>x</b>")).toBe("1 < 2 <3 x");
  });
  it("removes a tag without an end", () => {
    expect(stripTags("text <b class")).toBe("text ");
  });
  it("removes a comment without an end", () => {
    expect(stripTags("text<!-- open > more")).toBe("text");
  });
  it("keeps entities and lone closing brackets", () => {
    expect(stripTags("<i>a</i> &lt; b > c")).toBe("a &lt; b > c");
  });
  it("removes a doctype", () => {
    expect(stripTags("<!DOCTYPE html>x")).toBe("x");
  });
});

describe("link", () => {
  it("writes an anchor", () => {
    expect(link("/a", "A")).toBe('<a href="/a">A</a>');
  });
  it("escapes ampersands in the address", () => {
    expect(link("/?a=1&b=2", "go")).toBe('<a href="/?a=1&amp;b=2">go</a>');
  });
  it("escapes quotes in the address only", () => {
    expect(link('/"x"', '"x"')).toBe('<a href="/&quot;x&quot;">"x"</a>');
  });
  it("escapes brackets in the label", () => {
    expect(link("/", "a<b & c")).toBe('<a href="/">a&lt;b &amp; c</a>');
  });
  it("allows an empty label", () => {
    expect(link("/x", "")).toBe('<a href="/x"></a>');
  });
});
