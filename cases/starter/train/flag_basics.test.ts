import { describe, expect, it } from "vitest";
import { asBit, bothSet, countSet, onlyOneSet, switched, yesOrNo } from "./flag_basics.ts";

describe("bothSet", () => {
  it("returns true for two true flags", () => {
    expect(bothSet(true, true)).toBe(true);
  });
  it("returns false when only the first is true", () => {
    expect(bothSet(true, false)).toBe(false);
  });
  it("returns false when only the second is true", () => {
    expect(bothSet(false, true)).toBe(false);
  });
  it("returns false for two false flags", () => {
    expect(bothSet(false, false)).toBe(false);
  });
  it("gives a boolean", () => {
    expect(typeof bothSet(true, true)).toBe("boolean");
  });
});

describe("onlyOneSet", () => {
  it("returns true when only the first is true", () => {
    expect(onlyOneSet(true, false)).toBe(true);
  });
  it("returns true when only the second is true", () => {
    expect(onlyOneSet(false, true)).toBe(true);
  });
  it("returns false for two true flags", () => {
    expect(onlyOneSet(true, true)).toBe(false);
  });
  it("returns false for two false flags", () => {
    expect(onlyOneSet(false, false)).toBe(false);
  });
  it("does not depend on the order", () => {
    expect(onlyOneSet(true, false) === onlyOneSet(false, true)).toBe(true);
  });
});

describe("switched", () => {
  it("turns true into false", () => {
    expect(switched(true)).toBe(false);
  });
  it("turns false into true", () => {
    expect(switched(false)).toBe(true);
  });
  it("gives true back after two switches of true", () => {
    expect(switched(switched(true))).toBe(true);
  });
  it("gives false back after two switches of false", () => {
    expect(switched(switched(false))).toBe(false);
  });
  it("switches a list of flags", () => {
    expect([true, false].map((flag) => switched(flag))).toEqual([false, true]);
  });
});

describe("yesOrNo", () => {
  it("says yes for true", () => {
    expect(yesOrNo(true)).toBe("yes");
  });
  it("says no for false", () => {
    expect(yesOrNo(false)).toBe("no");
  });
  it("says yes for a true comparison", () => {
    expect(yesOrNo(2 > 1)).toBe("yes");
  });
  it("says no for a false comparison", () => {
    expect(yesOrNo(1 > 2)).toBe("no");
  });
  it("says both in a list", () => {
    expect([false, true].map((flag) => yesOrNo(flag))).toEqual(["no", "yes"]);
  });
});

describe("countSet", () => {
  it("counts one true flag", () => {
    expect(countSet([false, true, false])).toBe(1);
  });
  it("counts all flags when all are true", () => {
    expect(countSet([true, true, true])).toBe(3);
  });
  it("returns 0 when none is true", () => {
    expect(countSet([false, false])).toBe(0);
  });
  it("returns 0 for no flags", () => {
    expect(countSet([])).toBe(0);
  });
  it("counts two of four", () => {
    expect(countSet([true, false, true, false])).toBe(2);
  });
});

describe("asBit", () => {
  it("turns true into 1", () => {
    expect(asBit(true)).toBe(1);
  });
  it("turns false into 0", () => {
    expect(asBit(false)).toBe(0);
  });
  it("gives numbers that can be added", () => {
    expect(asBit(true) + asBit(true)).toBe(2);
  });
  it("gives numbers for a list", () => {
    expect([true, false, true].map((flag) => asBit(flag))).toEqual([1, 0, 1]);
  });
  it("gives a number", () => {
    expect(typeof asBit(false)).toBe("number");
  });
});
