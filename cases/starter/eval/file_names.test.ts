import { describe, expect, it } from "vitest";
import { compareNatural, extensionOf, isTestFile, slugify, UniqueNames } from "./file_names.ts";

describe("extensionOf", () => {
  it("returns the extension with its dot", () => expect(extensionOf("main.ts")).toBe(".ts"));
  it("returns the last of several", () => expect(extensionOf("a.test.ts")).toBe(".ts"));
  it("returns it in lower case", () => expect(extensionOf("README.MD")).toBe(".md"));
  it("is empty without a dot", () => expect(extensionOf("Makefile")).toBe(""));
  it("is empty for a hidden file", () => expect(extensionOf(".env")).toBe(""));
  it("finds the extension of a hidden file", () =>
    expect(extensionOf(".eslintrc.json")).toBe(".json"));
});

describe("slugify", () => {
  it("joins words by dashes", () => expect(slugify("Fix the Bug")).toBe("fix-the-bug"));
  it("makes runs of other characters one dash", () =>
    expect(slugify("Fix: the  Bug!now")).toBe("fix-the-bug-now"));
  it("leaves no dash at the ends", () => expect(slugify("  (draft) ")).toBe("draft"));
  it("keeps digits", () => expect(slugify("Version 2.10")).toBe("version-2-10"));
  it("replaces letters with accents", () => expect(slugify("café au lait")).toBe("caf-au-lait"));
  it("gives nothing for a title of signs", () => expect(slugify("?!")).toBe(""));
});

describe("isTestFile", () => {
  it("accepts a test in TypeScript", () => expect(isTestFile("src/a.test.ts")).toBe(true));
  it("accepts a spec in tsx", () => expect(isTestFile("b.spec.tsx")).toBe(true));
  it("accepts tests in JavaScript", () =>
    expect([isTestFile("a.test.js"), isTestFile("a.spec.jsx")]).toEqual([true, true]));
  it("refuses a source file", () => expect(isTestFile("src/a.ts")).toBe(false));
  it("refuses a name that only contains test", () =>
    expect([isTestFile("test.ts"), isTestFile("atest.ts")]).toEqual([false, false]));
  it("refuses other extensions", () => expect(isTestFile("a.test.tsx.snap")).toBe(false));
});

describe("compareNatural", () => {
  it("compares numbers by value", () =>
    expect([compareNatural("a2", "a10"), compareNatural("a10", "a2")]).toEqual([-1, 1]));
  it("compares text by its characters", () =>
    expect([compareNatural("abc", "abd"), compareNatural("b", "a")]).toEqual([-1, 1]));
  it("finds equal names equal", () => expect(compareNatural("a1b2", "a1b2")).toBe(0));
  it("ignores leading zeros", () =>
    expect([compareNatural("v07", "v7"), compareNatural("v07b", "v7a")]).toEqual([0, 1]));
  it("puts the shorter name first", () =>
    expect([compareNatural("a", "a1"), compareNatural("a1b", "a1")]).toEqual([-1, 1]));
  it("lets the first difference decide", () => expect(compareNatural("x1-y9", "x2-y1")).toBe(-1));
  it("compares digits with letters as text", () =>
    expect([compareNatural("1", "a"), compareNatural("a", "1")]).toEqual([-1, 1]));
  it("sorts a list", () =>
    expect(["f10.ts", "f9.ts", "f1.ts", "e20.ts"].sort(compareNatural)).toEqual([
      "e20.ts",
      "f1.ts",
      "f9.ts",
      "f10.ts",
    ]));
});

describe("UniqueNames.has", () => {
  const given = (...names: string[]): UniqueNames => {
    const unique = new UniqueNames();
    for (const name of names) unique.take(name);
    return unique;
  };

  it("knows a given name", () => expect(given("a.ts").has("a.ts")).toBe(true));
  it("knows it in another letter case", () => expect(given("Read.md").has("rEAD.MD")).toBe(true));
  it("does not know another name", () => expect(given("a.ts").has("b.ts")).toBe(false));
  it("knows no name at the start", () => expect(given().has("a.ts")).toBe(false));
  it("knows a name with a number", () =>
    expect(["a-2.ts", "a-3.ts"].map((name) => given("a.ts", "a.ts").has(name))).toEqual([
      true,
      false,
    ]));
  it("does not remember names it was asked for", () => {
    const unique = given();
    unique.has("a.ts");
    expect(unique.has("a.ts")).toBe(false);
  });
});

describe("UniqueNames.take", () => {
  const takeAll = (...names: string[]): string[] => {
    const unique = new UniqueNames();
    return names.map((name) => unique.take(name));
  };

  it("gives new names as they are", () =>
    expect(takeAll("a.ts", "b.ts")).toEqual(["a.ts", "b.ts"]));
  it("counts before the extension", () =>
    expect(takeAll("a.ts", "a.ts", "a.ts")).toEqual(["a.ts", "a-2.ts", "a-3.ts"]));
  it("counts at the end without extension", () =>
    expect(takeAll("LICENSE", "LICENSE")).toEqual(["LICENSE", "LICENSE-2"]));
  it("counts at the end of a hidden file", () =>
    expect(takeAll(".env", ".env")).toEqual([".env", ".env-2"]));
  it("finds names equal in another letter case", () =>
    expect(takeAll("a.ts", "A.TS")).toEqual(["a.ts", "A-2.TS"]));
  it("steps over a name that was given", () =>
    expect(takeAll("a-2.ts", "a.ts", "a.ts")).toEqual(["a-2.ts", "a.ts", "a-3.ts"]));
  it("inserts before the last dot", () =>
    expect(takeAll("a.test.ts", "a.test.ts")).toEqual(["a.test.ts", "a.test-2.ts"]));
});
