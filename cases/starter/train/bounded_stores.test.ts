import { describe, expect, it } from "vitest";
import { RecentCache, Tally, UndoHistory } from "./bounded_stores.ts";

describe("UndoHistory.text", () => {
  it("returns the first text", () => {
    expect(new UndoHistory("a").text()).toBe("a");
  });
  it("returns a text that was changed", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b"];
    history.current = 1;
    expect(history.text()).toBe("b");
  });
  it("returns the version that is current", () => {
    const history = new UndoHistory("a");
    history.versions = ["x", "y", "z"];
    history.current = 1;
    expect(history.text()).toBe("y");
  });
  it("returns an empty text", () => {
    expect(new UndoHistory("").text()).toBe("");
  });
  it("does not change the history", () => {
    const history = new UndoHistory("a");
    expect(history.text()).toBe("a");
    expect(history.versions).toEqual(["a"]);
  });
});

describe("UndoHistory.change", () => {
  it("adds a version", () => {
    const history = new UndoHistory("a");
    history.change("b");
    expect(history.versions).toEqual(["a", "b"]);
    expect(history.current).toBe(1);
  });
  it("ignores an equal text", () => {
    const history = new UndoHistory("a");
    history.change("a");
    expect(history.versions).toEqual(["a"]);
    history.change("b");
    expect(history.versions.length).toBe(2);
  });
  it("drops the versions behind the current one", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b", "c"];
    history.change("x");
    expect(history.versions).toEqual(["a", "x"]);
    expect(history.current).toBe(1);
  });
  it("can come back to an older text", () => {
    const history = new UndoHistory("a");
    history.change("b");
    history.change("a");
    expect(history.versions).toEqual(["a", "b", "a"]);
  });
  it("takes an empty text", () => {
    const history = new UndoHistory("a");
    history.change("");
    expect(history.versions).toEqual(["a", ""]);
  });
});

describe("UndoHistory.undo", () => {
  const filled = (): UndoHistory => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b", "c", "d"];
    history.current = 3;
    return history;
  };
  it("goes back by one", () => {
    expect(filled().undo()).toBe("c");
  });
  it("goes back by several", () => {
    expect(filled().undo(2)).toBe("b");
  });
  it("stops at the oldest", () => {
    expect(filled().undo(10)).toBe("a");
  });
  it("goes back step by step", () => {
    const history = filled();
    expect(history.undo()).toBe("c");
    expect(history.undo()).toBe("b");
    expect(history.current).toBe(1);
  });
  it("keeps the versions", () => {
    const history = filled();
    expect(history.undo(3)).toBe("a");
    expect(history.versions.length).toBe(4);
  });
});

describe("UndoHistory.canRedo", () => {
  it("is false at the newest version", () => {
    expect(new UndoHistory("a").canRedo()).toBe(false);
  });
  it("is true before the newest version", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b"];
    expect(history.canRedo()).toBe(true);
  });
  it("is false when the newest is current", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b"];
    history.current = 1;
    expect(history.canRedo()).toBe(false);
  });
  it("is true in the middle", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b", "c"];
    history.current = 1;
    expect(history.canRedo()).toBe(true);
  });
  it("is true for the oldest of many", () => {
    const history = new UndoHistory("a");
    history.versions = ["a", "b", "c", "d"];
    expect(history.canRedo()).toBe(true);
  });
});

describe("RecentCache.get", () => {
  const cacheOf = (...keys: string[]): RecentCache<number> => {
    const cache = new RecentCache<number>(3);
    for (const [index, key] of keys.entries()) {
      cache.values.set(key, index);
    }
    return cache;
  };
  it("returns a value", () => {
    expect(cacheOf("a", "b").get("b")).toBe(1);
  });
  it("returns undefined for a missing key", () => {
    const cache = cacheOf("a");
    expect(cache.get("z")).toBe(undefined);
    expect(cache.values.size).toBe(1);
  });
  it("makes the key the last one", () => {
    const cache = cacheOf("a", "b", "c");
    expect(cache.get("a")).toBe(0);
    expect([...cache.values.keys()]).toEqual(["b", "c", "a"]);
  });
  it("keeps a value that is undefined", () => {
    const cache = new RecentCache<undefined>(2);
    cache.values.set("a", undefined);
    cache.values.set("b", undefined);
    expect(cache.get("a")).toBe(undefined);
    expect([...cache.values.keys()]).toEqual(["b", "a"]);
  });
  it("keeps the order for the last key", () => {
    const cache = cacheOf("a", "b");
    expect(cache.get("b")).toBe(1);
    expect([...cache.values.keys()]).toEqual(["a", "b"]);
  });
});

