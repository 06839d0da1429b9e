import { describe, expect, it } from "vitest";
import {
  dashedPath,
  isAbsolute,
  isTypeScript,
  joinWithSlash,
  pathParts,
  withExtension,
} from "./path_basics.ts";

describe("joinWithSlash", () => {
  it("joins a folder and a file", () => {
    expect(joinWithSlash("src", "a.ts")).toBe("src/a.ts");
  });
  it("joins two folders", () => {
    expect(joinWithSlash("src", "lib")).toBe("src/lib");
  });
  it("joins a path of several folders", () => {
    expect(joinWithSlash("src/lib", "a.ts")).toBe("src/lib/a.ts");
  });
  it("joins the current folder", () => {
    expect(joinWithSlash(".", "a.ts")).toBe("./a.ts");
  });
  it("starts with a slash after an empty name", () => {
    expect(joinWithSlash("", "tmp")).toBe("/tmp");
  });
});

describe("isAbsolute", () => {
  it("returns true for a path from the root", () => {
    expect(isAbsolute("/src/a.ts")).toBe(true);
  });
  it("returns true for the root", () => {
    expect(isAbsolute("/")).toBe(true);
  });
  it("returns false for a relative path", () => {
    expect(isAbsolute("src/a.ts")).toBe(false);
  });
  it("returns false for the current folder", () => {
    expect(isAbsolute("./a.ts")).toBe(false);
  });
  it("returns false for the empty path", () => {
    expect(isAbsolute("")).toBe(false);
  });
});

describe("isTypeScript", () => {
  it("returns true for a file", () => {
    expect(isTypeScript("a.ts")).toBe(true);
  });
  it("returns true for a file in a folder", () => {
    expect(isTypeScript("src/lib/a.ts")).toBe(true);
  });
  it("returns false for JavaScript", () => {
    expect(isTypeScript("a.js")).toBe(false);
  });
  it("returns false when the ending is in the middle", () => {
    expect(isTypeScript("a.ts.txt")).toBe(false);
  });
  it("returns false for a name without a dot", () => {
    expect(isTypeScript("ts")).toBe(false);
  });
});

describe("pathParts", () => {
  it("splits two parts", () => {
    expect(pathParts("src/a.ts")).toEqual(["src", "a.ts"]);
  });
  it("splits three parts", () => {
    expect(pathParts("a/b/c")).toEqual(["a", "b", "c"]);
  });
  it("returns one part without a slash", () => {
    expect(pathParts("a.ts")).toEqual(["a.ts"]);
  });
  it("starts with an empty part for an absolute path", () => {
    expect(pathParts("/src")).toEqual(["", "src"]);
  });
  it("ends in an empty part after a slash at the end", () => {
    expect(pathParts("src/")).toEqual(["src", ""]);
  });
});

describe("withExtension", () => {
  it("adds an extension", () => {
    expect(withExtension("index", "ts")).toBe("index.ts");
  });
  it("adds another one", () => {
    expect(withExtension("readme", "md")).toBe("readme.md");
  });
  it("adds a second extension", () => {
    expect(withExtension("a.test", "ts")).toBe("a.test.ts");
  });
  it("keeps the folder", () => {
    expect(withExtension("src/a", "js")).toBe("src/a.js");
  });
  it("keeps the letter case", () => {
    expect(withExtension("Makefile", "BAK")).toBe("Makefile.BAK");
  });
});

describe("dashedPath", () => {
  it("replaces one slash", () => {
    expect(dashedPath("src/a.ts")).toBe("src-a.ts");
  });
  it("replaces every slash", () => {
    expect(dashedPath("a/b/c/d")).toBe("a-b-c-d");
  });
  it("leaves a name without a slash", () => {
    expect(dashedPath("a.ts")).toBe("a.ts");
  });
  it("replaces a slash at the start", () => {
    expect(dashedPath("/tmp")).toBe("-tmp");
  });
  it("keeps the dashes that are there", () => {
    expect(dashedPath("my-app/src")).toBe("my-app-src");
  });
});
