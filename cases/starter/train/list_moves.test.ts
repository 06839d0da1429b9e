import { describe, expect, it } from "vitest";
import {
  insertAt,
  interleave,
  moveItem,
  removeAt,
  reorder,
  rotateLeft,
  swapItems,
} from "./list_moves.ts";

describe("rotateLeft", () => {
  it("moves the first item to the end", () => {
    expect(rotateLeft(["a", "b", "c"], 1)).toEqual(["b", "c", "a"]);
  });
  it("moves two items", () => {
    expect(rotateLeft([1, 2, 3, 4, 5], 2)).toEqual([3, 4, 5, 1, 2]);
  });
  it("keeps the order for no steps", () => {
    expect(rotateLeft([1, 2], 0)).toEqual([1, 2]);
  });
  it("keeps the order for a whole turn", () => {
    expect(rotateLeft([1, 2, 3], 3)).toEqual([1, 2, 3]);
  });
  it("does not change the list given", () => {
    const items = [1, 2];
    expect(rotateLeft(items, 1)).toEqual([2, 1]);
    expect(items).toEqual([1, 2]);
  });
});

describe("insertAt", () => {
  it("inserts in the middle", () => {
    expect(insertAt(["a", "c"], 1, "b")).toEqual(["a", "b", "c"]);
  });
  it("inserts at the start", () => {
    expect(insertAt([2, 3], 0, 1)).toEqual([1, 2, 3]);
  });
  it("inserts at the end", () => {
    expect(insertAt([1, 2], 2, 3)).toEqual([1, 2, 3]);
  });
  it("inserts in an empty list", () => {
    expect(insertAt([], 0, "x")).toEqual(["x"]);
  });
  it("does not change the list given", () => {
    const items = [1];
    expect(insertAt(items, 0, 0).length).toBe(2);
    expect(items).toEqual([1]);
  });
});

describe("removeAt", () => {
  it("removes the first item", () => {
    expect(removeAt(["a", "b"], 0)).toEqual(["b"]);
  });
  it("removes an item in the middle", () => {
    expect(removeAt([1, 2, 3], 1)).toEqual([1, 3]);
  });
  it("removes nothing behind the end", () => {
    expect(removeAt([1, 2], 2)).toEqual([1, 2]);
  });
  it("removes nothing before the start", () => {
    expect(removeAt([1, 2], -1)).toEqual([1, 2]);
  });
  it("removes one of equal items", () => {
    expect(removeAt(["a", "a"], 1)).toEqual(["a"]);
  });
  it("does not change the list given", () => {
    const items = [1, 2];
    expect(removeAt(items, 0)).toEqual([2]);
    expect(items).toEqual([1, 2]);
  });
});

describe("swapItems", () => {
  it("swaps the ends", () => {
    expect(swapItems(["x", "y", "z"], 0, 2)).toEqual(["z", "y", "x"]);
  });
  it("swaps neighbours", () => {
    expect(swapItems([1, 2, 3], 1, 2)).toEqual([1, 3, 2]);
  });
  it("keeps the list for equal indexes", () => {
    expect(swapItems([1, 2], 1, 1)).toEqual([1, 2]);
  });
  it("takes the indexes in any order", () => {
    expect(swapItems([1, 2, 3], 2, 0)).toEqual([3, 2, 1]);
  });
  it("does not change the list given", () => {
    const items = [1, 2];
    expect(swapItems(items, 0, 1)).toEqual([2, 1]);
    expect(items).toEqual([1, 2]);
  });
});

describe("moveItem", () => {
  it("moves to the end", () => {
    expect(moveItem(["a", "b", "c"], 0, 2)).toEqual(["b", "c", "a"]);
  });
  it("moves to the start", () => {
    expect(moveItem(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  });
  it("moves forward by one", () => {
    expect(moveItem([1, 2, 3, 4], 1, 2)).toEqual([1, 3, 2, 4]);
  });
  it("keeps the list for equal indexes", () => {
    expect(moveItem([1, 2, 3], 1, 1)).toEqual([1, 2, 3]);
  });
  it("does not change the list given", () => {
    const items = [1, 2];
    expect(moveItem(items, 0, 1)).toEqual([2, 1]);
    expect(items).toEqual([1, 2]);
  });
});

describe("interleave", () => {
  it("takes turns", () => {
    expect(interleave([1, 2], [8, 9])).toEqual([1, 8, 2, 9]);
  });
  it("goes on with a longer left list", () => {
    expect(interleave([1, 2, 3], [9])).toEqual([1, 9, 2, 3]);
  });
  it("goes on with a longer right list", () => {
    expect(interleave(["a"], ["x", "y", "z"])).toEqual(["a", "x", "y", "z"]);
  });
  it("works with an empty list", () => {
    expect(interleave([], [1, 2])).toEqual([1, 2]);
    expect(interleave([1], [])).toEqual([1]);
  });
  it("keeps items that are undefined", () => {
    expect(interleave([undefined, 1], [2])).toEqual([undefined, 2, 1]);
  });
});

describe("reorder", () => {
  it("puts named items first", () => {
    expect(reorder(["a", "b", "c"], [2])).toEqual(["c", "a", "b"]);
  });
  it("takes a whole order", () => {
    expect(reorder(["a", "b", "c"], [1, 2, 0])).toEqual(["b", "c", "a"]);
  });
  it("keeps the list without an order", () => {
    expect(reorder([1, 2], [])).toEqual([1, 2]);
  });
  it("refuses an index behind the end", () => {
    expect(() => reorder(["a"], [1])).toThrow(new RangeError("no item 1"));
  });
  it("refuses a negative index and a fraction", () => {
    expect(() => reorder(["a"], [-1])).toThrow("no item -1");
    expect(() => reorder(["a", "b"], [0.5])).toThrow("no item 0.5");
  });
  it("refuses an index named twice", () => {
    expect(() => reorder(["a", "b"], [1, 1])).toThrow(new RangeError("item 1 twice"));
  });
  it("does not change the list given", () => {
    const items = [1, 2];
    expect(reorder(items, [1])).toEqual([2, 1]);
    expect(items).toEqual([1, 2]);
  });
});
