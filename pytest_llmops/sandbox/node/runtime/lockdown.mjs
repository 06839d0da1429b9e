// Makes the language itself unforgeable before any candidate code loads.
//
// Every ECMAScript intrinsic is frozen, so neither tests nor this runner can be lied to by a patched
// `String.prototype.includes`, `JSON.stringify` or `Promise.prototype.then`. Two allowances keep
// honest code working: properties that programs shadow by assignment (`error.name = ...`) become
// accessors that define an own property on the receiver, and the few intrinsics that tests fake
// (`Date`, `Date.now`, `Math.random`) are "guarded": only `override`, held by `vi`, can change them.

import { CLASSES, COSTLY, FAKED, INTRINSICS, NAMES_COSTLY, PLATFORM } from "./globals.mjs";
import { trust } from "./inert.mjs";

const cells = new WeakMap();
const { defineProperty, freeze, getOwnPropertyDescriptor, getPrototypeOf } = Object;
const { hasOwn } = Object;
const { ownKeys } = Reflect;
const isObject = (value) => (typeof value === "object" && value !== null) || typeof value === "function";

// What programs assign to instances although a prototype has it.
// A frozen prototype would forbid it: `list.push = ...` is an assignment to what it inherits.
const isShadowed = (key) => typeof key === "string" || key === Symbol.toStringTag;
const setters = new Map();

/** Objects that syntax reaches without any global name. */
function hiddenIntrinsics() {
  function* generator() {}
  async function* asyncGenerator() {}
  const iterators = [[], "", new Map(), new Set()].map((value) => value[Symbol.iterator]());
  return [
    generator, generator(), asyncGenerator, asyncGenerator(), async () => {}, ...iterators,
    "".matchAll(/./g), Iterator.from({ next() {} }), [].values().map((value) => value),
    (function () { return arguments; })(),
  ].map(getPrototypeOf);
}

// Methods are most of what there is, and lead nowhere: they are frozen without a look inside.
function reachable(roots) {
  const holders = new Set();
  const methods = new Set();
  const pending = [...roots];
  while (pending.length) {
    const value = pending.pop();
    if (value === null || holders.has(value)) continue;
    holders.add(value);
    pending.push(getPrototypeOf(value));
    for (const key of ownKeys(value)) {
      const descriptor = getOwnPropertyDescriptor(value, key);
      const inner = descriptor.value;
      if (typeof inner === "function" && !hasOwn(inner, "prototype")) methods.add(inner);
      else if (isObject(inner)) pending.push(inner);
      else if (descriptor.get) methods.add(descriptor.get);
      if (descriptor.set) methods.add(descriptor.set);
    }
  }
  return { holders, methods };
}

// One setter a name, for all objects: it makes the property the receiver's own, unless that is frozen.
function setterOf(key) {
  if (!setters.has(key)) {
    setters.set(key, function set(next) {
      if (!isObject(this)) throw new TypeError(`Cannot assign to read only property '${String(key)}'`);
      shadow(this, key, next);
    });
  }
  return setters.get(key);
}

function allowShadowing(object, key, { value, enumerable }) {
  defineProperty(object, key, { get: () => value, set: setterOf(key), enumerable, configurable: false });
}

/**
 * Turns properties of `object` into ones that only `override` changes.
 * @param assignable whether plain assignment by anybody is allowed as well.
 */
export function guard(object, keys, assignable = false) {
  const table = cells.get(object) ?? new Map();
  cells.set(object, table);
  for (const key of keys) {
    const { value, get, enumerable } = getOwnPropertyDescriptor(object, key);
    // Node makes some globals on first use; their getter stays until something replaces them.
    const cell = { read: get ?? (() => value) };
    table.set(key, cell);
    defineProperty(object, key, {
      get: () => cell.read(),
      set(next) {
        if (this !== object && isObject(this)) shadow(this, key, next);
        else if (assignable) cell.read = () => next;
        else throw new TypeError(`Cannot assign to read only property '${String(key)}'`);
      },
      enumerable,
      configurable: false,
    });
  }
}

