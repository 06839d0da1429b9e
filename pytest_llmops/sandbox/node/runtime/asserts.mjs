// `assert` of chai and of Node as test files have it: what it states is falsified as what `expect` states.
// Chai is vitest's own, or the npm package of that name.
//
// A function `assert.equal(received, expected)` counts as a matcher of its name on what was received.
// `node:assert` is another object for test files than for those that they judge.
import { defineGetter } from "./namespaces.mjs";

const { defineProperty, getOwnPropertyDescriptors } = Object;

const CHAI = new Set(["equal", "strictEqual", "deepEqual", "deepStrictEqual", "include", "deepInclude", "match", "throws", "throw",
  "Throw", "lengthOf", "typeOf", "instanceOf", "isAbove", "isAtLeast", "isBelow", "isAtMost", "closeTo", "approximately",
  "property", "propertyVal", "deepPropertyVal", "sameMembers", "sameDeepMembers", "oneOf"]);
// What their names state, compared as `strictEqual` does.
const NAMED = new Map([["isTrue", true], ["isFalse", false]]);
const NODE = new Set(["equal", "strictEqual", "deepEqual", "deepStrictEqual", "partialDeepStrictEqual", "match", "throws"]);

/** Makes `assert` objects for test files. */
export class Asserts {
  #made = new Map();

  /** @param judge the bundle: `enter`, `passed`, `leave` tell the host of a matcher; `currentTest` */
  constructor(judge) {
    this.judge = judge;
    this.chai = this.#chai(judge.vitest.assert);
  }

  /** Exports of a builtin module as test files have them. */
  ofBuiltin(name, exports) {
    if (name !== "assert" && name !== "assert/strict") return exports;
    if (!this.#made.has(name)) {
      const whole = this.#node(exports.default);
      this.#made.set(name, Object.freeze({ ...exports, ...whole, default: whole }));
    }
    return this.#made.get(name);
  }

  /** The namespace of the npm package chai as test files have it. */
  ofChai(namespace) {
    if (!this.#made.has(namespace)) {
      const made = defineProperty(Object.create(null), Symbol.toStringTag, { value: "Module" });
      for (const key of Object.keys(namespace)) defineGetter(made, key, () => this.#partOf(key, namespace[key]));
      this.#made.set(namespace, made);
    }
    return this.#made.get(namespace);
  }

  #partOf(key, value) {
    if (!value || (key !== "assert" && key !== "default")) return value;
    if (!this.#made.has(value)) this.#made.set(value, key === "assert" ? this.#chai(value) : this.#whole(value));
    return this.#made.get(value);
  }

  #whole(chai) {
    return new Proxy(chai, { get: (target, key) => (key === "assert" ? this.#partOf(key, target[key]) : target[key]) });
  }

  // Plugins add to it, so it is looked up when it is used.
  #chai(real) {
    const watched = new Map();
    return new Proxy(real, {
      get: (target, key) => {
        const check = target[key];
        if (!(CHAI.has(key) || NAMED.has(key)) || typeof check !== "function") return check;
        if (watched.get(key)?.check !== check) {
          const made = this.#watched(key, check, NAMED.has(key) ? { stated: [NAMED.get(key)], equal: target.strictEqual } : {});
          watched.set(key, { check, made });
        }
        return watched.get(key).made;
      },
    });
  }

  #node(real, made = new Map()) {
    if (made.has(real)) return made.get(real);
    const copy = (...values) => real(...values);
    made.set(real, copy);
    for (const [key, descriptor] of Object.entries(getOwnPropertyDescriptors(real))) {
      const { value } = descriptor;
      if (key === "strict") descriptor.value = this.#node(value, made);
      else if (NODE.has(key)) descriptor.value = this.#watched(key, value, { isNode: true });
      defineProperty(copy, key, descriptor);
    }
    return Object.freeze(copy);
  }

  // `stated` are the values that the name itself states, which `equal` compares.
  #watched(name, check, { isNode = false, stated = null, equal = check } = {}) {
    const { enter, passed, leave, currentTest } = this.judge;
    return defineProperty(function (received, ...values) {
      const flags = { object: received, "vitest-test": currentTest() };
      const method = (...expected) => equal(flags.object, ...expected);
      // Node takes a text there for its own message.
      const statesNothing = isNode && name === "throws" && typeof values[0] === "string";
      const matcher = stated ? "strictEqual" : statesNothing ? "" : name;
      const given = enter(matcher, stated ?? values, { __flags: flags }, method);
      try {
        return passed(stated ? check(received, ...values) : method(...given));
      } finally {
        leave();
      }
    }, "name", { value: name });
  }
}
