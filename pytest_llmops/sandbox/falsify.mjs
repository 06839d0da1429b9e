// Other values in the place of expected ones: what an assertion must not hold for as well.
//
// `Falsifier.judge` runs a matcher twice on the same received value, first with a changed expectation,
// then as written; only the second decides what the test sees, so a test runs as it always does. An
// assertion that holds both ways was made by something that had learned what is expected or equals
// anything. Each change is such that no honest value can satisfy both: see `TABLE`, by matcher. What
// states no value (toBeTruthy, toHaveBeenCalled, a negation, a predicate, a snapshot) is left alone.
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

/** Judges assertions both ways and counts, test by test, what became of the changed ones. */
export class Falsifier {
  #changer;

  /**
   * @param seed what changes are drawn from; null to judge assertions only as they are written
   * @param isMatcher whether an expected value is an asymmetric matcher
   */
  constructor(seed, isMatcher) {
    this.active = seed !== null;
    if (this.active) this.#changer = new Changer(seed, isMatcher);
    this.begin();
  }

  /** Starts to count anew, for the next test. */
  begin() {
    /** `refuted`: changed assertions that did not hold, as they should; `held`: those that did. */
    this.tally = { refuted: 0, held: 0 };
  }

  /** The expected values of a matcher, changed; null where it states none. */
  changed(name, values) {
    const change = TABLE.get(name);
    return change ? change(this.#changer, [...values]) : null;
  }

  /**
   * Runs a matcher.
   * @param assertion {name, negated, received}
   * @param values what it expects
   * @param evaluate (received, values) => result; throws where the assertion does not hold
   */
  judge({ name, negated, received }, values, evaluate) {
    const changed = !this.active || negated || !isLasting(name, received)
      ? null : this.changed(name, values);
    if (!changed) return evaluate(received, values);
    const kept = throwing.has(name) && typeof received === "function" ? once(received) : received;
    const held = holds(() => evaluate(kept, changed));
    const result = evaluate(kept, values);
    this.tally[held ? "held" : "refuted"] += 1;
    return result;
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
