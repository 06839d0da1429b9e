// Other values in the place of expected ones: what an assertion must not hold for as well.
//
// A matcher is tried on the received value with a changed expectation before it runs as written; only
// the latter decides what the test sees, so a test runs as it always does. What holds both ways has
// learned what is expected, or equals anything: each change is such that no honest value can meet both
// (`KINDS`, by matcher). What states no value (toBeTruthy, toHaveBeenCalled, a negation, a predicate, a
// snapshot, a matcher of the test's own) is left alone, as is what can be looked at once only.
//
// Values are drawn, so that a changed one looks like any other and none can be known beforehand.
import { Changer } from "./change.mjs";

const { types } = process.getBuiltinModule("node:util");

const isClass = (value) => typeof value === "function";

function regexThen(regex, word) {
  return new RegExp(`(?:${regex.source})${word}`, regex.flags);
}

const first = (change) => (changer, values) =>
  values.length ? [change(changer, values[0], values), ...values.slice(1)] : null;
const value = first((changer, expected) => changer.other(expected));
// Where other members may be near, a change must be one that no member can be.
const member = first((changer, expected) => changer.other(expected, true));
const identity = first((changer, expected) =>
  typeof expected === "object" && expected !== null ? {} : changer.other(expected));
const count = first((changer, expected) =>
  typeof expected === "number" ? expected + changer.upTo(9) : changer.other(expected));
// Comparisons with NaN never hold.
const bound = first(() => NaN);
const unrelated = first((changer, expected) => (isClass(expected) ? class {} : changer.other(expected)));
const typeName = first((changer, expected) => changer.pick(
  ["string", "number", "boolean", "object", "function", "undefined", "bigint", "symbol"]
    .filter((name) => name !== expected)));
const options = first((changer) => [changer.word(), changer.word()]);
const pattern = first((changer, expected) =>
  changer.isRegExp(expected) ? regexThen(expected, changer.word()) : changer.other(expected));

/** One of the arguments of a call; the first `fixed` say which call. */
const call = (fixed = 0) => (changer, values) => {
  const changed = [...values];
  const index = fixed + changer.below(Math.max(1, values.length - fixed));
  changed[index] = index < values.length ? changer.other(values[index], true) : changer.word();
  return changed;
};

// Further away than any tolerance.
const close = (tolerance) => (changer, values) => {
  const [expected, ...rest] = values;
  if (typeof expected !== "number") return null;
  const near = tolerance(...rest) + 1 + (Number.isFinite(expected) ? Math.abs(expected) : 0);
  const moved = expected + near * (3 + changer.random());
  return [Number.isFinite(moved) ? moved : changer.random(), ...rest];
};

function property(changer, [path, ...expected]) {
  if (expected.length) return [path, changer.other(expected[0], true), ...expected.slice(1)];
  if (Array.isArray(path)) return [[...path, changer.word()]];
  return typeof path === "string" ? [path + changer.word()] : [changer.word()];
}

function thrown(changer, values) {
  const [expected, ...rest] = values;
  if (expected === undefined) return null;
  if (changer.isRegExp(expected)) return [regexThen(expected, changer.word()), ...rest];
  if (isClass(expected)) return [class extends Error {}, ...rest];
  if (changer.isMatcher(expected)) return [new Error(changer.word()), ...rest];
  return [changer.other(expected, true), ...rest];
}

