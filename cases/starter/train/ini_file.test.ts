import { describe, expect, it } from "vitest";
import { formatSection, parseIni, parseList, parseSwitch, sectionName } from "./ini_file.ts";

describe("sectionName", () => {
  it("returns the name in brackets", () => {
    expect(sectionName("[api]")).toBe("api");
  });
  it("drops white space around line and name", () => {
    expect(sectionName("  [ ui colors ]\t")).toBe("ui colors");
  });
  it("allows an empty name", () => {
    expect(sectionName("[]")).toBe("");
  });
  it("is undefined for a setting", () => {
    expect(sectionName("a = [1]")).toBe(undefined);
  });
  it("is undefined without a closing bracket", () => {
    expect(sectionName("[api")).toBe(undefined);
  });
  it("is undefined for an empty line", () => {
    expect(sectionName("")).toBe(undefined);
  });
});

describe("parseIni", () => {
  it("reads sections and settings", () => {
    expect(parseIni("[api]\nurl = http://x\nretries=3\n[ui]\ntheme = dark")).toEqual({
      api: { url: "http://x", retries: "3" },
      ui: { theme: "dark" },
    });
  });
  it("puts settings before any section under the empty name", () => {
    expect(parseIni("a = 1\n[s]\nb = 2")).toEqual({ "": { a: "1" }, s: { b: "2" } });
  });
  it("skips comments and empty lines", () => {
    expect(parseIni("# note\n\n ; more\r\n[s]\r\na = 1\r\n")).toEqual({ s: { a: "1" } });
  });
  it("splits at the first equals sign", () => {
    expect(parseIni("[s]\nquery = a=b=c\nempty =")).toEqual({ s: { query: "a=b=c", empty: "" } });
  });
  it("goes on with a section that is named again", () => {
    expect(parseIni("[s]\na = 1\n[t]\n[ s ]\na = 2\nb = 3")).toEqual({
      s: { a: "2", b: "3" },
      t: {},
    });
  });
  it("is empty for an empty text", () => {
    expect(parseIni("")).toEqual({});
  });
  it("refuses a line without an equals sign and names it", () => {
    expect(() => parseIni("[s]\na = 1\nnonsense")).toThrow("line 3");
  });
  it("refuses an empty key", () => {
    expect(() => parseIni(" = 1")).toThrow("line 1");
  });
});

describe("formatSection", () => {
  it("writes the name and the settings", () => {
    expect(formatSection("api", { url: "x", retries: "3" })).toBe("[api]\nurl = x\nretries = 3");
  });
  it("writes only the settings of the section without a name", () => {
    expect(formatSection("", { a: "1", b: "2" })).toBe("a = 1\nb = 2");
  });
  it("writes only the name of a section without settings", () => {
    expect(formatSection("ui", {})).toBe("[ui]");
  });
  it("writes nothing for no name and no settings", () => {
    expect(formatSection("", {})).toBe("");
  });
  it("writes values as they are", () => {
    expect(formatSection("s", { q: "a = b" })).toBe("[s]\nq = a = b");
  });
});

describe("parseSwitch", () => {
  it("reads the words for true", () => {
    expect(["true", "yes", "on", "1"].map((word) => parseSwitch(word))).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
  it("reads the words for false", () => {
    expect(["false", "no", "off", "0"].map((word) => parseSwitch(word))).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });
  it("ignores case and white space", () => {
    expect(parseSwitch(" Yes ")).toBe(true);
    expect(parseSwitch("OFF\n")).toBe(false);
  });
  it("is undefined for other words", () => {
    expect(parseSwitch("maybe")).toBe(undefined);
  });
  it("is undefined for an empty value", () => {
    expect(parseSwitch("")).toBe(undefined);
  });
});

describe("parseList", () => {
  it("splits at commas", () => {
    expect(parseList("a,b")).toEqual(["a", "b"]);
  });
  it("drops white space around values", () => {
    expect(parseList(" a ,  b c ")).toEqual(["a", "b c"]);
  });
  it("leaves out empty values", () => {
    expect(parseList("a, ,,b,")).toEqual(["a", "b"]);
  });
  it("is empty for an empty setting", () => {
    expect(parseList("")).toEqual([]);
  });
  it("gives one value without a comma", () => {
    expect(parseList("solo")).toEqual(["solo"]);
  });
});
