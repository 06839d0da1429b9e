import { describe, expect, it } from "vitest";
import {
  flatten,
  invert,
  mapValues,
  omitKeys,
  pickKeys,
  renameKeys,
  unflatten,
} from "./object_shapes.ts";

describe("pickKeys", () => {
  it("keeps the keys named", () => {
    expect(pickKeys({ a: 1, b: 2, c: 3 }, ["a", "c"])).toEqual({ a: 1, c: 3 });
  });
  it("skips missing keys", () => {
    expect(pickKeys({ a: 1 }, ["a", "z"])).toEqual({ a: 1 });
    expect(Object.keys(pickKeys({ a: 1 }, ["z"]))).toEqual([]);
  });
  it("keeps values that are undefined or null", () => {
    expect(Object.keys(pickKeys({ a: undefined, b: null, c: 1 }, ["a", "b"]))).toEqual(["a", "b"]);
  });
  it("keeps nothing without keys", () => {
    expect(Object.keys(pickKeys({ a: 1 }, [])).length).toBe(0);
  });
  it("does not change the object given", () => {
    const fields = { a: 1, b: 2 };
    expect(pickKeys(fields, ["a"])).toEqual({ a: 1 });
    expect(fields).toEqual({ a: 1, b: 2 });
  });
});

describe("omitKeys", () => {
  it("drops the keys named", () => {
    expect(omitKeys({ a: 1, b: 2, c: 3 }, ["a", "c"])).toEqual({ b: 2 });
  });
  it("ignores missing keys", () => {
    expect(omitKeys({ a: 1 }, ["z"])).toEqual({ a: 1 });
  });
  it("keeps everything without keys", () => {
    expect(omitKeys({ a: 1, b: 2 }, [])).toEqual({ a: 1, b: 2 });
  });
  it("can drop everything", () => {
    expect(Object.keys(omitKeys({ a: 1 }, ["a"]))).toEqual([]);
  });
  it("does not change the object given", () => {
    const fields = { a: 1, b: 2 };
    expect(omitKeys(fields, ["a"])).toEqual({ b: 2 });
    expect(fields).toEqual({ a: 1, b: 2 });
  });
});

describe("renameKeys", () => {
  it("renames a key", () => {
    expect(renameKeys({ a: 1, b: 2 }, { a: "x" })).toEqual({ x: 1, b: 2 });
  });
  it("keeps the order", () => {
    expect(Object.keys(renameKeys({ a: 1, b: 2, c: 3 }, { b: "z" }))).toEqual(["a", "z", "c"]);
  });
  it("exchanges two keys", () => {
    expect(renameKeys({ a: 1, b: 2 }, { a: "b", b: "a" })).toEqual({ b: 1, a: 2 });
  });
  it("ignores names of missing keys", () => {
    expect(renameKeys({ a: 1 }, { z: "y" })).toEqual({ a: 1 });
  });
  it("does not change the object given", () => {
    const fields = { a: 1 };
    expect(renameKeys(fields, { a: "b" })).toEqual({ b: 1 });
    expect(fields).toEqual({ a: 1 });
  });
});

describe("invert", () => {
  it("exchanges keys and values", () => {
    expect(invert({ a: "x", b: "y" })).toEqual({ x: "a", y: "b" });
  });
  it("keeps the first of equal values", () => {
    expect(invert({ a: "x", b: "x" })).toEqual({ x: "a" });
  });
  it("gives an empty object for an empty one", () => {
    expect(Object.keys(invert({})).length).toBe(0);
  });
  it("gives the object back when used twice", () => {
    expect(
      invert(invert({ ts: "typescript", py: "python" })),
    ).toEqual({ ts: "typescript", py: "python" });
  });
  it("takes the empty text as a key", () => {
    expect(invert({ none: "" })).toEqual({ "": "none" });
  });
});

describe("mapValues", () => {
  it("changes each value", () => {
    expect(mapValues({ a: 1, b: 2 }, (n) => n * 10)).toEqual({ a: 10, b: 20 });
  });
  it("can change the type", () => {
    expect(mapValues({ a: 1 }, (n) => `v${n}`)).toEqual({ a: "v1" });
  });
  it("keeps the keys", () => {
    expect(Object.keys(mapValues({ x: 0, y: 0 }, () => null))).toEqual(["x", "y"]);
  });
  it("gives an empty object for an empty one", () => {
    expect(Object.keys(mapValues({}, () => 1))).toEqual([]);
  });
  it("does not change the object given", () => {
    const record = { a: 1 };
    expect(mapValues(record, (n) => n + 1)).toEqual({ a: 2 });
    expect(record).toEqual({ a: 1 });
  });
});

describe("flatten", () => {
  it("joins the keys of nested objects", () => {
    expect(flatten({ a: { b: 1, c: { d: 2 } } })).toEqual({ "a.b": 1, "a.c.d": 2 });
  });
  it("keeps flat objects", () => {
    expect(flatten({ a: 1, b: "x" })).toEqual({ a: 1, b: "x" });
  });
  it("keeps arrays and null", () => {
    expect(flatten({ a: [1, 2], b: { c: null } })).toEqual({ a: [1, 2], "b.c": null });
  });
  it("keeps objects without keys", () => {
    expect(flatten({ a: {}, b: { c: {} } })).toEqual({ a: {}, "b.c": {} });
  });
  it("does not change the object given", () => {
    const fields = { a: { b: 1 } };
    expect(flatten(fields)).toEqual({ "a.b": 1 });
    expect(fields).toEqual({ a: { b: 1 } });
  });
});

describe("unflatten", () => {
  it("nests keys with dots", () => {
    expect(unflatten({ "a.b": 1, "a.c": 2 })).toEqual({ a: { b: 1, c: 2 } });
  });
  it("keeps keys without dots", () => {
    expect(unflatten({ a: 1, b: [2] })).toEqual({ a: 1, b: [2] });
  });
  it("makes objects of several levels", () => {
    expect(unflatten({ "a.b.c": 1, "a.b.d": 2, e: 3 })).toEqual({ a: { b: { c: 1, d: 2 } }, e: 3 });
  });
  it("replaces values in the way", () => {
    expect(unflatten({ a: 1, "a.b": 2 })).toEqual({ a: { b: 2 } });
    expect(unflatten({ a: [1], "a.b": 2 })).toEqual({ a: { b: 2 } });
  });
  it("lets later keys win", () => {
    expect(unflatten({ "a.b": 1, a: 2 })).toEqual({ a: 2 });
  });
  it("skips dangerous keys", () => {
    expect(unflatten({ "a.__proto__.x": 1, "constructor.y": 2, b: 3 })).toEqual({ b: 3 });
  });
});
