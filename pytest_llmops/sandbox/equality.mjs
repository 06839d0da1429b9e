// Deep equality as vitest documents it, with the expected value always on the right.
//
// Only the right side may hold asymmetric matchers, and only ones made here: `brands` is private, so
// an object from a candidate that carries the right method names is compared like any other object.
const { types } = process.getBuiltinModule("node:util");

const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { ownKeys } = Reflect;
const tagOf = Object.prototype.toString;
const brands = new WeakMap();

/** An asymmetric matcher: `matches(actual)` decides, `text` describes it. */
export class Asymmetric {
  constructor(text, matches) {
    brands.set(this, matches);
    this.description = text;
    Object.freeze(this);
  }

  toString() {
    return this.description;
  }

  asymmetricMatch(actual) {
    return brands.get(this)(actual);
  }
}

export const isAsymmetric = (value) => isObject(value) && brands.has(value);

export function isObject(value) {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

const ordinaryHasInstance = Function.prototype[Symbol.hasInstance];

/** `value instanceof type`, deaf to what the class itself says of its instances. */
export function isInstance(value, type) {
  if (typeof type !== "function") throw new TypeError("the right side of instanceof is not a class");
  return isObject(value) && ordinaryHasInstance.call(type, value);
}

/** Enumerable own keys, symbols included. */
export function keysOf(object) {
  return ownKeys(object).filter((key) => getOwnPropertyDescriptor(object, key)?.enumerable);
}

export function hasProperty(object, key) {
  return isObject(object) ? key in object : object != null && key in Object(object);
}

const KINDS = ["isDate", "isRegExp", "isMap", "isSet", "isNativeError", "isTypedArray", "isDataView",
  "isAnyArrayBuffer", "isBoxedPrimitive", "isPromise", "isWeakMap", "isWeakSet"];

function kindOf(value) {
  if (Array.isArray(value)) return "isArray";
  return KINDS.find((kind) => types[kind](value)) ?? "object";
}

const isError = (value) => types.isNativeError(value) || value instanceof Error;

function unbox(value) {
  for (const type of [Number, String, Boolean, Symbol, BigInt]) {
    try {
      return type.prototype.valueOf.call(value);
    } catch {
      continue;
    }
  }
  return value;
}

/**
 * Whether `actual` equals `expected`.
 * @param strict also compare types, keys that hold undefined, and holes, as toStrictEqual does.
 */
export function equals(actual, expected, strict = false) {
  return compare(actual, expected, { strict, seen: [] });
}

function compare(actual, expected, state) {
  if (isAsymmetric(expected)) return brands.get(expected)(actual) === true;
  if (Object.is(actual, expected)) return true;
  if (typeof actual !== "object" || typeof expected !== "object") return false;
  if (actual === null || expected === null) return false;
  for (const [left, right] of state.seen) {
    if (left === actual || right === expected) return left === actual && right === expected;
  }
  const inner = { ...state, seen: [...state.seen, [actual, expected]] };
  if (isError(actual) && isError(expected)) return sameError(actual, expected, inner);
  const kind = kindOf(expected);
  if (kindOf(actual) !== kind || tagOf.call(actual) !== tagOf.call(expected)) return false;
  if (state.strict && typeName(actual) !== typeName(expected)) return false;
  return compareKind(kind, actual, expected, inner);
}

const typeName = (value) => {
  const prototype = getPrototypeOf(value);
  // Objects without a prototype are plain objects too.
  return prototype === null ? Object : prototype.constructor;
};

function compareKind(kind, actual, expected, state) {
  switch (kind) {
    case "isDate":
      return Object.is(Date.prototype.getTime.call(actual), Date.prototype.getTime.call(expected));
    case "isRegExp":
      return actual.source === expected.source && actual.flags === expected.flags;
    case "isBoxedPrimitive":
      return Object.is(unbox(actual), unbox(expected));
    case "isPromise":
    case "isWeakMap":
    case "isWeakSet":
      return false;
    case "isAnyArrayBuffer":
      return sameBytes(new Uint8Array(actual), new Uint8Array(expected));
    case "isDataView":
      return sameBytes(bytesOf(actual), bytesOf(expected));
    case "isMap":
      return sameMap(actual, expected, state) && sameKeys(actual, expected, state);
    case "isSet":
      return sameSet(actual, expected, state) && sameKeys(actual, expected, state);
    case "isArray":
    case "isTypedArray":
      return sameArray(actual, expected, state) && sameKeys(actual, expected, state);
    default:
      return sameObject(actual, expected, state);
  }
}

const bytesOf = (view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function sameBytes(left, right) {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function sameError(actual, expected, state) {
  if (getPrototypeOf(actual) !== getPrototypeOf(expected)) return false;
  if (actual.name !== expected.name || actual.message !== expected.message) return false;
  if (expected.cause !== undefined && !compare(actual.cause, expected.cause, state)) return false;
  if (expected instanceof AggregateError && !compare(actual.errors, expected.errors, state)) return false;
  return compare({ ...actual }, { ...expected }, state);
}

function sameArray(actual, expected, state) {
  if (actual.length !== expected.length) return false;
  for (let index = 0; index < expected.length; index++) {
    const holes = state.strict && Object.hasOwn(actual, index) !== Object.hasOwn(expected, index);
    if (holes || !compare(actual[index], expected[index], state)) return false;
  }
  return true;
}

const mapGet = Map.prototype.get;
const mapHas = Map.prototype.has;
const sizeOf = (value, type) => getOwnPropertyDescriptor(type.prototype, "size").get.call(value);

function sameMap(actual, expected, state) {
  if (sizeOf(actual, Map) !== sizeOf(expected, Map)) return false;
  const entries = [...Map.prototype.entries.call(actual)];
  return [...Map.prototype.entries.call(expected)].every(([key, value]) =>
    mapHas.call(actual, key)
      ? compare(mapGet.call(actual, key), value, state)
      : entries.some(([other, held]) => compare(other, key, state) && compare(held, value, state)));
}

function sameSet(actual, expected, state) {
  if (sizeOf(actual, Set) !== sizeOf(expected, Set)) return false;
  const values = [...Set.prototype.values.call(actual)];
  return [...Set.prototype.values.call(expected)].every((value) =>
    Set.prototype.has.call(actual, value) || values.some((other) => compare(other, value, state)));
}

const isIndex = (key) => typeof key === "string" && /^(0|[1-9]\d*)$/.test(key);

function sameKeys(actual, expected, state) {
  const listed = kindOf(expected) === "isArray" || kindOf(expected) === "isTypedArray";
  const own = (object) => keysOf(object).filter((key) => !(listed && isIndex(key)));
  const left = own(actual);
  const right = own(expected);
  if (state.strict && left.length !== right.length) return false;
  const inLeft = new Set(left);
  for (const key of right) {
    if (!inLeft.has(key) && (state.strict || !missingIsEqual(actual, expected, key))) return false;
    if (!compare(actual[key], expected[key], state)) return false;
  }
  const inRight = new Set(right);
  return left.every((key) => inRight.has(key) || actual[key] === undefined);
}

// A key that is absent equals one that holds undefined, or an asymmetric matcher that takes it.
function missingIsEqual(actual, expected, key) {
  const value = expected[key];
  return value === undefined || isAsymmetric(value) || Object.hasOwn(actual, key);
}

function sameObject(actual, expected, state) {
  if (actual instanceof URL && expected instanceof URL) return actual.href === expected.href;
  const iterable = typeof expected[Symbol.iterator] === "function";
  if (iterable !== (typeof actual[Symbol.iterator] === "function")) return false;
  if (iterable) {
    if (actual.constructor !== expected.constructor) return false;
    if (!sameArray([...actual], [...expected], state)) return false;
  }
  return sameKeys(actual, expected, state);
}

/** Whether `actual` has at least what `expected` has, at every depth; arrays are of equal length. */
export function contains(actual, expected, seen = []) {
  const plain = isObject(expected) && !isAsymmetric(expected) && typeof expected !== "function";
  if (!plain || isError(expected) || !isObject(actual)) return equals(actual, expected);
  if (seen.includes(expected)) return equals(actual, expected);
  const inner = [...seen, expected];
  const kind = kindOf(expected);
  if (kind === "isArray") {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false;
    return expected.every((value, index) => contains(actual[index], value, inner));
  }
  if (kind !== "object") return equals(actual, expected);
  if (typeof expected[Symbol.iterator] === "function") return equals(actual, expected);
  return keysOf(expected).every((key) =>
    hasProperty(actual, key) && contains(actual[key], expected[key], inner));
}
