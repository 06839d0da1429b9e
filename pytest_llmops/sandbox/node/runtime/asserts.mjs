// `assert` of chai and of Node as test files have it: what it states is falsified as what `expect` states.
//
// A function `assert.equal(received, expected)` counts as a matcher of its name on what was received.
// `node:assert` is another object for test files than for those that they judge.
const { defineProperty, getOwnPropertyDescriptors } = Object;

const CHAI = new Set(["equal", "strictEqual", "deepEqual", "deepStrictEqual", "include", "deepInclude", "match", "throws", "throw",
  "Throw", "lengthOf", "typeOf", "instanceOf", "isAbove", "isAtLeast", "isBelow", "isAtMost", "closeTo", "approximately",
  "property", "propertyVal", "deepPropertyVal", "sameMembers", "sameDeepMembers", "oneOf"]);
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

  // Plugins add to it, so it is looked up when it is used.
  #chai(real) {
    const watched = new Map();
    return new Proxy(real, {
      get: (target, key) => {
        const check = target[key];
        if (!CHAI.has(key) || typeof check !== "function") return check;
        if (watched.get(key)?.check !== check) watched.set(key, { check, made: this.#watched(key, check) });
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
      else if (NODE.has(key)) descriptor.value = this.#watched(key, value);
      defineProperty(copy, key, descriptor);
    }
    return Object.freeze(copy);
  }

  #watched(name, check) {
    const { enter, passed, leave, currentTest } = this.judge;
    const isNode = check !== this.judge.vitest.assert[name];
    return defineProperty(function (received, ...values) {
      const flags = { object: received, "vitest-test": currentTest() };
      const method = (...expected) => check(flags.object, ...expected);
      // Node takes a text there for its own message.
      const statesNothing = isNode && name === "throws" && typeof values[0] === "string";
      const given = enter(statesNothing ? "" : name, values, { __flags: flags }, method);
      try {
        return passed(method(...given));
      } finally {
        leave();
      }
    }, "name", { value: name });
  }
}
