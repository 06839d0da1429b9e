// Whether values can notice that they are looked at: whether to compare or to print them could run code of
// a job. Plain data cannot, nor objects of classes that leave to the language all that a matcher asks.
//
// Looked at are descriptors alone, so that finding out runs nothing either. In doubt the answer is no.
const { types } = process.getBuiltinModule("node:util");
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;
const unbound = (method) => Function.prototype.call.bind(method);
const eachOfMap = unbound(Map.prototype.forEach);
const eachOfSet = unbound(Set.prototype.forEach);
const isEnumerable = unbound(Object.prototype.propertyIsEnumerable);
const iteration = Iterator.prototype;
const MOST = 20_000;

const BUILT_IN = [Object, Array, String, Number, Map, Set, Date, RegExp, Error, Promise, Function, Uint8Array, Iterator]
  .flatMap(({ prototype }) => [...ownKeys(prototype), ...ownKeys(getPrototypeOf(prototype) ?? {})]);
// Methods that matchers and printers call on what they are given.
const CALLED = new Set([...BUILT_IN, "toJSON", "inspect", "asymmetricMatch", "equals", "next", "return", "throw", "nodeType",
  "isEqualNode", "calledWith", "tagName", "$$typeof"].filter((key) => key !== "constructor"));

// Vitest's own matchers that run nothing but comparisons.
const MATCHERS = new Set(["Any", "Anything", "ArrayContaining", "CloseTo", "ObjectContaining", "StringContaining", "StringMatching"]);

const trusted = new WeakSet();

/** Tells of an object that was closed before any job: what it has is the language's own. */
export const trust = (object) => void trusted.add(object);

/** Whether a property of an object that a job made leaves nothing to be run; its value goes to `pending`. */
function isInertProperty(object, key, pending) {
  // Where it is not enumerable nobody reads it; to look at it would make the engine write it.
  if (key === "stack" && types.isNativeError(object)) return !isEnumerable(object, key);
  const { value, get, set } = getOwnPropertyDescriptor(object, key);
  if (get || set) return false;
  if (typeof value === "function" && (typeof key === "symbol" || CALLED.has(key))) return false;
  pending.push(value);
  return true;
}

function isInertFunction(value) {
  for (let object = value; object && !trusted.has(object); object = getPrototypeOf(object)) {
    if (types.isProxy(object)) return false;
    for (const key of ownKeys(object)) {
      const { get, set, value: inner } = getOwnPropertyDescriptor(object, key);
      // What a function in sloppy mode has by those names throws, or says nothing.
      if ((get || set) && key !== "arguments" && key !== "caller") return false;
      if (typeof inner === "function" && typeof key === "symbol") return false;
    }
  }
  return true;
}

/** Whether what an object inherits leaves nothing to be run. */
function inheritsInertly(value) {
  for (let object = getPrototypeOf(value); object; object = getPrototypeOf(object)) {
    if (object === iteration || types.isProxy(object)) return false;
    if (trusted.has(object)) continue;
    if (!ownKeys(object).every((key) => isInertProperty(object, key, []))) return false;
  }
  return true;
}

function contents(value, pending) {
  if (types.isMap(value)) eachOfMap(value, (inner, key) => pending.push(inner, key));
  else if (types.isSet(value)) eachOfSet(value, (inner) => pending.push(inner));
}

const isPlainMatcher = (value) => MATCHERS.has(getPrototypeOf(value).constructor.name);

/**
 * Whether none of `values`, nor anything in them, can run code where it is compared or printed.
 * @param isMatcher whether an object is one of vitest's asymmetric matchers
 * @param recordOf what a mock has recorded, as plain lists; undefined for what is no mock
 */
export function areInert(values, { isMatcher, recordOf }) {
  const seen = new Set();
  const pending = [...values];
  for (let left = MOST; pending.length; left--) {
    const value = pending.pop();
    if ((typeof value !== "object" || value === null) && typeof value !== "function") continue;
    if (seen.has(value)) continue;
    seen.add(value);
    if (left === 0 || types.isProxy(value)) return false;
    if (typeof value === "function") {
      const record = recordOf(value);
      if (record) pending.push(...record);
      else if (!isInertFunction(value)) return false;
      continue;
    }
    if (trusted.has(value)) continue;
    const keys = ownKeys(value);
    if (keys.length > left || !(isMatcher(value) ? isPlainMatcher(value) : inheritsInertly(value))) return false;
    if (!keys.every((key) => isInertProperty(value, key, pending))) return false;
    contents(value, pending);
  }
  return true;
}
