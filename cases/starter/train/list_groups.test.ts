import { describe, expect, it } from "vitest";
import {
  compareModels,
  groupItems,
  indexByKey,
  passRate,
  shortestPasses,
  tokensByModel,
} from "./list_groups.ts";

import type { Attempt } from "./list_groups.ts";

const attempt = (model: string, task: string, tokens: number, passed: boolean): Attempt => ({
  model,
  task,
  tokens,
  passed,
});

describe("groupItems", () => {
  it("groups by key", () => {
    expect(groupItems([1, 2, 3], (n) => n % 2)).toEqual(new Map([[1, [1, 3]], [0, [2]]]));
  });
  it("groups words by length", () => {
    expect(
      groupItems(["a", "bb", "c"], (s) => s.length),
    ).toEqual(new Map([[1, ["a", "c"]], [2, ["bb"]]]));
  });
  it("keeps the keys in order of first occurrence", () => {
    expect([...groupItems(["z1", "a1", "z2"], (s) => s[0]).keys()]).toEqual(["z", "a"]);
  });
  it("gives no groups for no items", () => {
    expect(groupItems([], (n) => n).size).toBe(0);
  });
  it("gives one group for equal keys", () => {
    expect(groupItems([3, 4], () => "all").get("all")).toEqual([3, 4]);
  });
});

describe("tokensByModel", () => {
  it("adds the tokens of a model", () => {
    expect(
      tokensByModel([attempt("a", "t", 5, true), attempt("a", "u", 7, false)]),
    ).toEqual({ a: 12 });
  });
  it("keeps models apart", () => {
    expect(
      tokensByModel([attempt("a", "t", 5, true), attempt("b", "t", 1, true)]),
    ).toEqual({ a: 5, b: 1 });
  });
  it("is empty without attempts", () => {
    expect(Object.keys(tokensByModel([])).length).toBe(0);
    expect(tokensByModel([attempt("m", "t", 1, true)]).m).toBe(1);
  });
  it("counts failed attempts", () => {
    expect(tokensByModel([attempt("a", "t", 3, false)])).toEqual({ a: 3 });
  });
  it("keeps a sum of 0", () => {
    expect(tokensByModel([attempt("a", "t", 0, false)])).toEqual({ a: 0 });
  });
});

describe("passRate", () => {
  it("is 1 when all passed", () => {
    expect(passRate([attempt("a", "t", 1, true)])).toBe(1);
  });
  it("is 0 when none passed", () => {
    expect(passRate([attempt("a", "t", 1, false), attempt("a", "u", 1, false)])).toBe(0);
  });
  it("is a share", () => {
    expect(passRate([attempt("a", "t", 1, true), attempt("a", "u", 1, false)])).toBe(0.5);
  });
  it("is 0 without attempts", () => {
    expect(passRate([])).toBe(0);
  });
  it("counts each attempt at the same task", () => {
    expect(passRate([true, true, false, true].map((p) => attempt("a", "t", 1, p)))).toBe(0.75);
  });
});

describe("indexByKey", () => {
  it("indexes by a key", () => {
    expect(
      indexByKey([{ id: "a" }, { id: "b" }], "id"),
    ).toEqual({ a: { id: "a" }, b: { id: "b" } });
  });
  it("keeps the last of equal keys", () => {
    expect(
      indexByKey([{ id: "a", n: 1 }, { id: "a", n: 2 }], "id"),
    ).toEqual({ a: { id: "a", n: 2 } });
  });
  it("takes any key", () => {
    expect(indexByKey([{ id: "1", name: "x" }], "name")).toEqual({ x: { id: "1", name: "x" } });
  });
  it("keeps the items themselves", () => {
    const item = { id: "a" };
    expect(indexByKey([item], "id").a).toBe(item);
  });
  it("has as many keys as there are different ones", () => {
    expect(Object.keys(indexByKey([{ id: "a" }, { id: "b" }, { id: "a" }], "id")).length).toBe(2);
  });
  it("gives an object without keys for no items", () => {
    expect(Object.keys(indexByKey([], "id"))).toEqual([]);
  });
});

describe("shortestPasses", () => {
  const long = attempt("a", "t", 9, true);
  const short = attempt("b", "t", 4, true);
  const other = attempt("a", "u", 5, true);
  it("takes the shortest of a task", () => {
    expect(shortestPasses([long, short, other])).toEqual([short, other]);
  });
  it("takes the first of equally short ones", () => {
    expect(shortestPasses([short, attempt("c", "t", 4, true)])).toEqual([short]);
  });
  it("ignores failed attempts", () => {
    expect(shortestPasses([attempt("c", "t", 1, false), long])).toEqual([long]);
  });
  it("leaves out tasks that never passed", () => {
    expect(shortestPasses([attempt("a", "x", 1, false), other])).toEqual([other]);
  });
  it("keeps the order of the tasks, failed attempts included", () => {
    expect(shortestPasses([attempt("a", "u", 1, false), long, other])).toEqual([other, long]);
  });
  it("is empty without attempts", () => {
    expect(shortestPasses([])).toEqual([]);
  });
});

describe("compareModels", () => {
  it("counts a task that both passed", () => {
    expect(
      compareModels([attempt("a", "t", 1, true), attempt("b", "t", 1, true)], "a", "b"),
    ).toEqual({ both: 1, first: 0, second: 0, neither: 0 });
  });
  it("counts tasks that one passed", () => {
    expect(
      compareModels([attempt("a", "t", 1, true), attempt("b", "t", 1, false)], "a", "b"),
    ).toEqual({ both: 0, first: 1, second: 0, neither: 0 });
    expect(
      compareModels([attempt("a", "t", 1, true), attempt("b", "t", 1, false)], "b", "a"),
    ).toEqual({ both: 0, first: 0, second: 1, neither: 0 });
  });
  it("counts a task that none passed", () => {
    expect(
      compareModels([attempt("a", "t", 1, false), attempt("b", "t", 1, false)], "a", "b"),
    ).toEqual({ both: 0, first: 0, second: 0, neither: 1 });
  });
  it("takes one passed attempt of several", () => {
    const attempts = [
      attempt("a", "t", 1, true),
      attempt("a", "t", 1, false),
      attempt("b", "t", 1, false),
      attempt("b", "t", 2, true),
    ];
    expect(compareModels(attempts, "a", "b").both).toBe(1);
  });
  it("ignores tasks that only one attempted", () => {
    expect(
      compareModels([attempt("a", "t", 1, true), attempt("b", "u", 1, true)], "a", "b"),
    ).toEqual({ both: 0, first: 0, second: 0, neither: 0 });
  });
  it("ignores other models", () => {
    const attempts = [
      attempt("a", "t", 1, true),
      attempt("c", "t", 1, true),
      attempt("b", "t", 1, false),
    ];
    expect(compareModels(attempts, "a", "b").first).toBe(1);
  });
});