const THROWING = ["toThrow", "toThrowError", "throw", "throws", "Throw"];
/** Names of matchers by how their expectation is changed. */
const KINDS = [
  [identity, ["toBe"]],
  [value, ["toEqual", "toStrictEqual", "toMatchObject", "equal", "equals", "eq", "eql", "eqls"]],
  [member, ["toContain", "toContainEqual", "include", "includes", "contain", "contains",
    "toHaveReturnedWith", "toReturnWith", "toHaveLastReturnedWith", "lastReturnedWith",
    "toHaveResolvedWith", "toHaveLastResolvedWith"]],
  [count, ["toHaveLength", "lengthOf", "toHaveBeenCalledTimes", "toBeCalledTimes", "toHaveReturnedTimes",
    "toReturnTimes", "toHaveResolvedTimes"]],
  [bound, ["toBeGreaterThan", "toBeGreaterThanOrEqual", "toBeLessThan", "toBeLessThanOrEqual"]],
  [unrelated, ["toBeInstanceOf", "instanceof", "instanceOf"]],
  [typeName, ["toBeTypeOf"]],
  [options, ["toBeOneOf", "oneOf"]],
  [pattern, ["toMatch", "match"]],
  [call(), ["toHaveBeenCalledWith", "toBeCalledWith", "toHaveBeenLastCalledWith", "lastCalledWith",
    "toHaveBeenCalledExactlyOnceWith"]],
  [call(1), ["toHaveBeenNthCalledWith", "nthCalledWith", "toHaveNthReturnedWith", "nthReturnedWith",
    "toHaveNthResolvedWith"]],
  [close((digits = 2) => 10 ** -digits), ["toBeCloseTo"]],
  [close((delta) => delta), ["closeTo", "approximately"]],
  [property, ["toHaveProperty", "property"]],
  [thrown, THROWING],
];
const TABLE = new Map(KINDS.flatMap(([change, names]) => names.map((name) => [name, change])));
const throwing = new Set(THROWING);
const searching = new Set(["toContain", "toContainEqual", "include", "includes", "contain", "contains"]);

/** A function that does what `body` does, once, and then the same again without doing it. */
function once(body) {
  let outcome = null;
  return () => {
    if (!outcome) {
      try {
        outcome = { returned: body() };
      } catch (error) {
        outcome = { thrown: error };
      }
    }
    if ("thrown" in outcome) throw outcome.thrown;
    return outcome.returned;
  };
}

const isObject = (any) => typeof any === "object" && any !== null;

const isCollection = (any) => Array.isArray(any) || types.isSet(any) || types.isMap(any) || types.isTypedArray(any);

/** Whether a matcher can look at it twice: an iterator is used up, an endless iterable never ends. */
function isLasting(name, received) {
  if (!isObject(received) || isCollection(received)) return true;
  try {
    return typeof received.next !== "function"
      && !(searching.has(name) && typeof received[Symbol.iterator] === "function");
  } catch {
    return false;
  }
}

const nothing = Object.freeze({ refuted: 0, held: 0 });

/** Tries matchers with changed expectations, and counts by test what became of them. */
export class Falsifier {
  #changer = null;
  #tallies = new Map();
  #pending = null;

  /**
   * @param seed what changes are drawn from; null to try nothing
   * @param isMatcher whether an expected value is an asymmetric matcher
   */
  constructor(seed, isMatcher) {
    if (typeof seed === "number") this.#changer = new Changer(seed, isMatcher);
  }

  /** `refuted`: changed assertions of a test that did not hold, as they should; `held`: those that did. */
  tallyOf(test) {
    return this.#tallies.get(test) ?? nothing;
  }

  /** The expected values of a matcher, changed; null where it states none. */
  changed(name, values) {
    try {
      return TABLE.get(name)?.(this.#changer, [...values]) ?? null;
    } catch {
      return null; // a value that cannot be looked into
    }
  }

  /**
   * Tries a matcher that is about to run with changed expectations.
   * @param assertion chai's: what was received, and the test
   * @param method the matcher; throws where it does not hold
   * @returns the expected values, as they were
   */
  before(name, values, { assertion, method }) {
    this.#pending = null;
    const flags = assertion.__flags;
    if (!this.#changer || flags.negate || !isLasting(name, flags.object)) return values;
    const changed = this.changed(name, values);
    if (!changed) return values;
    if (throwing.has(name) && typeof flags.object === "function") flags.object = once(flags.object);
    const { soft, object } = flags;
    flags.soft = false; // or what fails would be kept as a failure of the test
    const tried = (expected) => {
      const held = holds(() => method.apply(assertion, expected));
      flags.object = object; // matchers put other forms of it there
      return held;
    };
    const held = tried(changed);
    const counts = !soft || tried(values);
    flags.soft = soft;
    if (counts) this.#pending = { test: flags["vitest-test"], held };
    return values;
  }

  /** The matcher held as written. */
  after() {
    if (!this.#pending) return;
    const { test, held } = this.#pending;
    this.#pending = null;
    const { refuted, held: lies } = this.tallyOf(test);
    this.#tallies.set(test, held ? { refuted, held: lies + 1 } : { refuted: refuted + 1, held: lies });
  }
}

function holds(evaluate) {
  try {
    evaluate();
    return true;
  } catch {
    return false;
  }
}
