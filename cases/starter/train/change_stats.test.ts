import { describe, expect, it } from "vitest";
import {
  changeBar,
  changeLine,
  changeSummary,
  joinChanges,
  projectChanges,
  touchedLines,
  undone,
} from "./change_stats.ts";

const change = (path: string, added: number, removed: number) => ({ path, added, removed });

describe("touchedLines", () => {
  it("adds both counts", () => {
    expect(touchedLines(change("a", 3, 2))).toBe(5);
  });
  it("counts added lines alone", () => {
    expect(touchedLines(change("a", 4, 0))).toBe(4);
  });
  it("counts removed lines alone", () => {
    expect(touchedLines(change("a", 0, 7))).toBe(7);
  });
  it("is 0 for no lines", () => {
    expect(touchedLines(change("a", 0, 0))).toBe(0);
  });
  it("adds equal counts", () => {
    expect(touchedLines(change("a", 1, 1))).toBe(2);
  });
});

describe("undone", () => {
  it("exchanges the counts", () => {
    expect(undone(change("a.ts", 3, 1))).toEqual({ path: "a.ts", added: 1, removed: 3 });
  });
  it("keeps equal counts", () => {
    expect(undone(change("b", 2, 2))).toEqual({ path: "b", added: 2, removed: 2 });
  });
  it("makes an addition a removal", () => {
    expect(undone(change("c", 5, 0))).toEqual({ path: "c", added: 0, removed: 5 });
  });
  it("gives the change back when used twice", () => {
    expect(undone(undone(change("d", 1, 9)))).toEqual({ path: "d", added: 1, removed: 9 });
  });
  it("does not change what it is given", () => {
    const one = change("a", 1, 2);
    expect(undone(one).added).toBe(2);
    expect(one.added).toBe(1);
  });
});

describe("changeLine", () => {
  it("writes both counts", () => {
    expect(changeLine(change("a.ts", 3, 1))).toBe("a.ts +3 -1");
  });
  it("writes zeros", () => {
    expect(changeLine(change("b", 0, 0))).toBe("b +0 -0");
  });
  it("writes a longer path", () => {
    expect(changeLine(change("src/lib/a.ts", 10, 20))).toBe("src/lib/a.ts +10 -20");
  });
  it("puts added lines first", () => {
    expect(changeLine(change("x", 0, 5))).toBe("x +0 -5");
  });
  it("keeps spaces in the path", () => {
    expect(changeLine(change("my file", 1, 2))).toBe("my file +1 -2");
  });
});

describe("joinChanges", () => {
  it("adds the counts of a path", () => {
    expect(joinChanges([change("a", 1, 2), change("a", 3, 4)])).toEqual([change("a", 4, 6)]);
  });
  it("keeps the order of the paths", () => {
    expect(
      joinChanges([change("b", 1, 0), change("a", 1, 0), change("b", 0, 1)]),
    ).toEqual([change("b", 1, 1), change("a", 1, 0)]);
  });
  it("keeps different paths", () => {
    expect(
      joinChanges([change("a", 1, 0), change("b", 2, 0)]),
    ).toEqual([change("a", 1, 0), change("b", 2, 0)]);
  });
  it("is empty without changes", () => {
    expect(joinChanges([])).toEqual([]);
  });
  it("does not change what it is given", () => {
    const one = change("a", 1, 1);
    expect(joinChanges([one, one])).toEqual([change("a", 2, 2)]);
    expect(one).toEqual({ path: "a", added: 1, removed: 1 });
  });
});

describe("changeBar", () => {
  it("draws a sign a line", () => {
    expect(changeBar(change("a", 3, 2), 10)).toBe("+++--");
  });
  it("draws exactly the width", () => {
    expect(changeBar(change("a", 5, 5), 10)).toBe("+++++-----");
  });
  it("shrinks in proportion", () => {
    expect(changeBar(change("a", 30, 10), 8)).toBe("++++++--");
  });
  it("keeps one sign of each kind", () => {
    expect(changeBar(change("a", 1, 999), 10)).toBe("+---------");
    expect(changeBar(change("a", 999, 1), 10)).toBe("+++++++++-");
  });
  it("draws one kind only", () => {
    expect(changeBar(change("a", 99, 0), 5)).toBe("+++++");
    expect(changeBar(change("a", 0, 99), 5)).toBe("-----");
  });
  it("is empty without lines", () => {
    expect(changeBar(change("a", 0, 0), 5)).toBe("");
  });
});

describe("changeSummary", () => {
  it("writes all counts", () => {
    expect(
      changeSummary([change("a", 2, 1), change("b", 3, 2)]),
    ).toBe("2 files changed, 5 lines added, 3 lines removed");
  });
  it("writes one of each", () => {
    expect(changeSummary([change("a", 1, 1)])).toBe("1 file changed, 1 line added, 1 line removed");
  });
  it("leaves out added lines", () => {
    expect(changeSummary([change("a", 0, 4)])).toBe("1 file changed, 4 lines removed");
  });
  it("leaves out removed lines", () => {
    expect(
      changeSummary([change("a", 4, 0), change("b", 0, 0)]),
    ).toBe("2 files changed, 4 lines added");
  });
  it("leaves out both", () => {
    expect(changeSummary([change("a", 0, 0)])).toBe("1 file changed");
  });
  it("says that nothing changed", () => {
    expect(changeSummary([])).toBe("nothing changed");
  });
});

describe("projectChanges", () => {
  it("counts lines of a changed file", () => {
    expect(projectChanges({ a: "1\n2\n3" }, { a: "1\nx\ny\n3" })).toEqual([change("a", 2, 1)]);
  });
  it("leaves out equal files", () => {
    expect(projectChanges({ a: "1", b: "2" }, { a: "1", b: "3" })).toEqual([change("b", 1, 1)]);
  });
  it("counts new and deleted files", () => {
    expect(
      projectChanges({ old: "1\n2" }, { fresh: "1" }),
    ).toEqual([change("fresh", 1, 0), change("old", 0, 2)]);
  });
  it("counts repeated lines", () => {
    expect(projectChanges({ a: "x\nx" }, { a: "x\nx\nx\ny" })).toEqual([change("a", 2, 0)]);
  });
  it("counts moved lines as nothing", () => {
    expect(projectChanges({ a: "1\n2" }, { a: "2\n1" })).toEqual([change("a", 0, 0)]);
  });
  it("is empty for equal versions", () => {
    expect(projectChanges({ a: "1" }, { a: "1" })).toEqual([]);
    expect(projectChanges({}, {})).toEqual([]);
  });
});
