import { describe, expect, it } from "vitest";
import {
  closeJson,
  extractObject,
  isJsonObject,
  parseOr,
  removeTrailingCommas,
  stripBom,
  stripComments,
} from "./json_repair.ts";

describe("stripBom", () => {
  it("removes the mark", () => expect(stripBom("\uFEFF{}")).toBe("{}"));
  it("keeps a text without it", () => expect(stripBom("{}")).toBe("{}"));
  it("removes only one mark", () => expect(stripBom("\uFEFF\uFEFFa")).toBe("\uFEFFa"));
  it("keeps a mark that is not at the start", () => expect(stripBom("a\uFEFF")).toBe("a\uFEFF"));
  it("keeps an empty text", () => expect(stripBom("")).toBe(""));
});

describe("isJsonObject", () => {
  it("accepts an object", () => expect(isJsonObject({ a: 1 })).toBe(true));
  it("accepts an empty object", () => expect(isJsonObject({})).toBe(true));
  it("refuses an array", () => expect(isJsonObject([1])).toBe(false));
  it("refuses null", () => expect(isJsonObject(null)).toBe(false));
  it("refuses other values", () =>
    expect([
      isJsonObject("a"),
      isJsonObject(1),
      isJsonObject(true),
      isJsonObject(undefined),
    ]).toEqual([false, false, false, false]));
  it("refuses a function", () => expect(isJsonObject(() => 1)).toBe(false));
});

describe("parseOr", () => {
  it("parses an object", () => expect(parseOr('{"a": [1, 2]}', {})).toEqual({ a: [1, 2] }));
  it("parses a number", () => expect(parseOr("42", 0)).toBe(42));
  it("returns the fallback for other text", () => expect(parseOr("{a}", "none")).toBe("none"));
  it("returns the fallback for an empty text", () => expect(parseOr("", 7)).toBe(7));
  it("returns a parsed null", () => expect(parseOr<string | null>("null", "x")).toBeNull());
  it("returns the fallback itself", () => {
    const fallback = { a: 1 };
    expect(parseOr("[1", fallback)).toBe(fallback);
  });
});

describe("removeTrailingCommas", () => {
  it("removes one before a brace", () =>
    expect(removeTrailingCommas('{"a": 1,}')).toBe('{"a": 1}'));
  it("removes one before a bracket", () => expect(removeTrailingCommas("[1, 2,]")).toBe("[1, 2]"));
  it("keeps the whitespace", () => expect(removeTrailingCommas("[\n  1,\n]")).toBe("[\n  1\n]"));
  it("removes several", () =>
    expect(removeTrailingCommas('{"a": [1, 2, ], }')).toBe('{"a": [1, 2 ] }'));
  it("keeps commas in strings", () =>
    expect(removeTrailingCommas('["a,]", ",}",]')).toBe('["a,]", ",}"]'));
  it("knows escaped quotes in strings", () =>
    expect(removeTrailingCommas('["\\",]", 1,]')).toBe('["\\",]", 1]'));
  it("keeps valid JSON", () =>
    expect(removeTrailingCommas('{"a": [1, {"b": 2}], "c": 3}')).toBe(
      '{"a": [1, {"b": 2}], "c": 3}',
    ));
});

describe("extractObject", () => {
  it("finds an object in prose", () => expect(extractObject('Sure: {"a": 1} ok')).toBe('{"a": 1}'));
  it("matches nested braces", () =>
    expect(extractObject('x {"a": {"b": {}}} {}')).toBe('{"a": {"b": {}}}'));
  it("does not count braces in strings", () =>
    expect(extractObject('{"a": "}{{"}}')).toBe('{"a": "}{{"}'));
  it("knows escaped quotes in strings", () =>
    expect(extractObject('- {"a": "\\"}", "b": 1} -')).toBe('{"a": "\\"}", "b": 1}'));
  it("ignores quotes before the object", () =>
    expect(extractObject('the "key {"a": 2}')).toBe('{"a": 2}'));
  it("returns null without an object", () =>
    expect([extractObject("none }"), extractObject("{}")]).toEqual([null, "{}"]));
  it("returns null for an object without end", () =>
    expect([extractObject('{"a": {}'), extractObject('{"a": "}'), extractObject("a{}")]).toEqual([
      null,
      null,
      "{}",
    ]));
});

describe("closeJson", () => {
  it("closes an object", () => expect(closeJson('{"a": 1')).toBe('{"a": 1}'));
  it("closes innermost first", () =>
    expect(closeJson('{"a": [1, {"b": 2')).toBe('{"a": [1, {"b": 2}]}'));
  it("closes a string", () => expect(closeJson('["x, y ')).toBe('["x, y "]'));
  it("removes a comma at the end", () => expect(closeJson('{"a": 1, \n')).toBe('{"a": 1}'));
  it("adds null for a missing value", () => expect(closeJson('{"a":')).toBe('{"a":null}'));
  it("removes half an escape", () => expect(closeJson('["a\\')).toBe('["a"]'));
  it("keeps a whole escape", () => expect(closeJson('["a\\"b\\\\')).toBe('["a\\"b\\\\"]'));
  it("does not count brackets in strings", () =>
    expect(closeJson('{"a": "[{", "b": [')).toBe('{"a": "[{", "b": []}'));
  it("keeps what is closed already", () =>
    expect(closeJson('[{"a": [1]}, {}')).toBe('[{"a": [1]}, {}]'));
  it("keeps complete JSON", () => expect(closeJson('{"a": [1]}')).toBe('{"a": [1]}'));
});

describe("stripComments", () => {
  it("removes a line comment", () => expect(stripComments('{"a": 1} // one')).toBe('{"a": 1} '));
  it("keeps the line break behind a line comment", () =>
    expect(stripComments("[1, // one\n2]")).toBe("[1, \n2]"));
  it("removes a block comment", () => expect(stripComments("[1, /* a\n b */ 2]")).toBe("[1,  2]"));
  it("removes several comments", () =>
    expect(stripComments("/*a*//*b*/[] //c\n//d")).toBe("[] \n"));
  it("keeps comment signs in strings", () =>
    expect(stripComments('["http://x", "/* */"]')).toBe('["http://x", "/* */"]'));
  it("knows escaped quotes in strings", () =>
    expect(stripComments('["\\"//", 1] // x')).toBe('["\\"//", 1] '));
  it("removes an open block comment to the end", () =>
    expect(stripComments("[] /* a\n b")).toBe("[] "));
  it("does not end a block comment with its own star", () =>
    expect(stripComments("1/*/ 2 */3")).toBe("13"));
  it("ignores quotes in comments", () =>
    expect(stripComments('[1, // "\n2] /* " */ ')).toBe("[1, \n2]  "));
});
