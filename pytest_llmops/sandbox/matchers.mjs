// The matchers of expect, as functions (actual, ...expected) -> {pass, message?}.
//
// `actual` may come from a hostile candidate: none of its methods is called where a method of a
// frozen intrinsic can be, and text and number matchers take primitives only.
import { contains, equals, hasProperty, isAsymmetric, isInstance, isObject } from "./equality.mjs";
import { messageOf, show } from "./format.mjs";

const passIf = (pass, message) => ({ pass: pass === true, message });

function needNumbers(...values) {
  for (const value of values) {
    if (typeof value !== "number" && typeof value !== "bigint") {
      throw new TypeError(`expected a number or bigint, found ${show(value)}`);
    }
  }
}

const comparison = (holds) => (actual, expected) => {
  needNumbers(actual, expected);
  return passIf(holds(actual, expected));
};

function isIn(collection, value, same) {
  if (Array.isArray(collection)) {
    for (let index = 0; index < collection.length; index++) {
      if (same(collection[index], value)) return true;
    }
    return false;
  }
  if (!isObject(collection) || typeof collection[Symbol.iterator] !== "function") {
    throw new TypeError(`expected something to search in, found ${show(collection)}`);
  }
  for (const item of collection) if (same(item, value)) return true;
  return false;
}

function toContain(actual, expected) {
  if (typeof actual !== "string") return passIf(isIn(actual, expected, Object.is));
  if (typeof expected !== "string") throw new TypeError(`cannot search ${show(expected)} in a string`);
  return passIf(actual.includes(expected), () => `expected ${show(actual)} to contain ${show(expected)}`);
}

/** Steps of a property path: `a.b[0].c`, or an array of keys taken as they are. */
function stepsOf(path) {
  if (Array.isArray(path)) return path;
  return String(path).replace(/\[(\d+)\]/g, ".$1").split(".").filter((step) => step !== "");
}

function reach(actual, path) {
  if (!Array.isArray(path) && isObject(actual) && Object.hasOwn(actual, path)) {
    return { found: true, value: actual[path] };
  }
  let value = actual;
  for (const step of stepsOf(path)) {
    if (!hasProperty(value, step)) return { found: false };
    value = value[step];
  }
  return { found: true, value };
}

function toHaveProperty(actual, path, ...expected) {
  const { found, value } = reach(actual, path);
  const pass = found && (expected.length === 0 || equals(value, expected[0]));
  return passIf(pass, () => `expected ${show(actual)} to have property ${show(path)}`
    + (expected.length ? ` with value ${show(expected[0])}, found ${show(value)}` : ""));
}

function toBeCloseTo(actual, expected, digits = 2) {
  needNumbers(actual, expected);
  return passIf(Object.is(actual, expected) || Math.abs(expected - actual) < 10 ** -digits / 2);
}

function toHaveLength(actual, expected) {
  const length = actual === null || actual === undefined ? undefined : actual.length;
  if (typeof length !== "number") throw new TypeError(`expected ${show(actual)} to have a length`);
  return passIf(length === expected, () => `expected length ${expected}, found ${length}`);
}

function toMatch(actual, pattern) {
  if (typeof actual !== "string") throw new TypeError(`expected a string, found ${show(actual)}`);
  const found = typeof pattern === "string" ? actual.includes(pattern) : new RegExp(pattern).test(actual);
  return passIf(found, () => `expected ${show(actual)} to match ${show(pattern)}`);
}

function caught(actual, settled) {
  if (settled) return { thrown: true, error: actual };
  if (typeof actual !== "function") throw new TypeError(`expected a function, found ${show(actual)}`);
  try {
    actual();
    return { thrown: false };
  } catch (error) {
    return { thrown: true, error };
  }
}

function errorMatches(error, expected) {
  const message = isObject(error) ? error.message : error;
  if (typeof expected === "string") return typeof message === "string" && message.includes(expected);
  if (expected instanceof RegExp) {
    return typeof message === "string" && new RegExp(expected).test(message);
  }
  if (isAsymmetric(expected)) return equals(error, expected);
  if (expected instanceof Error) return equals(error, expected);
  if (typeof expected === "function") return isInstance(error, expected);
  return equals(error, expected);
}

