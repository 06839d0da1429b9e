import { describe, expect, it } from "vitest";
import { expandVariables, formatEnv, isName, parseEnv, splitPair, unquote } from "./key_value.ts";

describe("isName", () => {
  it("accepts letters, digits and underscores", () => {
    expect(isName("API_KEY_2")).toBe(true);
  });
  it("accepts a leading underscore and small letters", () => {
    expect(isName("_path")).toBe(true);
  });
  it("refuses a leading digit", () => {
    expect(isName("2FA")).toBe(false);
  });
  it("refuses other characters", () => {
    expect(isName("api-key")).toBe(false);
    expect(isName("API KEY")).toBe(false);
  });
  it("refuses the empty text", () => {
    expect(isName("")).toBe(false);
  });
});

describe("splitPair", () => {
  it("splits at the equals sign", () => {
    expect(splitPair("model=small")).toEqual(["model", "small"]);
  });
  it("trims both sides", () => {
    expect(splitPair("  model =  small ")).toEqual(["model", "small"]);
  });
  it("splits at the first of several signs", () => {
    expect(splitPair("a = b=c")).toEqual(["a", "b=c"]);
  });
  it("accepts empty sides", () => {
    expect(splitPair("a=")).toEqual(["a", ""]);
    expect(splitPair("=b")).toEqual(["", "b"]);
  });
  it("is null without an equals sign", () => {
    expect(splitPair("model small")).toBeNull();
  });
});

describe("unquote", () => {
  it("removes double quotes", () => {
    expect(unquote('"a b"')).toBe("a b");
  });
  it("removes single quotes", () => {
    expect(unquote("'a b'")).toBe("a b");
  });
  it("returns a text without quotes or with different ones as it is", () => {
    expect(unquote("a b")).toBe("a b");
    expect(unquote("\"a'")).toBe("\"a'");
  });
  it("returns a single quote character as it is", () => {
    expect(unquote('"')).toBe('"');
    expect(unquote('""')).toBe("");
  });
  it("replaces escapes within double quotes", () => {
    expect(unquote('"one\\ntwo \\"x\\" \\\\n"')).toBe('one\ntwo "x" \\n');
  });
  it("keeps backslashes within single quotes", () => {
    expect(unquote("'one\\ntwo'")).toBe("one\\ntwo");
  });
});

describe("formatEnv", () => {
  it("writes a plain value without quotes", () => {
    expect(formatEnv({ URL: "http://localhost:8000/v1" })).toBe("URL=http://localhost:8000/v1");
  });
  it("sorts the names", () => {
    expect(formatEnv({ B: "2", A: "1" })).toBe("A=1\nB=2");
  });
  it("quotes values with spaces and empty ones", () => {
    expect(formatEnv({ A: "two words", B: "" })).toBe('A="two words"\nB=""');
  });
  it("escapes quotes and backslashes", () => {
    expect(formatEnv({ A: 'say "hi" \\ bye' })).toBe('A="say \\"hi\\" \\\\ bye"');
  });
  it("writes line breaks as escapes", () => {
    expect(formatEnv({ KEY: "one\ntwo" })).toBe('KEY="one\\ntwo"');
  });
  it("is empty without values", () => {
    expect(formatEnv({})).toBe("");
  });
});

describe("expandVariables", () => {
  it("inserts a value", () => {
    expect(expandVariables("${HOME}/logs", { HOME: "/root" })).toBe("/root/logs");
  });
  it("inserts several values", () => {
    expect(expandVariables("${A}-${B}-${A}", { A: "1", B: "2" })).toBe("1-2-1");
  });
  it("inserts nothing for a missing name", () => {
    expect(expandVariables("[${NONE}]", {})).toBe("[]");
  });
  it("inserts the fallback for a missing or empty value", () => {
    expect(expandVariables("${A:-x y}${B:-z}", { B: "" })).toBe("x yz");
  });
  it("prefers the value to the fallback", () => {
    expect(expandVariables("${A:-no}", { A: "yes" })).toBe("yes");
  });
  it("does not expand a value again and leaves other dollars alone", () => {
    expect(expandVariables("${A} $B ${1}", { A: "${B}", B: "b" })).toBe("${B} $B ${1}");
  });
});

describe("parseEnv", () => {
  it("reads names and values", () => {
    expect(parseEnv("A=1\nB=two\r\nC=")).toEqual({ A: "1", B: "two", C: "" });
  });
  it("ignores whitespace and export", () => {
    expect(parseEnv("  export MODEL = small  ")).toEqual({ MODEL: "small" });
  });
  it("skips blank lines and comments", () => {
    expect(parseEnv("# A=1\n\n  # note\nB=2")).toEqual({ B: "2" });
  });
  it("cuts a comment behind a plain value", () => {
    expect(parseEnv("A=1 # one\nB=x#y\nC=x\t# z # y")).toEqual({ A: "1", B: "x#y", C: "x" });
  });
  it("takes quoted values literally and ignores what follows", () => {
    expect(parseEnv("A=\"x # y\" # note\nB=' z '")).toEqual({ A: "x # y", B: " z " });
  });
  it("skips what is not a pair", () => {
    expect(parseEnv("hello\n2A=1\nA-B=2\nC=\"open\n=x")).toEqual({});
  });
  it("lets the last of equal names win", () => {
    expect(parseEnv("A=1\nA=2")).toEqual({ A: "2" });
  });
});
