import { describe, expect, it } from "vitest";
import {
  argumentNames,
  argumentOf,
  callLabel,
  callsOf,
  callsTool,
  renamedCall,
} from "./tool_basics.ts";

const read = { name: "read_file", args: { path: "a.ts", limit: "10" } };
const list = { name: "list_files", args: {} };

describe("callsTool", () => {
  it("recognises its tool", () => {
    expect(callsTool(read, "read_file")).toBe(true);
  });
  it("refuses another tool", () => {
    expect(callsTool(read, "list_files")).toBe(false);
  });
  it("recognises a tool without arguments", () => {
    expect(callsTool(list, "list_files")).toBe(true);
  });
  it("refuses a part of the name", () => {
    expect(callsTool(read, "read")).toBe(false);
  });
  it("tells upper from lower case", () => {
    expect(callsTool(read, "READ_FILE")).toBe(false);
  });
});

describe("argumentOf", () => {
  it("returns an argument", () => {
    expect(argumentOf(read, "path")).toBe("a.ts");
  });
  it("returns another argument", () => {
    expect(argumentOf(read, "limit")).toBe("10");
  });
  it("returns undefined for a missing argument", () => {
    expect(argumentOf(read, "mode")).toBe(undefined);
  });
  it("returns undefined when there are no arguments", () => {
    expect(argumentOf(list, "path")).toBe(undefined);
  });
  it("returns an empty argument", () => {
    expect(argumentOf({ name: "t", args: { a: "" } }, "a")).toBe("");
  });
});

describe("argumentNames", () => {
  it("lists two names", () => {
    expect(argumentNames(read)).toEqual(["path", "limit"]);
  });
  it("lists nothing without arguments", () => {
    expect(argumentNames(list)).toEqual([]);
  });
  it("lists one name", () => {
    expect(argumentNames({ name: "t", args: { a: "1" } })).toEqual(["a"]);
  });
  it("keeps the order", () => {
    expect(argumentNames({ name: "t", args: { z: "1", b: "2" } })).toEqual(["z", "b"]);
  });
  it("lists the name of an empty argument", () => {
    expect(argumentNames({ name: "t", args: { a: "" } })).toEqual(["a"]);
  });
});

describe("callLabel", () => {
  it("labels a call", () => {
    expect(callLabel(read)).toBe("read_file()");
  });
  it("labels a call without arguments", () => {
    expect(callLabel(list)).toBe("list_files()");
  });
  it("labels a short name", () => {
    expect(callLabel({ name: "t", args: {} })).toBe("t()");
  });
  it("keeps the letter case", () => {
    expect(callLabel({ name: "Run", args: {} })).toBe("Run()");
  });
  it("labels an empty name", () => {
    expect(callLabel({ name: "", args: {} })).toBe("()");
  });
});

describe("callsOf", () => {
  it("keeps the calls of a tool", () => {
    expect(callsOf([read, list, read], "read_file")).toEqual([read, read]);
  });
  it("keeps one call", () => {
    expect(callsOf([read, list], "list_files")).toEqual([list]);
  });
  it("keeps nothing for another tool", () => {
    expect(callsOf([read, list], "write")).toEqual([]);
  });
  it("keeps nothing of no calls", () => {
    expect(callsOf([], "read_file")).toEqual([]);
  });
  it("keeps all calls when all fit", () => {
    expect(callsOf([list, list], "list_files")).toEqual([list, list]);
  });
});

describe("renamedCall", () => {
  it("changes the name", () => {
    expect(renamedCall(list, "ls").name).toBe("ls");
  });
  it("keeps the arguments", () => {
    expect(renamedCall(read, "cat").args).toEqual({ path: "a.ts", limit: "10" });
  });
  it("does not change the call given", () => {
    expect(renamedCall(read, "x").name).toBe("x");
    expect(read.name).toBe("read_file");
  });
  it("gives an equal call for the same name", () => {
    expect(renamedCall(list, "list_files")).toEqual({ name: "list_files", args: {} });
  });
  it("can give an empty name", () => {
    expect(renamedCall(list, "")).toEqual({ name: "", args: {} });
  });
});
