import { describe, expect, it } from "vitest";
import {
  fenceFor,
  inlineCode,
  languageOfInfo,
  parseFences,
  toFence,
  unwrapFence,
  listHeadings,
} from "./markdown_fences.ts";

const text = (...lines: string[]): string => lines.join("\n");

describe("toFence", () => {
  it("encloses code", () => expect(toFence("let a = 1;", "ts")).toBe("```ts\nlet a = 1;\n```"));
  it("keeps several lines", () => expect(toFence("a\n  b", "js")).toBe("```js\na\n  b\n```"));
  it("needs no language", () => expect(toFence("a", "")).toBe("```\na\n```"));
  it("encloses empty code", () => expect(toFence("", "sh")).toBe("```sh\n\n```"));
  it("keeps a line break at the end", () => expect(toFence("a\n", "py")).toBe("```py\na\n\n```"));
});

describe("languageOfInfo", () => {
  it("returns the language", () => expect(languageOfInfo("python")).toBe("python"));
  it("returns the first word", () => expect(languageOfInfo("ts title=x")).toBe("ts"));
  it("returns lower case", () => expect(languageOfInfo("JSON")).toBe("json"));
  it("ignores whitespace around", () => expect(languageOfInfo("  go \t")).toBe("go"));
  it("removes a dot in front", () => expect(languageOfInfo(" .js")).toBe("js"));
  it("is empty for blank text", () => expect(languageOfInfo("  ")).toBe(""));
});

describe("inlineCode", () => {
  it("uses single backticks", () => expect(inlineCode("a + b")).toBe("`a + b`"));
  it("uses double backticks around a backtick", () => expect(inlineCode("a`b")).toBe("`` a`b ``"));
  it("uses double backticks around a leading backtick", () =>
    expect(inlineCode("`x")).toBe("`` `x ``"));
  it("keeps spaces", () => expect(inlineCode(" x ")).toBe("` x `"));
  it("encloses other quotes singly", () => expect(inlineCode("'x'")).toBe("`'x'`"));
});

describe("fenceFor", () => {
  it("is three backticks for plain code", () => expect(fenceFor("let a = 1;")).toBe("```"));
  it("is three backticks for a short run", () => expect(fenceFor("a `b` ``c``")).toBe("```"));
  it("is one longer than a run of three", () => expect(fenceFor("```ts\nx\n```")).toBe("````"));
  it("is one longer than the longest run", () => expect(fenceFor("``` a ````` b")).toBe("``````"));
  it("is three backticks for empty code", () => expect(fenceFor("")).toBe("```"));
});

describe("unwrapFence", () => {
  it("unwraps a block", () =>
    expect(unwrapFence("```ts\nlet a;\nlet b;\n```")).toBe("let a;\nlet b;"));
  it("ignores whitespace around", () => expect(unwrapFence("\n ```\n  a\n```\n")).toBe("  a"));
  it("unwraps an empty block", () => expect(unwrapFence("```\n```")).toBe(""));
  it("keeps an answer without fence", () => expect(unwrapFence(" a\n")).toBe(" a\n"));
  it("keeps text before or behind the block", () =>
    expect([
      unwrapFence("Hi\n```\na\n```"),
      unwrapFence("```\na\n```\nBye"),
      unwrapFence("```\na\n```"),
    ]).toEqual(["Hi\n```\na\n```", "```\na\n```\nBye", "a"]));
  it("keeps two blocks", () =>
    expect(unwrapFence("```\na\n```\n```\nb\n```")).toBe("```\na\n```\n```\nb\n```"));
  it("keeps a block without end", () => expect(unwrapFence("```ts\na")).toBe("```ts\na"));
});

describe("parseFences", () => {
  it("reads a block", () =>
    expect(parseFences(text("```ts", "let a;", "```"))).toEqual([
      { language: "ts", code: "let a;" },
    ]));
  it("reads several blocks among prose", () =>
    expect(
      parseFences(text("One:", "```js", "a", "```", "Two:", "```", "b", "", "c", "```", "End.")),
    ).toEqual([
      { language: "js", code: "a" },
      { language: "", code: "b\n\nc" },
    ]));
  it("takes the first word as language", () =>
    expect(parseFences(text("``` ts title=x", "a", "```  "))).toEqual([
      { language: "ts", code: "a" },
    ]));
  it("keeps shorter fences as code", () =>
    expect(parseFences(text("````md", "```ts", "a", "```", "````"))).toEqual([
      { language: "md", code: "```ts\na\n```" },
    ]));
  it("closes at a longer fence", () =>
    expect(parseFences(text("```", "a", "`````", "b"))).toEqual([{ language: "", code: "a" }]));
  it("keeps a fence with text behind it as code", () =>
    expect(parseFences(text("```", "a", "```ts", "b", "```"))).toEqual([
      { language: "", code: "a\n```ts\nb" },
    ]));
  it("reads an open block to the end", () =>
    expect(parseFences(text("x", "```py", "a", " b"))).toEqual([
      { language: "py", code: "a\n b" },
    ]));
  it("reads an empty block", () =>
    expect(parseFences(text("```", "```"))).toEqual([{ language: "", code: "" }]));
  it("finds no blocks in inline code", () =>
    expect(parseFences(text("`a`", "``` b ```", "a ```"))).toEqual([]));
});

describe("listHeadings", () => {
  it("reads a heading", () =>
    expect(listHeadings("# Title")).toEqual([{ level: 1, title: "Title" }]));
  it("reads levels in order", () =>
    expect(listHeadings("## A b\ntext\n###### C\n# D")).toEqual([
      { level: 2, title: "A b" },
      { level: 6, title: "C" },
      { level: 1, title: "D" },
    ]));
  it("trims titles", () =>
    expect(listHeadings("#   A # b  ")).toEqual([{ level: 1, title: "A # b" }]));
  it("ignores fenced blocks", () =>
    expect(listHeadings("# A\n```sh\n# b\n```\n## C\n```\n# d")).toEqual([
      { level: 1, title: "A" },
      { level: 2, title: "C" },
    ]));
  it("needs a space behind the signs", () =>
    expect(listHeadings("#tag\n# A")).toEqual([{ level: 1, title: "A" }]));
  it("refuses more than six signs", () =>
    expect(listHeadings("####### A\n###### B")).toEqual([{ level: 6, title: "B" }]));
  it("needs a title and no indentation", () =>
    expect(listHeadings("## \n #  A\n# B")).toEqual([{ level: 1, title: "B" }]));
  it("finds none in plain text", () => expect(listHeadings("a # b\n")).toEqual([]));
});
