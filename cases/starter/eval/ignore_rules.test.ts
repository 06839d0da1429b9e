import { describe, expect, it } from "vitest";
import {
  isCommentLine,
  isIgnored,
  matchesName,
  matchesNames,
  parentFolders,
  parseRule,
  type Rule,
} from "./ignore_rules.ts";

describe("isCommentLine", () => {
  it("accepts an empty line", () => expect(isCommentLine("")).toBe(true));
  it("accepts a line of spaces", () => expect(isCommentLine("  \t")).toBe(true));
  it("accepts a comment", () => expect(isCommentLine("# build output")).toBe(true));
  it("refuses a pattern", () => expect(isCommentLine("*.log")).toBe(false));
  it("refuses a # that is not at the start", () =>
    expect([isCommentLine("a#b"), isCommentLine(" #x")]).toEqual([false, false]));
});

describe("parentFolders", () => {
  it("lists folders from the outside", () =>
    expect(parentFolders("src/lib/a.ts")).toEqual(["src", "src/lib"]));
  it("lists a single folder", () => expect(parentFolders("src/a.ts")).toEqual(["src"]));
  it("lists no folder for a plain name", () => expect(parentFolders("a.ts")).toEqual([]));
  it("lists deep folders", () => expect(parentFolders("a/b/c/d")).toEqual(["a", "a/b", "a/b/c"]));
  it("keeps dots in names", () =>
    expect(parentFolders(".git/x.y/z")).toEqual([".git", ".git/x.y"]));
});

describe("parseRule", () => {
  const rule = (pattern: string, ...flags: string[]): Rule => ({
    pattern,
    negated: flags.includes("negated"),
    folderOnly: flags.includes("folderOnly"),
    anchored: flags.includes("anchored"),
  });

  it("reads a plain pattern", () => expect(parseRule("*.log")).toEqual(rule("*.log")));
  it("reads a negated pattern", () =>
    expect(parseRule("!keep.log")).toEqual(rule("keep.log", "negated")));
  it("reads a folder", () =>
    expect(parseRule("node_modules/")).toEqual(rule("node_modules", "folderOnly")));
  it("anchors at a leading slash", () =>
    expect(parseRule("/dist")).toEqual(rule("dist", "anchored")));
  it("anchors at a slash in the middle", () =>
    expect(parseRule("src/gen")).toEqual(rule("src/gen", "anchored")));
  it("reads everything at once", () =>
    expect(parseRule("!/dist/")).toEqual(rule("dist", "negated", "folderOnly", "anchored")));
  it("removes whitespace at the end", () =>
    expect(parseRule("build/ \t")).toEqual(rule("build", "folderOnly")));
  it("keeps other exclamation marks", () => expect(parseRule("a!b")).toEqual(rule("a!b")));
});

describe("matchesName", () => {
  it("matches an equal name", () => expect(matchesName("a.ts", "a.ts")).toBe(true));
  it("matches any characters with a star", () =>
    expect([matchesName("*.ts", "abc.ts"), matchesName("*.ts", ".ts")]).toEqual([true, true]));
  it("matches the whole name only", () =>
    expect([matchesName("*.ts", "a.tsx"), matchesName("b", "abc")]).toEqual([false, false]));
  it("matches one character with a question mark", () =>
    expect(["a1", "a", "a12"].map((name) => matchesName("a?", name))).toEqual([
      true,
      false,
      false,
    ]));
  it("takes a dot literally", () => expect(matchesName("*.ts", "ats")).toBe(false));
  it("takes brackets and signs literally", () =>
    expect([matchesName("[id]+(x).ts", "[id]+(x).ts"), matchesName("[id]", "i")]).toEqual([
      true,
      false,
    ]));
  it("accepts several stars", () =>
    expect([matchesName("*.test.*", "a.test.ts"), matchesName("*.test.*", "a.ts")]).toEqual([
      true,
      false,
    ]));
});

describe("matchesNames", () => {
  const matches = (pattern: string, path: string): boolean =>
    matchesNames(pattern.split("/"), path === "" ? [] : path.split("/"));

  it("matches equal names", () =>
    expect([matches("src/a.ts", "src/a.ts"), matches("src/a.ts", "src/b.ts")]).toEqual([
      true,
      false,
    ]));
  it("matches one name with a star", () =>
    expect(["src/x/a", "src/a", "src/x/y/a"].map((path) => matches("src/*/a", path))).toEqual([
      true,
      false,
      false,
    ]));
  it("matches any number of names with two stars", () =>
    expect(
      ["src/a", "src/x/a", "src/x/y/a", "lib/a"].map((path) => matches("src/**/a", path)),
    ).toEqual([true, true, true, false]));
  it("matches the end with two stars", () =>
    expect(["src/x/y", "src", "lib/x"].map((path) => matches("src/**", path))).toEqual([
      true,
      true,
      false,
    ]));
  it("refuses names left over", () =>
    expect([matches("src", "src/a"), matches("src/a", "src")]).toEqual([false, false]));
  it("accepts two stars twice", () =>
    expect([matches("**/b/**/d", "a/b/c/d"), matches("**/b/**/d", "a/c/d")]).toEqual([
      true,
      false,
    ]));
  it("matches nothing with nothing", () =>
    expect([matchesNames([], []), matchesNames(["**"], []), matchesNames(["*"], [])]).toEqual([
      true,
      true,
      false,
    ]));
});

describe("isIgnored", () => {
  const rule = (pattern: string, flags: Partial<Rule> = {}): Rule => ({
    pattern,
    negated: false,
    folderOnly: false,
    anchored: false,
    ...flags,
  });
  const equal = (pattern: string, text: string): boolean => pattern === text;
  const ignored = (path: string, ...rules: Rule[]): boolean => isIgnored(path, rules, equal);

  it("ignores a name in any folder", () =>
    expect([ignored("a.log", rule("a.log")), ignored("x/y/a.log", rule("a.log"))]).toEqual([
      true,
      true,
    ]));
  it("ignores everything below a folder", () =>
    expect([ignored("lib/dist/x/a.ts", rule("dist")), ignored("lib/a.ts", rule("dist"))]).toEqual([
      true,
      false,
    ]));
  it("compares anchored rules with the whole path", () =>
    expect(
      ["dist/a", "lib/dist/a"].map((path) => ignored(path, rule("dist", { anchored: true }))),
    ).toEqual([true, false]));
  it("tries folder rules on folders only", () =>
    expect(
      ["dist/a", "lib/dist"].map((path) => ignored(path, rule("dist", { folderOnly: true }))),
    ).toEqual([true, false]));
  it("lets the last rule decide", () =>
    expect([
      ignored("a.log", rule("a.log"), rule("a.log", { negated: true })),
      ignored("a.log", rule("a.log", { negated: true }), rule("a.log")),
    ]).toEqual([false, true]));
  it("ignores nothing without a hit", () =>
    expect([ignored("a.ts"), ignored("a.ts", rule("b.ts"))]).toEqual([false, false]));
  it("asks the given function", () =>
    expect([
      isIgnored("src/a.ts", [rule("*.ts")], (_, text) => text.endsWith(".ts")),
      isIgnored("src/a.js", [rule("*.ts")], (_, text) => text.endsWith(".ts")),
    ]).toEqual([true, false]));
});