function toThrow(actual, ...expected) {
  const { thrown, error } = caught(actual, this.settled);
  const pass = thrown && (expected.length === 0 || expected[0] === undefined
    || errorMatches(error, expected[0]));
  return passIf(pass, () => {
    const wanted = expected.length ? ` ${show(expected[0])}` : "";
    return `expected a function that throws${wanted}, ${thrown ? `it threw ${messageOf(error)}` : "it did not throw"}`;
  });
}

const quote = (text) => (text.includes("\n") ? `"\n${text}\n"` : `"${text}"`);

function snapshotLines(value, indent) {
  if (typeof value === "string") return `"${value}"`;
  if (!isObject(value) || typeof value === "function") return value === undefined ? "undefined" : show(value);
  const inner = `${indent}  `;
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item) => `${inner}${snapshotLines(item, inner)},`)
    : Object.keys(value).sort().map((key) => `${inner}"${key}": ${snapshotLines(value[key], inner)},`);
  const [open, close] = isList ? "[]" : "{}";
  return items.length ? `${open}\n${items.join("\n")}\n${indent}${close}` : `${open}${close}`;
}

// A snapshot is written indented as the code around it; its own indentation is that of its first line.
function dedent(text) {
  const lines = text.split("\n");
  if (lines.length < 3 || lines[0].trim() || lines.at(-1).trim()) return text;
  const margin = lines[1].match(/^\s*/)[0].length;
  return lines.slice(1, -1).map((line) => line.slice(Math.min(margin, line.match(/^\s*/)[0].length))).join("\n");
}

function toMatchInlineSnapshot(actual, snapshot) {
  if (typeof snapshot !== "string") throw new Error("an inline snapshot without text needs real vitest");
  const shown = typeof actual === "string" ? quote(actual) : snapshotLines(actual, "");
  return passIf(shown === snapshot || shown === dedent(snapshot), () => `snapshot differs: ${shown}`);
}

function needsRealVitest(name) {
  return () => {
    throw new Error(`${name} needs real vitest`);
  };
}

export const matchers = {
  toBe: (actual, expected) => passIf(Object.is(actual, expected)),
  toEqual: (actual, expected) => passIf(equals(actual, expected)),
  toStrictEqual: (actual, expected) => passIf(equals(actual, expected, true)),
  toMatchObject: (actual, expected) => passIf(contains(actual, expected)),
  toBeTruthy: (actual) => passIf(Boolean(actual)),
  toBeFalsy: (actual) => passIf(!actual),
  toBeNull: (actual) => passIf(actual === null),
  toBeUndefined: (actual) => passIf(actual === undefined),
  toBeDefined: (actual) => passIf(actual !== undefined),
  toBeNullable: (actual) => passIf(actual === null || actual === undefined),
  toBeNaN: (actual) => passIf(Number.isNaN(actual)),
  toBeGreaterThan: comparison((left, right) => left > right),
  toBeGreaterThanOrEqual: comparison((left, right) => left >= right),
  toBeLessThan: comparison((left, right) => left < right),
  toBeLessThanOrEqual: comparison((left, right) => left <= right),
  toBeCloseTo,
  toBeInstanceOf: (actual, type) => passIf(isInstance(actual, type)),
  toBeTypeOf: (actual, type) => passIf(typeof actual === type),
  toBeOneOf: (actual, options) => passIf([...options].some((option) => equals(actual, option))),
  toContain,
  toContainEqual: (actual, expected) => passIf(isIn(actual, expected, equals)),
  toHaveLength,
  toHaveProperty,
  toMatch,
  toSatisfy: (actual, predicate) => passIf(Boolean(predicate(actual))),
  toThrow,
  toThrowError: toThrow,
  toMatchInlineSnapshot,
  toThrowErrorMatchingInlineSnapshot: needsRealVitest("toThrowErrorMatchingInlineSnapshot"),
  toMatchSnapshot: needsRealVitest("toMatchSnapshot"),
  toMatchFileSnapshot: needsRealVitest("toMatchFileSnapshot"),
};