describe("RecentCache.put", () => {
  it("sets a value", () => {
    const cache = new RecentCache<number>(2);
    expect(cache.put("a", 1)).toBe(undefined);
    expect(cache.values).toEqual(new Map([["a", 1]]));
  });
  it("removes the oldest key", () => {
    const cache = new RecentCache<number>(2);
    cache.put("a", 1);
    cache.put("b", 2);
    expect(cache.put("c", 3)).toBe("a");
    expect([...cache.values.keys()]).toEqual(["b", "c"]);
  });
  it("replaces a value without removing a key", () => {
    const cache = new RecentCache<number>(2);
    cache.put("a", 1);
    cache.put("b", 2);
    expect(cache.put("a", 9)).toBe(undefined);
    expect([...cache.values]).toEqual([["b", 2], ["a", 9]]);
  });
  it("removes the key that was not used again", () => {
    const cache = new RecentCache<number>(2);
    cache.put("a", 1);
    cache.put("b", 2);
    cache.put("a", 1);
    expect(cache.put("c", 3)).toBe("b");
  });
  it("keeps nothing for a size of 0", () => {
    const cache = new RecentCache<number>(0);
    expect(cache.put("a", 1)).toBe("a");
    expect(cache.values.size).toBe(0);
  });
});

describe("Tally.add", () => {
  it("starts at 0", () => {
    expect(new Tally().add("a")).toBe(1);
  });
  it("adds to a count", () => {
    const tally = new Tally();
    tally.add("a");
    expect(tally.add("a")).toBe(2);
  });
  it("adds an amount", () => {
    const tally = new Tally();
    tally.add("a", 5);
    expect(tally.add("a", 2)).toBe(7);
  });
  it("keeps names apart", () => {
    const tally = new Tally();
    tally.add("a");
    expect(tally.add("b")).toBe(1);
    expect(tally.counts.size).toBe(2);
  });
  it("remembers the count", () => {
    const tally = new Tally();
    tally.add("x", 3);
    expect(tally.counts.get("x")).toBe(3);
  });
});

describe("Tally.total", () => {
  const tallyOf = (counts: [string, number][]): Tally => {
    const tally = new Tally();
    for (const [name, count] of counts) {
      tally.counts.set(name, count);
    }
    return tally;
  };
  it("adds all counts", () => {
    expect(tallyOf([["a", 2], ["b", 3]]).total()).toBe(5);
  });
  it("is the only count", () => {
    expect(tallyOf([["a", 4]]).total()).toBe(4);
  });
  it("is 0 without names", () => {
    expect(tallyOf([]).total()).toBe(0);
  });
  it("adds equal counts", () => {
    expect(tallyOf([["a", 1], ["b", 1], ["c", 1]]).total()).toBe(3);
  });
  it("adds negative counts", () => {
    expect(tallyOf([["a", 5], ["b", -2]]).total()).toBe(3);
  });
});

describe("Tally.names", () => {
  const tallyOf = (counts: [string, number][]): Tally => {
    const tally = new Tally();
    for (const [name, count] of counts) {
      tally.counts.set(name, count);
    }
    return tally;
  };
  it("puts the highest count first", () => {
    expect(tallyOf([["a", 1], ["b", 3], ["c", 2]]).names()).toEqual(["b", "c", "a"]);
  });
  it("sorts equal counts by name", () => {
    expect(tallyOf([["z", 2], ["m", 2], ["a", 1]]).names()).toEqual(["m", "z", "a"]);
  });
  it("leaves out low counts", () => {
    expect(tallyOf([["a", 1], ["b", 3]]).names(2)).toEqual(["b"]);
  });
  it("leaves out counts of 0", () => {
    expect(tallyOf([["a", 0], ["b", 1]]).names()).toEqual(["b"]);
  });
  it("is empty without names", () => {
    expect(tallyOf([]).names()).toEqual([]);
  });
});
