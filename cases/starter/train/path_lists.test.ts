import { describe, expect, it } from "vitest";
import {
  commonFolder,
  countEndings,
  drawTree,
  folderDepth,
  hasFolderOrFile,
  shallowFirst,
  shortLabels,
} from "./path_lists.ts";

describe("countEndings", () => {
  it("counts endings in any letter case", () => {
    expect(countEndings(["a.ts", "b/c.TS", "d.md"])).toEqual({ ts: 2, md: 1 });
  });
  it("takes the last ending", () => {
    expect(countEndings(["a.test.ts"])).toEqual({ ts: 1 });
  });
  it("counts names without an ending", () => {
    expect(countEndings(["Makefile", "src/LICENSE"])).toEqual({ none: 2 });
  });
  it("does not look at folders", () => {
    expect(countEndings(["v1.2/run"])).toEqual({ none: 1 });
  });
  it("is empty without paths", () => {
    expect(Object.keys(countEndings([])).length).toBe(0);
    expect(countEndings([".env"])).toEqual({ env: 1 });
  });
});

describe("folderDepth", () => {
  it("is 0 for a file", () => {
    expect(folderDepth("a.ts")).toBe(0);
  });
  it("counts folders", () => {
    expect(folderDepth("src/lib/a.ts")).toBe(2);
  });
  it("counts one folder", () => {
    expect(folderDepth("src/a.ts")).toBe(1);
  });
  it("counts many folders", () => {
    expect(folderDepth("a/b/c/d/e/f.ts")).toBe(5);
  });
  it("counts a folder at the end", () => {
    expect(folderDepth("src/")).toBe(1);
  });
});

describe("hasFolderOrFile", () => {
  it("finds a folder", () => {
    expect(hasFolderOrFile("src/lib/a.ts", "lib")).toBe(true);
  });
  it("finds the file", () => {
    expect(hasFolderOrFile("src/a.ts", "a.ts")).toBe(true);
  });
  it("refuses a part of a name", () => {
    expect(hasFolderOrFile("src/library/a.ts", "lib")).toBe(false);
  });
  it("refuses other names", () => {
    expect(hasFolderOrFile("src/a.ts", "test")).toBe(false);
  });
  it("finds the first name", () => {
    expect(hasFolderOrFile("node_modules/x/y.js", "node_modules")).toBe(true);
  });
});

describe("shallowFirst", () => {
  it("puts files before deeper ones", () => {
    expect(shallowFirst(["src/a.ts", "z.ts"])).toEqual(["z.ts", "src/a.ts"]);
  });
  it("sorts equal depths", () => {
    expect(shallowFirst(["b/x", "a/y", "c", "a/b/c"])).toEqual(["c", "a/y", "b/x", "a/b/c"]);
  });
  it("is empty without paths", () => {
    expect(shallowFirst([])).toEqual([]);
  });
  it("does not change the list given", () => {
    const paths = ["a/b", "c"];
    expect(shallowFirst(paths)).toEqual(["c", "a/b"]);
    expect(paths).toEqual(["a/b", "c"]);
  });
  it("keeps equal paths", () => {
    expect(shallowFirst(["b", "a", "b"])).toEqual(["a", "b", "b"]);
  });
});

describe("commonFolder", () => {
  it("finds the folder", () => {
    expect(commonFolder(["src/a/x.ts", "src/a/y/z.ts"])).toBe("src/a");
  });
  it("compares whole names", () => {
    expect(commonFolder(["src/lib/x.ts", "src/library/x.ts"])).toBe("src");
  });
  it("is empty without a common folder", () => {
    expect(commonFolder(["a/x.ts", "b/x.ts"])).toBe("");
    expect(commonFolder(["x.ts", "a/x.ts"])).toBe("");
  });
  it("is the folder of a single path", () => {
    expect(commonFolder(["src/a/x.ts"])).toBe("src/a");
  });
  it("does not take a file for a folder", () => {
    expect(commonFolder(["a/b", "a/b/c"])).toBe("a");
  });
  it("is empty without paths", () => {
    expect(commonFolder([])).toBe("");
  });
});

describe("shortLabels", () => {
  it("takes the file when it is the only one", () => {
    expect(shortLabels(["src/a.ts", "lib/b.ts"])).toEqual(["a.ts", "b.ts"]);
  });
  it("adds folders where needed", () => {
    expect(
      shortLabels(["a/x/m.ts", "b/x/m.ts", "a/n.ts"]),
    ).toEqual(["a/x/m.ts", "b/x/m.ts", "n.ts"]);
  });
  it("adds one folder where that is enough", () => {
    expect(shortLabels(["src/a/m.ts", "src/b/m.ts"])).toEqual(["a/m.ts", "b/m.ts"]);
  });
  it("gives a whole path that another one ends with", () => {
    expect(shortLabels(["m.ts", "a/m.ts"])).toEqual(["m.ts", "a/m.ts"]);
  });
  it("compares whole names", () => {
    expect(shortLabels(["a/m.ts", "am.ts"])).toEqual(["m.ts", "am.ts"]);
  });
  it("is empty without paths", () => {
    expect(shortLabels([])).toEqual([]);
  });
});

describe("drawTree", () => {
  it("draws folders and files", () => {
    expect(drawTree(["b.ts", "a/y.ts", "a/x.ts"])).toBe("a/\n  x.ts\n  y.ts\nb.ts");
  });
  it("draws nested folders", () => {
    expect(drawTree(["src/lib/a.ts", "src/b.ts"])).toBe("src/\n  b.ts\n  lib/\n    a.ts");
  });
  it("sorts folders and files alike", () => {
    expect(drawTree(["c/x", "b", "a"])).toBe("a\nb\nc/\n  x");
  });
  it("draws one file", () => {
    expect(drawTree(["only.ts"])).toBe("only.ts");
  });
  it("draws a repeated path once", () => {
    expect(drawTree(["a/x", "a/x"])).toBe("a/\n  x");
  });
  it("is empty without paths", () => {
    expect(drawTree([])).toBe("");
  });
});
