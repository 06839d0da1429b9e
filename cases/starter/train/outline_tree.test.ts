import { describe, expect, it } from "vitest";
import {
  checklist,
  itemTotal,
  leafTitles,
  openItems,
  parseChecklist,
  pathToItem,
  treeHeight,
} from "./outline_tree.ts";

import type { Item } from "./outline_tree.ts";

const todo = (title: string, ...children: Item[]): Item => ({ title, done: false, children });
const done = (title: string, ...children: Item[]): Item => ({ title, done: true, children });

describe("itemTotal", () => {
  it("counts an item without children", () => {
    expect(itemTotal(todo("a"))).toBe(1);
  });
  it("counts children", () => {
    expect(itemTotal(todo("a", todo("b"), todo("c")))).toBe(3);
  });
  it("counts all levels", () => {
    expect(itemTotal(todo("a", todo("b", todo("c", todo("d"))), todo("e")))).toBe(5);
  });
  it("counts done items", () => {
    expect(itemTotal(done("a", done("b")))).toBe(2);
  });
  it("counts several branches", () => {
    expect(itemTotal(todo("a", todo("b", todo("c")), todo("d", todo("e"))))).toBe(5);
  });
});

describe("treeHeight", () => {
  it("is 1 without children", () => {
    expect(treeHeight(todo("a"))).toBe(1);
  });
  it("is 2 with children", () => {
    expect(treeHeight(todo("a", todo("b"), todo("c")))).toBe(2);
  });
  it("takes the longest branch", () => {
    expect(treeHeight(todo("a", todo("b"), todo("c", todo("d", todo("e")))))).toBe(4);
  });
  it("takes the first branch when it is the longest", () => {
    expect(treeHeight(todo("a", todo("b", todo("c")), todo("d")))).toBe(3);
  });
  it("ignores what is done", () => {
    expect(treeHeight(done("a", todo("b")))).toBe(2);
  });
});

describe("leafTitles", () => {
  it("is the title of a single item", () => {
    expect(leafTitles(todo("a"))).toEqual(["a"]);
  });
  it("lists children without their parent", () => {
    expect(leafTitles(todo("a", todo("b"), todo("c")))).toEqual(["b", "c"]);
  });
  it("lists from top to bottom", () => {
    expect(
      leafTitles(todo("a", todo("b", todo("x"), todo("y")), todo("c"))),
    ).toEqual(["x", "y", "c"]);
  });
  it("lists done items", () => {
    expect(leafTitles(todo("a", done("b")))).toEqual(["b"]);
  });
  it("goes down many levels", () => {
    expect(leafTitles(todo("a", todo("b", todo("c", todo("d")))))).toEqual(["d"]);
  });
});

describe("pathToItem", () => {
  it("is the root", () => {
    expect(pathToItem(todo("a"), "a")).toEqual(["a"]);
  });
  it("leads to a child", () => {
    expect(pathToItem(todo("a", todo("b"), todo("c")), "c")).toEqual(["a", "c"]);
  });
  it("leads down", () => {
    expect(
      pathToItem(todo("a", todo("b", todo("x")), todo("c", todo("y"))), "y"),
    ).toEqual(["a", "c", "y"]);
  });
  it("is null for a missing title", () => {
    expect(pathToItem(todo("a", todo("b")), "z")).toBe(null);
  });
  it("takes the first of equal titles", () => {
    expect(pathToItem(todo("a", todo("b", todo("x")), todo("x")), "x")).toEqual(["a", "b", "x"]);
  });
});

describe("openItems", () => {
  it("leaves out a done child", () => {
    expect(openItems(todo("a", done("b"), todo("c")))).toEqual(todo("a", todo("c")));
  });
  it("keeps a done item with open work below", () => {
    expect(openItems(todo("a", done("b", todo("c"))))).toEqual(todo("a", done("b", todo("c"))));
  });
  it("leaves out a done branch", () => {
    expect(openItems(todo("a", done("b", done("c"))))).toEqual(todo("a"));
  });
  it("keeps the root", () => {
    expect(openItems(done("a", done("b")))).toEqual(done("a"));
  });
  it("keeps an open item whose work is done", () => {
    expect(openItems(todo("a", todo("b", done("c"))))).toEqual(todo("a", todo("b")));
  });
  it("does not change the tree given", () => {
    const tree = todo("a", done("b"));
    expect(openItems(tree).children).toEqual([]);
    expect(tree.children.length).toBe(1);
  });
});

describe("checklist", () => {
  it("writes items", () => {
    expect(checklist([todo("a"), done("b")])).toBe("- [ ] a\n- [x] b");
  });
  it("indents children", () => {
    expect(
      checklist([todo("a", done("b", todo("c"))), todo("d")]),
    ).toBe("- [ ] a\n  - [x] b\n    - [ ] c\n- [ ] d");
  });
  it("is empty without items", () => {
    expect(checklist([])).toBe("");
  });
  it("starts at a level", () => {
    expect(checklist([todo("a", todo("b"))], 1)).toBe("  - [ ] a\n    - [ ] b");
  });
  it("writes one item", () => {
    expect(checklist([done("only")])).toBe("- [x] only");
  });
});

describe("parseChecklist", () => {
  it("reads items", () => {
    expect(parseChecklist("- [ ] a\n- [x] b")).toEqual([todo("a"), done("b")]);
  });
  it("reads children", () => {
    expect(
      parseChecklist("- [ ] a\n  - [x] b\n    - [ ] c\n- [ ] d"),
    ).toEqual([todo("a", done("b", todo("c"))), todo("d")]);
  });
  it("ignores other lines", () => {
    expect(
      parseChecklist("# Plan\n\n- [ ] a\ntext\n- plain\n  - [ ] b"),
    ).toEqual([todo("a", todo("b"))]);
  });
  it("takes the nearest item with a lower level", () => {
    expect(
      parseChecklist("- [ ] a\n      - [ ] b\n   - [ ] c"),
    ).toEqual([todo("a", todo("b"), todo("c"))]);
  });
  it("puts indented items at the top without a parent", () => {
    expect(parseChecklist("    - [x] a\n  - [ ] b")).toEqual([done("a"), todo("b")]);
  });
  it("is empty for an empty text", () => {
    expect(parseChecklist("")).toEqual([]);
  });
});
