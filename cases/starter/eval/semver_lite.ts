// A small part of semantic versioning.

export interface Version {
  major: number;
  minor: number;
  patch: number;
  /** Text behind the `-`, such as `"beta.2"`; empty for a release. */
  prerelease: string;
}

/** Returns the text of a version: `"1.2.3"`, or `"1.2.3-beta.2"` with a prerelease. */
export function formatVersion(version: Version): string {
  const core = `${version.major}.${version.minor}.${version.patch}`;
  return version.prerelease === "" ? core : `${core}-${version.prerelease}`;
}

/** Returns true when the version is stable: its major is at least 1 and it has no prerelease. */
export function isStable(version: Version): boolean {
  return version.major >= 1 && version.prerelease === "";
}

/**
 * Reads `MAJOR.MINOR.PATCH` with an optional `-PRERELEASE` (at least one letter, digit, dot or
 * hyphen) and an optional `v` in front; surrounding whitespace is ignored. Numbers have no leading
 * zeros (`"01.2.3"` is invalid). Returns null for any other text.
 */
export function parseVersion(text: string): Version | null {
  const number = "(0|[1-9]\\d*)";
  const form = new RegExp(`^v?${number}\\.${number}\\.${number}(?:-([0-9A-Za-z.-]+))?$`);
  const match = form.exec(text.trim());
  if (!match) {
    return null;
  }
  const [major, minor, patch] = match.slice(1, 4).map(Number);
  return { major, minor, patch, prerelease: match[4] ?? "" };
}

/**
 * Returns the next version. `"major"`, `"minor"` and `"patch"` raise that number, set the lower
 * ones to 0 and drop the prerelease. One exception: when the version has a prerelease, `"patch"`
 * only drops it, so 1.2.3-rc.1 becomes 1.2.3.
 */
export function bumpVersion(version: Version, part: "major" | "minor" | "patch"): Version {
  const { major, minor, patch, prerelease } = version;
  if (part === "major") {
    return { major: major + 1, minor: 0, patch: 0, prerelease: "" };
  }
  if (part === "minor") {
    return { major, minor: minor + 1, patch: 0, prerelease: "" };
  }
  return { major, minor, patch: prerelease === "" ? patch + 1 : patch, prerelease: "" };
}

/**
 * Compares two prereleases: -1 when `a` is before `b`, 1 when it is after, 0 when they are equal.
 * The empty one (a release) is after all others. Otherwise their parts, separated by dots, are
 * compared from left to right: two parts of digits by their number, two other parts as strings,
 * and digits come before others. When all parts of the shorter one are equal, it comes first.
 */
export function comparePrereleases(a: string, b: string): -1 | 0 | 1 {
  if (a === b) {
    return 0;
  }
  if (a === "" || b === "") {
    return a === "" ? 1 : -1;
  }
  const left = a.split(".");
  const right = b.split(".");
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const [x, y] = [left[index], right[index]];
    const [xDigits, yDigits] = [/^\d+$/.test(x), /^\d+$/.test(y)];
    if (xDigits !== yDigits) {
      return xDigits ? -1 : 1;
    }
    const order = xDigits ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (order !== 0) {
      return order < 0 ? -1 : 1;
    }
  }
  return left.length < right.length ? -1 : left.length > right.length ? 1 : 0;
}

/**
 * Returns true when a `MAJOR.MINOR.PATCH` version is in a range of one of these forms: `*`
 * (everything), `1.2.3` (exactly), `>=1.2.3` (this or later), `~1.2.3` (this or later of the same
 * minor), `^1.2.3` (this or later, and no change in the leftmost of its numbers that is not zero:
 * `^1.2.3` stays below 2.0.0, `^0.2.3` below 0.3.0, `^0.0.3` is 0.0.3 alone).
 */
export function satisfies(version: string, range: string): boolean {
  if (range === "*") {
    return true;
  }
  const operator = /^(>=|~|\^)?/.exec(range)?.[0] ?? "";
  const have = version.split(".").map(Number);
  const want = range.slice(operator.length).split(".").map(Number);
  const differs = have.findIndex((number, index) => number !== want[index]);
  if (differs === -1) {
    return true;
  }
  if (operator === "" || have[differs] < want[differs]) {
    return false;
  }
  if (operator === ">=") {
    return true;
  }
  if (operator === "~") {
    return differs === 2;
  }
  const fixed = want.findIndex((number) => number !== 0);
  return fixed !== -1 && differs > fixed;
}
