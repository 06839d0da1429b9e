import { describe, expect, it } from "vitest";
import {
  argumentErrors,
  booleanArgument,
  callText,
  integerArgument,
  missingArguments,
  trimArguments,
} from "./tool_args.ts";

import type { Parameter } from "./tool_args.ts";

describe("missingArguments", () => {
  it("names the missing one", () => {
    expect(missingArguments({ path: "a" }, ["path", "text"])).toEqual(["text"]);
  });
  it("keeps the order of the required names", () => {
    expect(missingArguments({}, ["b", "a"])).toEqual(["b", "a"]);
  });
  it("names nothing when all are there", () => {
    expect(missingArguments({ a: 1, b: 2 }, ["a"])).toEqual([]);
  });
  it("accepts an argument that is undefined or empty", () => {
    expect(missingArguments({ a: undefined, b: "" }, ["a", "b"])).toEqual([]);
  });
  it("names nothing when nothing is required", () => {
    expect(missingArguments({ a: 1 }, [])).toEqual([]);
  });
  it("does not take inherited keys for arguments", () => {
    expect(missingArguments({}, ["toString"])).toEqual(["toString"]);
  });
});

describe("trimArguments", () => {
  it("trims a string", () => {
    expect(trimArguments({ path: " a.ts " })).toEqual({ path: "a.ts" });
  });
  it("keeps other values", () => {
    expect(
      trimArguments({ line: 3, all: true, none: null }),
    ).toEqual({ line: 3, all: true, none: null });
  });
  it("trims line breaks and tabs", () => {
    expect(trimArguments({ a: "\n\tx y\n" })).toEqual({ a: "x y" });
  });
  it("does not look into lists", () => {
    expect(trimArguments({ list: [" a "] })).toEqual({ list: [" a "] });
  });
  it("does not change the arguments given", () => {
    const args = { a: " x" };
    expect(trimArguments(args)).toEqual({ a: "x" });
    expect(args.a).toBe(" x");
  });
  it("gives an empty object for no arguments", () => {
    expect(Object.keys(trimArguments({})).length).toBe(0);
  });
});

describe("booleanArgument", () => {
  it("keeps true", () => {
    expect(booleanArgument(true, false)).toBe(true);
  });
  it("keeps false", () => {
    expect(booleanArgument(false, true)).toBe(false);
  });
  it("reads text in any case", () => {
    expect(booleanArgument("True", false)).toBe(true);
    expect(booleanArgument("FALSE", true)).toBe(false);
  });
  it("gives the fallback for other text", () => {
    expect(booleanArgument("yes", false)).toBe(false);
    expect(booleanArgument("no", true)).toBe(true);
  });
  it("gives the fallback for a missing value", () => {
    expect(booleanArgument(undefined, true)).toBe(true);
    expect(booleanArgument(null, false)).toBe(false);
  });
  it("gives the fallback for numbers", () => {
    expect(booleanArgument(0, true)).toBe(true);
    expect(booleanArgument(1, false)).toBe(false);
  });
});

describe("integerArgument", () => {
  it("keeps a whole number", () => {
    expect(integerArgument(7)).toBe(7);
  });
  it("reads digits", () => {
    expect(integerArgument("12")).toBe(12);
  });
  it("reads a negative number", () => {
    expect(integerArgument("-3")).toBe(-3);
  });
  it("refuses a decimal number", () => {
    expect(integerArgument(1.5)).toBe(undefined);
    expect(integerArgument("1.5")).toBe(undefined);
  });
  it("refuses other text", () => {
    expect(integerArgument("12px")).toBe(undefined);
    expect(integerArgument("")).toBe(undefined);
  });
  it("refuses other values", () => {
    expect(integerArgument(true)).toBe(undefined);
    expect(integerArgument(null)).toBe(undefined);
  });
  it("keeps zero", () => {
    expect(integerArgument(0)).toBe(0);
    expect(integerArgument("0")).toBe(0);
  });
});

describe("argumentErrors", () => {
  const parameters: Parameter[] = [
    { name: "path", type: "string", required: true },
    { name: "limit", type: "number" },
  ];
  it("finds nothing wrong", () => {
    expect(argumentErrors({ path: "a", limit: 3 }, parameters)).toEqual([]);
  });
  it("finds a missing required argument", () => {
    expect(argumentErrors({ limit: 1 }, parameters)).toEqual(["missing path"]);
  });
  it("does not miss an optional one", () => {
    expect(argumentErrors({ path: "a" }, parameters)).toEqual([]);
  });
  it("finds a wrong type", () => {
    expect(
      argumentErrors({ path: "a", limit: "3" }, parameters),
    ).toEqual(["limit must be a number"]);
  });
  it("finds unknown arguments", () => {
    expect(
      argumentErrors({ path: "a", mode: 1, x: 2 }, parameters),
    ).toEqual(["unknown mode", "unknown x"]);
  });
  it("lists parameters before unknown arguments", () => {
    expect(
      argumentErrors({ z: 1, limit: true }, parameters),
    ).toEqual(["missing path", "limit must be a number", "unknown z"]);
  });
});

describe("callText", () => {
  it("writes a string in quotes", () => {
    expect(callText("read", { path: "a" })).toBe('read(path: "a")');
  });
  it("writes several arguments", () => {
    expect(callText("list", { depth: 2, all: true })).toBe("list(depth: 2, all: true)");
  });
  it("writes a call without arguments", () => {
    expect(callText("stop", {})).toBe("stop()");
  });
  it("writes lists and objects as JSON", () => {
    expect(callText("t", { a: [1, "x"], b: { c: null } })).toBe('t(a: [1,"x"], b: {"c":null})');
  });
  it("escapes quotes and line breaks", () => {
    expect(callText("t", { a: 'x"\n' })).toBe('t(a: "x\\"\\n")');
  });
});
