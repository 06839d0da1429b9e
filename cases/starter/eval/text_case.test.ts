import { describe, expect, it } from "vitest";
import {
  capitalize,
  isConstantCase,
  matchCase,
  splitWords,
  toCamelCase,
  renameIdentifier,
} from "./text_case.ts";

describe("capitalize", () => {
  it("raises the first letter", () => expect(capitalize("model")).toBe("Model"));
  it("leaves the other letters alone", () => expect(capitalize("fooBAR")).toBe("FooBAR"));
  it("raises a single letter", () => expect(capitalize("x")).toBe("X"));
  it("keeps an empty text empty", () => expect(capitalize("")).toBe(""));
  it("keeps a text that starts with a digit", () => expect(capitalize("3d view")).toBe("3d view"));
  it("raises only the first word", () => expect(capitalize("read file")).toBe("Read file"));
});

describe("splitWords", () => {
  it("splits camelCase", () => expect(splitWords("readFileNow")).toEqual(["read", "file", "now"]));
  it("splits snake_case", () => expect(splitWords("read_file")).toEqual(["read", "file"]));
  it("splits CONSTANT_CASE", () => expect(splitWords("MAX_TOKENS")).toEqual(["max", "tokens"]));
  it("keeps a run of capitals together", () =>
    expect(splitWords("HTTPServer")).toEqual(["httpserver"]));
  it("splits after a digit", () => expect(splitWords("utf8Decoder")).toEqual(["utf8", "decoder"]));
  it("splits at spaces, dots, dashes and slashes", () =>
    expect(splitWords("a b.c-d/e")).toEqual(["a", "b", "c", "d", "e"]));
  it("leaves empty words out", () =>
    expect(splitWords("__private--Name ")).toEqual(["private", "name"]));
  it("finds no words in an empty name", () => expect(splitWords("")).toEqual([]));
});

describe("toCamelCase", () => {
  it("joins two words", () => expect(toCamelCase(["read", "file"])).toBe("readFile"));
  it("lowers capitals inside words", () =>
    expect(toCamelCase(["LOAD", "user", "ID"])).toBe("loadUserId"));
  it("lowers a single word", () => expect(toCamelCase(["Token"])).toBe("token"));
  it("gives an empty name for no words", () => expect(toCamelCase([])).toBe(""));
  it("keeps digits", () => expect(toCamelCase(["utf", "8x", "text"])).toBe("utf8xText"));
});

describe("isConstantCase", () => {
  it("accepts a single word", () => expect(isConstantCase("LIMIT")).toBe(true));
  it("accepts words and digits", () => expect(isConstantCase("MAX_TOKENS_2")).toBe(true));
  it("refuses lower case", () => expect(isConstantCase("MAX_tokens")).toBe(false));
  it("refuses underscores at the ends", () =>
    expect([isConstantCase("_MAX"), isConstantCase("MAX_")]).toEqual([false, false]));
  it("refuses doubled underscores", () => expect(isConstantCase("MAX__A")).toBe(false));
  it("refuses a leading digit", () => expect(isConstantCase("2_MAX")).toBe(false));
  it("refuses an empty name", () => expect(isConstantCase("")).toBe(false));
});

describe("matchCase", () => {
  it("follows upper case", () => expect(matchCase("token", "NAME")).toBe("TOKEN"));
  it("follows a capital", () => expect(matchCase("token", "Name")).toBe("Token"));
  it("follows lower case", () => expect(matchCase("TOKEN", "name")).toBe("token"));
  it("treats one capital letter as a capital", () => expect(matchCase("tOKEN", "A")).toBe("Token"));
  it("lowers for a camelCase sample", () => expect(matchCase("Token", "fooBar")).toBe("token"));
  it("leaves the word alone without letters in the sample", () =>
    expect(matchCase("toKen", "42")).toBe("toKen"));
  it("counts digits as no obstacle to upper case", () =>
    expect(matchCase("abc", "A1")).toBe("ABC"));
});

describe("renameIdentifier", () => {
  it("renames every occurrence", () =>
    expect(renameIdentifier("a + b * a", "a", "x")).toBe("x + b * x"));
  it("renames whole identifiers only", () =>
    expect(renameIdentifier("id ids my_id id2 $id id", "id", "key")).toBe(
      "key ids my_id id2 $id key",
    ));
  it("renames next to signs", () =>
    expect(renameIdentifier("f(n)[n].n;", "n", "count")).toBe("f(count)[count].count;"));
  it("leaves quoted text alone", () =>
    expect(renameIdentifier("a = 'a' + \"a\" + `a` + a", "a", "b")).toBe(
      "b = 'a' + \"a\" + `a` + b",
    ));
  it("knows escaped quotes", () =>
    expect(renameIdentifier("'it\\'s a' + a", "a", "b")).toBe("'it\\'s a' + b"));
  it("keeps other quotes inside of quotes", () =>
    expect(renameIdentifier('"\'" + a + "\'"', "a", "b")).toBe('"\'" + b + "\'"'));
  it("leaves an open quote alone to the end", () =>
    expect(renameIdentifier("a 'a\na", "a", "b")).toBe("b 'a\na"));
  it("keeps code without the identifier", () =>
    expect(renameIdentifier("let x = 1;", "y", "z")).toBe("let x = 1;"));
});
