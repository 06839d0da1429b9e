import { describe, expect, it } from "vitest";
import { dropUndefined, firstSet, mergeConfig, originOfKeys, unknownKeys } from "./merge_config.ts";

describe("dropUndefined", () => {
  it("drops undefined values", () => {
    expect(Object.keys(dropUndefined({ a: undefined, b: 1 }))).toEqual(["b"]);
  });
  it("keeps null", () => {
    expect(dropUndefined({ a: null })).toEqual({ a: null });
  });
  it("keeps other empty values", () => {
    expect(dropUndefined({ a: false, b: 0, c: "" })).toEqual({ a: false, b: 0, c: "" });
  });
  it("does not look into nested objects", () => {
    expect(Object.keys(dropUndefined({ a: { b: undefined } }).a as object)).toEqual(["b"]);
  });
  it("leaves the configuration given as it was", () => {
    const config = { a: undefined, b: 2 };
    expect(dropUndefined(config)).toEqual({ b: 2 });
    expect(Object.keys(config)).toEqual(["a", "b"]);
  });
});

describe("mergeConfig", () => {
  it("merges nested objects", () => {
    expect(mergeConfig({ api: { url: "u", retries: 1 } }, { api: { retries: 3 } })).toEqual({
      api: { url: "u", retries: 3 },
    });
  });
  it("replaces arrays whole", () => {
    expect(mergeConfig({ tags: [1, 2] }, { tags: [3] })).toEqual({ tags: [3] });
  });
  it("removes a key overridden with null", () => {
    expect(Object.keys(mergeConfig({ a: 1, b: 2 }, { a: null }))).toEqual(["b"]);
  });
  it("leaves the base value for undefined", () => {
    expect(mergeConfig({ a: 1 }, { a: undefined })).toEqual({ a: 1 });
  });
  it("replaces a primitive by an object", () => {
    expect(mergeConfig({ a: 1 }, { a: { b: 2 } })).toEqual({ a: { b: 2 } });
  });
  it("skips keys that reach the prototype", () => {
    const override = JSON.parse('{ "__proto__": { "bad": 1 }, "constructor": 2, "x": 3 }');
    const merged = mergeConfig({}, override);
    expect(Object.keys(merged)).toEqual(["x"]);
    expect(merged.bad).toBe(undefined);
  });
  it("changes neither argument", () => {
    const base = { a: { b: 1 } };
    const override = { a: { c: 2 } };
    expect(mergeConfig(base, override)).toEqual({ a: { b: 1, c: 2 } });
    expect(base).toEqual({ a: { b: 1 } });
    expect(override).toEqual({ a: { c: 2 } });
  });
});

describe("firstSet", () => {
  it("skips undefined and null", () => {
    expect(firstSet([undefined, null, "b", "c"], "z")).toBe("b");
  });
  it("takes false as a value", () => {
    expect(firstSet<boolean>([undefined, false, true], true)).toBe(false);
  });
  it("takes zero as a value", () => {
    expect(firstSet<number>([null, 0, 5], 7)).toBe(0);
  });
  it("takes an empty text as a value", () => {
    expect(firstSet<string>(["", "x"], "z")).toBe("");
  });
  it("falls back when nothing is set", () => {
    expect(firstSet<string>([undefined, null], "z")).toBe("z");
  });
  it("falls back without candidates", () => {
    expect(firstSet<number>([], 4)).toBe(4);
  });
});

describe("originOfKeys", () => {
  it("names the last layer that has the key", () => {
    expect(
      originOfKeys([
        { name: "default", values: { a: 1, b: 1 } },
        { name: "user", values: { b: 2 } },
      ]),
    ).toEqual({ a: "default", b: "user" });
  });
  it("is empty without layers", () => {
    expect(originOfKeys([])).toEqual({});
  });
  it("is empty for layers without keys", () => {
    expect(originOfKeys([{ name: "user", values: {} }])).toEqual({});
  });
  it("counts a key whose value is undefined", () => {
    expect(
      originOfKeys([
        { name: "default", values: { a: 1 } },
        { name: "user", values: { a: undefined } },
      ]),
    ).toEqual({ a: "user" });
  });
  it("follows the order of the layers", () => {
    expect(
      originOfKeys([
        { name: "x", values: { k: 1 } },
        { name: "y", values: { k: 1 } },
        { name: "x", values: { k: 2 } },
      ]),
    ).toEqual({ k: "x" });
  });
});

describe("unknownKeys", () => {
  it("lists keys that are not known", () => {
    expect(unknownKeys({ a: 1, b: 2 }, ["a"])).toEqual(["b"]);
  });
  it("keeps the order of the configuration", () => {
    expect(unknownKeys({ z: 1, k: 1, a: 1 }, ["k"])).toEqual(["z", "a"]);
  });
  it("is empty when all keys are known", () => {
    expect(unknownKeys({ a: 1 }, ["a", "b"])).toEqual([]);
  });
  it("lists every key when none is known", () => {
    expect(unknownKeys({ a: 1, b: 1 }, [])).toEqual(["a", "b"]);
  });
  it("tells upper from lower case", () => {
    expect(unknownKeys({ Api: 1 }, ["api"])).toEqual(["Api"]);
  });
});
