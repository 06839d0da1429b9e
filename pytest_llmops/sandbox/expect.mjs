// expect(): chains matchers with not, resolves and rejects, and counts assertions.
import { Asymmetric, equals, hasProperty, isInstance, isObject, keysOf } from "./equality.mjs";
import { show } from "./format.mjs";
import { matchers } from "./matchers.mjs";
import { mockMatchers } from "./mock_matchers.mjs";
import { realTimers } from "./timers.mjs";

export class AssertionError extends Error {
  name = "AssertionError";
}

const table = { ...matchers, ...mockMatchers };
let state = { count: 0, wanted: null, atLeastOne: false, soft: [] };

export function beginTest() {
  state = { count: 0, wanted: null, atLeastOne: false, soft: [] };
}

export function endTest() {
  if (state.soft.length) throw state.soft[0];
  if (state.wanted !== null && state.wanted !== state.count) {
    throw new AssertionError(`expected ${state.wanted} assertions, but ${state.count} were called`);
  }
  if (state.atLeastOne && state.count === 0) {
    throw new AssertionError("expected any number of assertion, but got none");
  }
}

function fail(message, prefix) {
  throw new AssertionError(prefix ? `${prefix}: ${message}` : message);
}

function judge(name, matcher, subject, values) {
  state.count += 1;
  const outcome = matcher.call(contextFor(subject), subject.actual, ...values);
  const check = ({ pass, message }) => {
    if (Boolean(pass) !== subject.negated) return;
    const told = typeof message === "function" ? message() : message;
    fail(told ?? describeFailure(name, subject, values), subject.message);
  };
  return outcome instanceof Promise ? outcome.then(check) : check(outcome);
}

function describeFailure(name, subject, values) {
  const given = values.length ? ` ${values.map(show).join(", ")}` : "";
  return `expected ${show(subject.actual)} ${subject.negated ? "not " : ""}${name}${given}`;
}

function contextFor(subject) {
  return {
    isNot: subject.negated, promise: subject.promise ?? "", utils: { stringify: show },
    equals: (actual, expected) => equals(actual, expected), settled: subject.promise === "rejects",
  };
}

async function settled(promise, kind) {
  const value = typeof promise === "function" ? promise() : promise;
  if (!isObject(value) || typeof value.then !== "function") {
    throw new TypeError(`You must provide a Promise to expect() when using .${kind}, not '${typeof value}'.`);
  }
  const outcome = await Promise.resolve(value).then(
    (result) => ({ kind: "resolves", value: result }),
    (error) => ({ kind: "rejects", value: error }),
  );
  if (outcome.kind === kind) return outcome.value;
  const happened = outcome.kind === "rejects" ? "rejected" : "resolved";
  return fail(`promise ${happened} ${show(outcome.value)} instead of ${kind === "rejects" ? "rejecting" : "resolving"}`);
}

/** What expect returns: one method a matcher; `apply` says how a matcher gets its actual value. */
class Assertion {
  #subject;
  #apply;

  constructor(subject, apply) {
    this.#subject = subject;
    this.#apply = apply;
  }

  static define(name) {
    Object.defineProperty(Assertion.prototype, name, {
      configurable: true,
      value(...values) {
        return this.#apply(name, table[name], this.#subject, values);
      },
    });
  }

