import { describe, expect, it } from "vitest";
import selectPaths, {
  escapeGlob,
  expandBraces,
  globBase,
  globToRegExp,
  hasMagic,
} from "./glob_match.ts";

describe("hasMagic", () => {
  it("finds a star", () => expect(hasMagic("src/*.ts")).toBe(true));
  it("finds a question mark", () => expect(hasMagic("a?.ts")).toBe(true));
  it("finds an opening bracket", () => expect(hasMagic("a[0-9]")).toBe(true));
  it("finds an opening brace", () => expect(hasMagic("{a,b}")).toBe(true));
  it("finds none in a plain path", () => expect(hasMagic("src/a-b_c.(1).ts")).toBe(false));
  it("finds none in an empty text", () => expect(hasMagic("")).toBe(false));
});

describe("escapeGlob", () => {
  it("encloses a star", () => expect(escapeGlob("a*")).toBe("a[*]"));
  it("encloses every special character", () => expect(escapeGlob("*?[{}")).toBe("[*][?][[][{][}]"));
  it("keeps a plain text", () => expect(escapeGlob("src/a.ts")).toBe("src/a.ts"));
  it("keeps a closing bracket", () => expect(escapeGlob("[id].ts")).toBe("[[]id].ts"));
  it("encloses each of several stars", () => expect(escapeGlob("**/x")).toBe("[*][*]/x"));
});

describe("globBase", () => {
  it("stops before a file pattern", () => expect(globBase("src/lib/*.ts")).toBe("src/lib"));
  it("stops before a folder pattern", () => expect(globBase("src/**/test/a.ts")).toBe("src"));
  it("leaves the last name out", () => expect(globBase("src/lib/a.ts")).toBe("src/lib"));
  it("is empty for a name", () => expect(globBase("*.ts")).toBe(""));
  it("is empty for a leading pattern", () => expect(globBase("{src,lib}/x/a.ts")).toBe(""));
  it("stops at brackets and question marks", () =>
    expect([globBase("a/b[0]/c"), globBase("a/b/c?/d")]).toEqual(["a", "a/b"]));
});

describe("expandBraces", () => {
  it("expands alternatives", () => expect(expandBraces("a.{ts,js}")).toEqual(["a.ts", "a.js"]));
  it("keeps the text behind a group", () =>
    expect(expandBraces("{a,b,c}/x")).toEqual(["a/x", "b/x", "c/x"]));
  it("changes the last group fastest", () =>
    expect(expandBraces("{a,b}{1,2}")).toEqual(["a1", "a2", "b1", "b2"]));
  it("accepts empty alternatives", () =>
    expect(expandBraces("a{,.min}.js")).toEqual(["a.js", "a.min.js"]));
  it("keeps a pattern without groups", () => expect(expandBraces("a.ts")).toEqual(["a.ts"]));
  it("keeps braces without comma", () =>
    expect(expandBraces("{id}.{a,b}")).toEqual(["{id}.a", "{id}.b"]));
  it("keeps braces without partner", () => expect(expandBraces("a{b,c")).toEqual(["a{b,c"]));
});

describe("globToRegExp", () => {
  const tests = (glob: string, ...paths: string[]): boolean[] =>
    paths.map((path) => globToRegExp(glob).test(path));

  it("matches a plain path whole", () =>
    expect(tests("src/a.ts", "src/a.ts", "src/a.tsx", "x/src/a.ts", "src/abts")).toEqual([
      true,
      false,
      false,
      false,
    ]));
  it("keeps a star within one name", () =>
    expect(tests("src/*.ts", "src/a.ts", "src/.ts", "src/x/a.ts")).toEqual([true, true, false]));
  it("matches any folders with two stars", () =>
    expect(tests("src/**/*.ts", "src/a.ts", "src/x/y/a.ts", "lib/a.ts")).toEqual([
      true,
      true,
      false,
    ]));
  it("matches leading folders", () =>
    expect(tests("**/a.ts", "a.ts", "x/y/a.ts", "xa.ts")).toEqual([true, true, false]));
  it("matches everything below a folder", () =>
    expect(tests("src/**", "src/a", "src/x/y", "srcs/a")).toEqual([true, true, false]));
  it("matches one character with a question mark", () =>
    expect(tests("a?c", "abc", "ac", "a/c")).toEqual([true, false, false]));
  it("matches sets of characters", () =>
    expect(tests("v[0-9x]", "v7", "vx", "va")).toEqual([true, true, false]));
  it("matches negated sets", () => expect(tests("v[!0-9]", "va", "v7")).toEqual([true, false]));
  it("takes other characters literally", () =>
    expect(tests("a+(b)$^{c}|d", "a+(b)$^{c}|d", "aab", "d")).toEqual([true, false, false]));
  it("takes a bracket without partner literally", () =>
    expect(tests("a[b", "a[b", "ab")).toEqual([true, false]));
});

describe("selectPaths", () => {
  const paths = ["src/b.ts", "src/a.ts", "src/a.test.ts", "README.md"];

  it("selects included paths in their order", () =>
    expect(selectPaths(paths, [/\.ts$/])).toEqual(["src/b.ts", "src/a.ts", "src/a.test.ts"]));
  it("leaves excluded paths out", () =>
    expect(selectPaths(paths, [/\.ts$/], [/\.test\./])).toEqual(["src/b.ts", "src/a.ts"]));
  it("accepts any of several expressions", () =>
    expect(selectPaths(paths, [/\.md$/, /\/a\.ts$/])).toEqual(["src/a.ts", "README.md"]));
  it("includes every path by default", () => expect(selectPaths(paths, [])).toEqual(paths));
  it("excludes from everything", () =>
    expect(selectPaths(paths, [], [/^src/, /^x/])).toEqual(["README.md"]));
  it("selects nothing when nothing matches", () =>
    expect(selectPaths(paths, [/\.py$/])).toEqual([]));
});