function shadow(object, key, value) {
  defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** The plain property that a guarded or shadowed one stands for; undefined for any other. */
export function guarded(object, key) {
  const cell = cells.get(object)?.get(key);
  const found = getOwnPropertyDescriptor(object, key);
  if (!cell && !(found?.set && found.set === setters.get(key))) return undefined;
  const value = cell ? cell.read() : found.get();
  return { value, writable: true, enumerable: found.enumerable, configurable: true };
}

/** Sets a guarded property; false where the property is not guarded. */
export function override(object, key, value) {
  const cell = cells.get(object)?.get(key);
  if (cell) cell.read = () => value;
  return cell !== undefined;
}

/** A copy of a module's exports that candidates cannot change and `vi.spyOn` can. */
export function guardedCopy(exports) {
  const copy = {};
  for (const key of ownKeys(exports)) {
    const descriptor = getOwnPropertyDescriptor(exports, key);
    if (key === "promises") descriptor.get = undefined;
    const get = descriptor.get && (() => exports[key]);
    const value = key === "promises" ? guardedCopy(exports.promises) : descriptor.value;
    const common = { enumerable: descriptor.enumerable, configurable: true };
    defineProperty(copy, key, get ? { ...common, get } : { ...common, value });
  }
  guard(copy, ownKeys(copy));
  return freeze(copy);
}

function allowAllShadowing(prototype, isMeant = isShadowed) {
  for (const key of ownKeys(prototype)) {
    const descriptor = getOwnPropertyDescriptor(prototype, key);
    const isPlain = descriptor.configurable && "value" in descriptor;
    if (isPlain && isMeant(key)) allowShadowing(prototype, key, descriptor);
  }
}

// Freezes all but what Node has made writable for good: its own state, under symbols.
function close(object) {
  trust(object);
  for (const key of ownKeys(object)) {
    const { configurable, writable } = getOwnPropertyDescriptor(object, key);
    if (configurable) defineProperty(object, key, writable ? { writable: false, configurable: false } : { configurable: false });
  }
  Object.preventExtensions(object);
}

/** Freezes a class of the platform with all that its instances inherit; leaves instances alone. */
export function hardenClass(type) {
  if (typeof type !== "function" || Object.isFrozen(type)) return;
  const chain = [];
  for (let object = type.prototype; object && object !== Object.prototype; object = getPrototypeOf(object)) {
    chain.push(object);
  }
  for (const prototype of chain) {
    if (!Object.isExtensible(prototype)) continue;
    allowAllShadowing(prototype, () => true); // Node keeps state under symbols
    close(prototype);
    const owner = prototype.constructor;
    if (typeof owner === "function") freeze(owner);
  }
  freeze(type);
  trust(type);
}

function harden(objects) {
  for (const object of objects) {
    if (!hasOwn(object, "constructor")) continue; // not a prototype
    allowAllShadowing(object);
  }
  for (const object of objects) {
    trust(object);
    if (object === Error) hardenError();
    else if (!ArrayBuffer.isView(object)) freeze(object);
  }
}

// The engine reads an own, plain `stackTraceLimit`, and libraries set it.
function hardenError() {
  for (const key of ownKeys(Error)) {
    if (key !== "stackTraceLimit") defineProperty(Error, key, { writable: false, configurable: false });
  }
  Object.preventExtensions(Error);
}

// Tests compare with these classes: an answer that could put its own in their place would be right.
function hardenOnUse(names) {
  guard(globalThis, names);
  for (const name of names) {
    const cell = cells.get(globalThis).get(name);
    const { read } = cell;
    cell.read = () => {
      const made = read.call(globalThis);
      hardenClass(made);
      cell.read = () => made;
      return made;
    };
  }
}

export function lockdown() {
  const present = (names) => names.filter((name) => name in globalThis);
  guard(Date, ["now"]);
  guard(Math, ["random"]);
  guard(JSON, ["parse", "stringify"]);
  guard(Atomics, ["wait"]);
  const roots = present(INTRINSICS).map((name) => globalThis[name]);
  const { holders, methods } = reachable([...roots, ...hiddenIntrinsics()].filter(isObject));
  harden(holders);
  methods.forEach(freeze);
  methods.forEach(trust);
  for (const name of present(PLATFORM)) {
    const value = globalThis[name];
    defineProperty(globalThis, name, { value, writable: false, configurable: false });
    for (const object of [value, value.prototype]) if (object) harden([object]);
  }
  for (const name of present(INTRINSICS)) {
    if (name === "Date" || name === "Intl") continue;
    defineProperty(globalThis, name, { writable: false, configurable: false });
  }
  hardenOnUse(present(CLASSES));
  defineProperty(globalThis, "globalThis", { writable: false, configurable: false });
  guard(globalThis, ["Date", "Intl"]);
  guard(globalThis, FAKED.filter((name) => name !== "Date" && name !== "Intl"), true);
  guard(console, Object.keys(console), true);
}

/** Freezes what `lockdown` leaves out, where one of the texts of a job names it; before any of it runs. */
export function hardenNamed(texts) {
  if (texts.some((text) => NAMES_COSTLY.test(text))) hardenOnUse(COSTLY.filter((name) => name in globalThis));
}