  get not() {
    return new Assertion({ ...this.#subject, negated: !this.#subject.negated }, this.#apply);
  }

  get resolves() {
    return this.#afterwards("resolves");
  }

  get rejects() {
    return this.#afterwards("rejects");
  }

  #afterwards(kind) {
    const apply = this.#apply;
    return new Assertion({ ...this.#subject, promise: kind }, async (name, matcher, subject, values) => {
      const actual = await settled(subject.actual, kind);
      return apply(name, matcher, { ...subject, actual }, values);
    });
  }
}

for (const name of Object.keys(table)) Assertion.define(name);

export function expect(actual, message) {
  return new Assertion({ actual, message, negated: false }, judge);
}

function softly(name, matcher, subject, values) {
  try {
    return judge(name, matcher, subject, values);
  } catch (error) {
    state.soft.push(error);
    return undefined;
  }
}

async function poll(body, { interval = 50, timeout = 1000 }, [name, matcher, subject, values]) {
  const end = realTimers.now() + timeout;
  for (;;) {
    try {
      const actual = await body();
      return judge(name, matcher, { ...subject, actual }, values);
    } catch (error) {
      if (realTimers.now() + interval > end) throw error;
    }
    await new Promise((resolve) => realTimers.setTimeout(resolve, interval));
  }
}

function typeMatcher(type) {
  const primitives = new Map([[String, "string"], [Number, "number"], [Boolean, "boolean"],
    [BigInt, "bigint"], [Symbol, "symbol"], [Function, "function"], [Object, "object"]]);
  const name = primitives.get(type);
  if (type === undefined) throw new TypeError("any() expects to be passed a constructor function.");
  return new Asymmetric(`Any<${type.name}>`, (actual) =>
    (name && typeof actual === name) || isInstance(actual, type));
}

const includesText = (text) => (actual) => typeof actual === "string" && actual.includes(text);

function matchesPattern(pattern) {
  const regex = new RegExp(pattern);
  return (actual) => {
    regex.lastIndex = 0;
    return typeof actual === "string" && regex.test(actual);
  };
}

const hasAll = (wanted) => (actual) => isObject(actual) && keysOf(wanted).every((key) =>
  hasProperty(actual, key) && equals(actual[key], wanted[key]));
const holdsAll = (wanted) => (actual) => Array.isArray(actual)
  && wanted.every((value) => actual.some((other) => equals(other, value)));

function isClose(wanted, digits = 2) {
  return (actual) => typeof actual === "number"
    && (Object.is(actual, wanted) || Math.abs(wanted - actual) < 10 ** -digits / 2);
}

const KINDS = {
  any: (type) => typeMatcher(type),
  anything: () => new Asymmetric("Anything", (actual) => actual !== null && actual !== undefined),
  objectContaining: (wanted) => new Asymmetric(`ObjectContaining ${show(wanted)}`, hasAll(wanted)),
  arrayContaining: (wanted) => new Asymmetric(`ArrayContaining ${show(wanted)}`, holdsAll(wanted)),
  stringContaining: (text) => new Asymmetric(`StringContaining ${show(text)}`, includesText(text)),
  stringMatching: (pattern) => new Asymmetric(`StringMatching ${pattern}`, matchesPattern(pattern)),
  closeTo: (value, digits) => new Asymmetric(`CloseTo ${value}`, isClose(value, digits)),
  toSatisfy: (predicate) => new Asymmetric("ToSatisfy", (actual) => Boolean(predicate(actual))),
};

const negate = (inner) => new Asymmetric(`not ${inner.description}`, (actual) => !equals(actual, inner));

Object.assign(expect, KINDS, {
  not: Object.fromEntries(Object.entries(KINDS).map(([name, make]) =>
    [name, (...values) => negate(make(...values))])),
  assertions: (count) => void (state.wanted = count),
  hasAssertions: () => void (state.atLeastOne = true),
  fail: (message = "expect.fail()") => fail(message),
  unreachable: (message) => fail(`expected${message ? ` "${message}"` : ""} not to be reached`),
  soft: (actual, message) => new Assertion({ actual, message, negated: false }, softly),
  poll: (body, options = {}) => new Assertion({ actual: null, negated: false },
    (...call) => poll(body, options, call)),
  getState: () => ({ assertionCalls: state.count }),
  extend: (own) => {
    for (const [name, matcher] of Object.entries(own)) {
      table[name] = matcher;
      Assertion.define(name);
      expect[name] = (...values) => new Asymmetric(name, (actual) =>
        Boolean(matcher.call(contextFor({ negated: false }), actual, ...values).pass));
    }
  },
});
