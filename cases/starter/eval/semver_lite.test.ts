import { describe, expect, it } from "vitest";
import {
  bumpVersion,
  comparePrereleases,
  formatVersion,
  isStable,
  parseVersion,
  satisfies,
  type Version,
} from "./semver_lite.ts";

const v = (major: number, minor: number, patch: number, prerelease = ""): Version => ({
  major,
  minor,
  patch,
  prerelease,
});

describe("formatVersion", () => {
  it("joins the numbers by dots", () => {
    expect(formatVersion(v(1, 2, 3))).toBe("1.2.3");
  });
  it("shows zeros", () => {
    expect(formatVersion(v(0, 0, 0))).toBe("0.0.0");
  });
  it("appends the prerelease", () => {
    expect(formatVersion(v(1, 2, 3, "beta.2"))).toBe("1.2.3-beta.2");
  });
  it("keeps a hyphen in the prerelease", () => {
    expect(formatVersion(v(2, 0, 0, "rc-1"))).toBe("2.0.0-rc-1");
  });
  it("shows large numbers in full", () => {
    expect(formatVersion(v(2024, 11, 1000))).toBe("2024.11.1000");
  });
});

describe("isStable", () => {
  it("is true for 1.0.0", () => {
    expect(isStable(v(1, 0, 0))).toBe(true);
  });
  it("is true for later versions", () => {
    expect(isStable(v(12, 4, 1))).toBe(true);
  });
  it("is false for major 0", () => {
    expect(isStable(v(0, 9, 9))).toBe(false);
  });
  it("is false for a prerelease", () => {
    expect(isStable(v(1, 0, 0, "rc.1"))).toBe(false);
  });
  it("is false for a prerelease of major 0", () => {
    expect(isStable(v(0, 1, 0, "alpha"))).toBe(false);
  });
});

describe("parseVersion", () => {
  it("reads three numbers", () => {
    expect(parseVersion("1.20.3")).toEqual(v(1, 20, 3));
  });
  it("accepts a v in front and whitespace around", () => {
    expect(parseVersion(" v3.17.0\n")).toEqual(v(3, 17, 0));
  });
  it("reads a prerelease", () => {
    expect(parseVersion("1.0.0-beta.2-x")).toEqual(v(1, 0, 0, "beta.2-x"));
  });
  it("refuses too few or too many numbers", () => {
    expect(parseVersion("1.2")).toBeNull();
    expect(parseVersion("1.2.3.4")).toBeNull();
  });
  it("refuses leading zeros", () => {
    expect(parseVersion("01.2.3")).toBeNull();
    expect(parseVersion("1.0.00")).toBeNull();
  });
  it("refuses other text", () => {
    expect(parseVersion("latest")).toBeNull();
    expect(parseVersion("1.2.3-")).toBeNull();
    expect(parseVersion("1.2.3 beta")).toBeNull();
    expect(parseVersion("")).toBeNull();
  });
});

describe("bumpVersion", () => {
  it("raises the major and resets the others", () => {
    expect(bumpVersion(v(1, 2, 3), "major")).toEqual(v(2, 0, 0));
  });
  it("raises the minor and resets the patch", () => {
    expect(bumpVersion(v(1, 2, 3), "minor")).toEqual(v(1, 3, 0));
  });
  it("raises the patch", () => {
    expect(bumpVersion(v(1, 2, 3), "patch")).toEqual(v(1, 2, 4));
  });
  it("only drops a prerelease for patch", () => {
    expect(bumpVersion(v(1, 2, 3, "rc.1"), "patch")).toEqual(v(1, 2, 3));
  });
  it("drops the prerelease for major and minor", () => {
    expect(bumpVersion(v(1, 2, 3, "rc.1"), "major")).toEqual(v(2, 0, 0));
    expect(bumpVersion(v(1, 2, 3, "rc.1"), "minor")).toEqual(v(1, 3, 0));
  });
});

describe("comparePrereleases", () => {
  it("is 0 for equal ones", () => {
    expect(comparePrereleases("beta.2", "beta.2")).toBe(0);
    expect(comparePrereleases("", "")).toBe(0);
  });
  it("puts a release after prereleases", () => {
    expect(comparePrereleases("", "rc.9")).toBe(1);
    expect(comparePrereleases("rc.9", "")).toBe(-1);
  });
  it("compares words as strings", () => {
    expect(comparePrereleases("alpha", "beta")).toBe(-1);
    expect(comparePrereleases("rc", "beta")).toBe(1);
  });
  it("compares digits by their number", () => {
    expect(comparePrereleases("beta.10", "beta.9")).toBe(1);
    expect(comparePrereleases("2", "11")).toBe(-1);
  });
  it("puts digits before words", () => {
    expect(comparePrereleases("1", "alpha")).toBe(-1);
    expect(comparePrereleases("beta.x", "beta.7")).toBe(1);
  });
  it("puts the shorter one first when it is the start of the other", () => {
    expect(comparePrereleases("beta", "beta.1")).toBe(-1);
    expect(comparePrereleases("beta.1.0", "beta.1")).toBe(1);
  });
  it("lets the leftmost difference decide", () => {
    expect(comparePrereleases("alpha.9.9", "beta.1")).toBe(-1);
  });
});

describe("satisfies", () => {
  it("accepts everything for a star", () => {
    expect(satisfies("0.0.1", "*")).toBe(true);
  });
  it("compares exactly without an operator", () => {
    expect(satisfies("1.2.3", "1.2.3")).toBe(true);
    expect(satisfies("1.2.4", "1.2.3")).toBe(false);
  });
  it("accepts this and later versions for >=", () => {
    expect(satisfies("1.10.0", ">=1.9.5")).toBe(true);
    expect(satisfies("2.0.0", ">=1.9.5")).toBe(true);
    expect(satisfies("1.9.4", ">=1.9.5")).toBe(false);
  });
  it("keeps the minor for a tilde", () => {
    expect(satisfies("1.2.9", "~1.2.3")).toBe(true);
    expect(satisfies("1.3.0", "~1.2.3")).toBe(false);
    expect(satisfies("1.2.2", "~1.2.3")).toBe(false);
  });
  it("keeps the major for a caret", () => {
    expect(satisfies("1.9.0", "^1.2.3")).toBe(true);
    expect(satisfies("2.0.0", "^1.2.3")).toBe(false);
    expect(satisfies("1.2.0", "^1.2.3")).toBe(false);
  });
  it("keeps the minor for a caret below 1.0.0", () => {
    expect(satisfies("0.2.9", "^0.2.3")).toBe(true);
    expect(satisfies("0.3.0", "^0.2.3")).toBe(false);
  });
  it("keeps everything for a caret below 0.1.0", () => {
    expect(satisfies("0.0.3", "^0.0.3")).toBe(true);
    expect(satisfies("0.0.4", "^0.0.3")).toBe(false);
  });
});
