import { describe, expect, it } from "vitest";
import {
  isInside,
  joinPaths,
  normalizePath,
  parentOf,
  relativePath,
  toPosix,
} from "./posix_paths.ts";

describe("toPosix", () => {
  it("replaces a backslash", () => expect(toPosix("src\\a.ts")).toBe("src/a.ts"));
  it("replaces every backslash", () => expect(toPosix("C:\\x\\y\\z")).toBe("C:/x/y/z"));
  it("keeps forward slashes", () => expect(toPosix("a/b\\c")).toBe("a/b/c"));
  it("keeps a path without slashes", () => expect(toPosix("a.ts")).toBe("a.ts"));
  it("keeps doubled slashes doubled", () => expect(toPosix("\\\\host\\x")).toBe("//host/x"));
});

describe("joinPaths", () => {
  it("joins two parts", () => expect(joinPaths("src", "a.ts")).toBe("src/a.ts"));
  it("joins many parts", () => expect(joinPaths("a", "b", "c", "d")).toBe("a/b/c/d"));
  it("leaves empty parts out", () => expect(joinPaths("", "a", "", "b")).toBe("a/b"));
  it("makes repeated slashes one", () => expect(joinPaths("a/", "/b//c")).toBe("a/b/c"));
  it("keeps an absolute start", () => expect(joinPaths("/root", "x")).toBe("/root/x"));
  it("gives an empty path for no parts", () => expect(joinPaths()).toBe(""));
});

describe("parentOf", () => {
  it("removes the last name", () => expect(parentOf("src/lib/a.ts")).toBe("src/lib"));
  it("is a dot for a plain name", () => expect(parentOf("a.ts")).toBe("."));
  it("is the root for a path in it", () => expect(parentOf("/a")).toBe("/"));
  it("is the root for the root", () => expect(parentOf("/")).toBe("/"));
  it("keeps an absolute path absolute", () => expect(parentOf("/src/a")).toBe("/src"));
});

describe("normalizePath", () => {
  it("removes dots and repeated slashes", () =>
    expect(normalizePath("src//./lib/../a.ts")).toBe("src/a.ts"));
  it("removes a slash at the end", () => expect(normalizePath("src/lib/")).toBe("src/lib"));
  it("keeps leading .. of a relative path", () =>
    expect(normalizePath("../../x/..")).toBe("../.."));
  it("drops leading .. of an absolute path", () => expect(normalizePath("/../../a")).toBe("/a"));
  it("goes up several folders", () => expect(normalizePath("a/b/c/../../../../d")).toBe("../d"));
  it("gives a dot when nothing is left", () =>
    expect([normalizePath("a/.."), normalizePath("")]).toEqual([".", "."]));
  it("gives the root when nothing is left", () => expect(normalizePath("/a/./..")).toBe("/"));
  it("keeps names with dots", () =>
    expect(normalizePath("./.git/...x/a..b")).toBe(".git/...x/a..b"));
});

describe("isInside", () => {
  it("accepts a file in the folder", () => expect(isInside("/src", "/src/a.ts")).toBe(true));
  it("accepts a deep file", () => expect(isInside("/src", "/src/x/y/z.ts")).toBe(true));
  it("accepts the folder itself", () => expect(isInside("/src", "/src")).toBe(true));
  it("refuses a folder with a longer name", () =>
    expect(isInside("/src", "/src2/a.ts")).toBe(false));
  it("refuses the parent folder", () => expect(isInside("/src/lib", "/src")).toBe(false));
  it("accepts everything in the root", () =>
    expect([isInside("/", "/a/b"), isInside("/", "/")]).toEqual([true, true]));
});

describe("relativePath", () => {
  it("goes down", () => expect(relativePath("/src", "/src/lib/b.ts")).toBe("lib/b.ts"));
  it("goes up and down", () => expect(relativePath("/src/lib", "/src/a.ts")).toBe("../a.ts"));
  it("goes up several folders", () => expect(relativePath("/a/b/c", "/a")).toBe("../.."));
  it("shares nothing but the root", () => expect(relativePath("/a/b", "/c")).toBe("../../c"));
  it("starts at the root", () => expect(relativePath("/", "/a/b")).toBe("a/b"));
  it("gives a dot for equal paths", () =>
    expect([relativePath("/a/b", "/a/b"), relativePath("/", "/")]).toEqual([".", "."]));
  it("compares whole names", () => expect(relativePath("/src/ab", "/src/abc")).toBe("../abc"));
});
