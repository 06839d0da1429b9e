import { describe, expect, it } from "vitest";
import { depthOf, getPath, parsePath, setPath } from "./object_paths.ts";

describe("parsePath", () => {
  it("splits names at dots and indexes at brackets", () => {
    expect(parsePath("a.b[2].c")).toEqual(["a", "b", 2, "c"]);
  });
  it("gives no keys for an empty path", () => {
    expect(parsePath("")).toEqual([]);
  });
  it("keeps a number between dots as a name", () => {
    expect(parsePath("a.0")).toEqual(["a", "0"]);
  });
  it("reads neighbouring brackets", () => {
    expect(parsePath("[0][12]")).toEqual([0, 12]);
  });
  it.each(["a..b", ".a", "a.", "a.[0]", "a[x]", "a[", "a]", "[0]a", "a[]"])(
    "refuses %s",
    (path) => {
      expect(() => parsePath(path)).toThrow(SyntaxError);
    },
  );
});

describe("getPath", () => {
  const tree = { api: { key: "k", ports: [80, 443], off: null, gone: undefined }, n: 1 };
  it("reads a nested value", () => {
    expect(getPath(tree, "api.key", "none")).toBe("k");
  });
  it("enters arrays by index", () => {
    expect(getPath(tree, "api.ports.1", 0)).toBe(443);
  });
  it("gives the fallback for a missing step", () => {
    expect(getPath(tree, "api.models.first", "none")).toBe("none");
  });
  it("gives the fallback below a number", () => {
    expect(getPath(tree, "n.digits", "none")).toBe("none");
  });
  it("returns a null that is there", () => {
    expect(getPath(tree, "api.off", "none")).toBe(null);
  });
  it("gives the fallback for undefined", () => {
    expect(getPath(tree, "api.gone", "none")).toBe("none");
  });
  it("does not see inherited keys", () => {
    expect(getPath(tree, "api.toString", "none")).toBe("none");
  });
});

describe("setPath", () => {
  it("adds beside existing keys", () => {
    expect(setPath({ a: { x: 1 } }, "a.b", 2)).toEqual({ a: { x: 1, b: 2 } });
  });
  it("makes the missing steps", () => {
    expect(setPath({}, "a.b.c", true)).toEqual({ a: { b: { c: true } } });
  });
  it("replaces a value at the top", () => {
    expect(setPath({ a: 1, b: 2 }, "a", "new")).toEqual({ a: "new", b: 2 });
  });
  it("replaces steps that are not plain objects", () => {
    expect(setPath({ a: 5, b: [1] }, "a.x", 1)).toEqual({ a: { x: 1 }, b: [1] });
    expect(setPath({ b: [1] }, "b.x", 1)).toEqual({ b: { x: 1 } });
  });
  it("changes no object of the tree given", () => {
    const tree = { a: { b: { c: 1 } } };
    expect(setPath(tree, "a.b.c", 2)).toEqual({ a: { b: { c: 2 } } });
    expect(tree).toEqual({ a: { b: { c: 1 } } });
  });
});

describe("depthOf", () => {
  it("counts keys between dots", () => {
    expect(depthOf("a.b.c")).toBe(3);
  });
  it("counts one key", () => {
    expect(depthOf("api")).toBe(1);
  });
  it("is 0 for an empty path", () => {
    expect(depthOf("")).toBe(0);
  });
  it("counts numeric keys", () => {
    expect(depthOf("list.0")).toBe(2);
  });
  it("does not look at the length of names", () => {
    expect(depthOf("settings.provider.model.name")).toBe(4);
  });
});
