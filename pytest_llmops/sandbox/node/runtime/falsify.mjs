// Other values in the place of expected ones: what an assertion must not hold for as well.
//
// A matcher is tried on the received value with a changed expectation before it runs as written; only
// the latter decides what the test sees, so a test runs as it always does. What holds both ways has
// learned what is expected, or equals anything: each change is such that no honest value can meet both
// (`KINDS`, by matcher). What states no value (toBeTruthy, toHaveBeenCalled, a negation, a predicate, a
// snapshot, a matcher of the test's own) is left alone, as is what can be looked at once only.
//
// Values are drawn, so that a changed one looks like any other and none can be known beforehand; so is the
// order in which a value that cannot notice it (`inert.mjs`) is compared with changed ones and with what is
// written, so that no count of comparisons tells which is which.
import { Changer } from "./change.mjs";
import { areInert } from "./inert.mjs";

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
  [value, ["toEqual", "toStrictEqual", "toMatchObject", "equal", "equals", "eq", "eql", "eqls", "strictEqual",
    "deepEqual", "deepStrictEqual", "partialDeepStrictEqual"]],
  [member, ["toContain", "toContainEqual", "include", "includes", "contain", "contains", "deepInclude", "members",
    "sameMembers", "sameDeepMembers",
    "toHaveReturnedWith", "toReturnWith", "toHaveLastReturnedWith", "lastReturnedWith",
    "toHaveResolvedWith", "toHaveLastResolvedWith"]],
  [count, ["toHaveLength", "length", "lengthOf", "toHaveBeenCalledTimes", "toBeCalledTimes", "toHaveReturnedTimes",
    "toReturnTimes", "toHaveResolvedTimes"]],
  [bound, ["toBeGreaterThan", "toBeGreaterThanOrEqual", "toBeLessThan", "toBeLessThanOrEqual", "above", "gt",
    "greaterThan", "least", "gte", "greaterThanOrEqual", "below", "lt", "lessThan", "most", "lte", "lessThanOrEqual",
    "isAbove", "isAtLeast", "isBelow", "isAtMost"]],
  [unrelated, ["toBeInstanceOf", "instanceof", "instanceOf"]],
  [typeName, ["toBeTypeOf", "typeOf", "a", "an"]],
  [options, ["toBeOneOf", "oneOf"]],
  [pattern, ["toMatch", "match", "string"]],
  [call(), ["toHaveBeenCalledWith", "toBeCalledWith", "toHaveBeenLastCalledWith", "lastCalledWith",
    "toHaveBeenCalledExactlyOnceWith"]],
  [call(1), ["toHaveBeenNthCalledWith", "nthCalledWith", "toHaveNthReturnedWith", "nthReturnedWith",
    "toHaveNthResolvedWith"]],
  [close((digits = 2) => 10 ** -digits), ["toBeCloseTo"]],
  [close((delta) => delta), ["closeTo", "approximately"]],
  [property, ["toHaveProperty", "property", "propertyVal", "deepPropertyVal"]],
  [thrown, THROWING],
];
const TABLE = new Map(KINDS.flatMap(([change, names]) => names.map((name) => [name, change])));
const throwing = new Set(THROWING);
const searching = new Set(["toContain", "toContainEqual", "include", "includes", "contain", "contains"]);

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

const nothing = Object.freeze({ refuted: 0, held: 0, unsure: 0 });
// Whether each comparison before the one that counts is with a changed expectation, one of these at random.
const ORDERS = [[true, true], [true, false], [false, true]];
const IN_DOUBT = [[true]];

/** Tries matchers with changed expectations, and counts by test what became of them. */
export class Falsifier {
  #changer = null;
  #isWary = false;
  #parts = null;
  #tallies = new Map();
  #pending = null;

  /**
   * @param seed what changes are drawn from; null to try nothing
   * @param parts `isMatcher`, whether an expected value is an asymmetric matcher; `recordOf`, what a mock
   *   recorded; `isWary`, to try only where nothing that is compared can notice it
   */
  constructor(seed, { isMatcher, recordOf, isWary = false } = {}) {
    if (typeof seed === "number") this.#changer = new Changer(seed, isMatcher);
    this.#isWary = isWary;
    this.#parts = { isMatcher, recordOf };
  }

  /**
   * What became of a test's assertions that state a value. `refuted`: did not hold with a changed one, as they
   * should; `held`: did; `unsure`: were not tried, as what is compared could have noticed or can be looked at once.
   */
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
   * @param call `assertion`, chai's: what was received, and the test; `method`, which throws where it does not hold
   * @returns the expected values, as they were
   */
  before(name, values, call) {
    this.#pending = null;
    const flags = call.assertion.__flags;
    if (!this.#changer || flags.negate || !statesValue(name, values)) return values;
    const received = looked(name, flags);
    const isInert = this.#isWary && areInert([received, ...values], this.#parts);
    const tried = this.#isWary && !isInert ? null : this.#tried(name, values, call, isInert ? ORDERS : IN_DOUBT);
    this.#pending = { test: flags["vitest-test"], became: tried ?? "unsure" };
    return values;
  }

  #tried(name, values, { assertion, method }, orders) {
    const flags = assertion.__flags;
    if (!isLasting(name, flags.object)) return null;
    const { soft, object } = flags;
    flags.soft = false; // or what fails would be kept as a failure of the test
    const holds = (expected) => {
      try {
        method.apply(assertion, expected);
        return true;
      } catch {
        return false;
      } finally {
        flags.object = object; // matchers put other forms of it there
      }
    };
    let isLie = false;
    let changed = null;
    for (const isChanged of this.#changer.pick(orders)) {
      changed = this.changed(name, values);
      if (!changed) break;
      isLie = holds(isChanged ? changed : values) === isChanged || isLie;
    }
    const counts = changed && (!soft || holds(values));
    flags.soft = soft;
    return counts ? (isLie ? "held" : "refuted") : null;
  }

  /** The matcher held as written. */
  after() {
    if (!this.#pending) return;
    const { test, became } = this.#pending;
    this.#pending = null;
    const tally = this.tallyOf(test);
    this.#tallies.set(test, { ...tally, [became]: tally[became] + 1 });
  }
}

const statesValue = (name, values) => TABLE.has(name) && !(throwing.has(name) && values[0] === undefined);

/** What a matcher will look at: a function that is expected to throw is called now, and not again. */
function looked(name, flags) {
  const { object } = flags;
  if (!throwing.has(name) || typeof object !== "function") return object;
  try {
    const returned = object();
    flags.object = () => returned;
    return returned;
  } catch (error) {
    flags.object = () => {
      throw error;
    };
    return error;
  }
}
