// Draws a value that differs from another in one place.
const { types } = process.getBuiltinModule("node:util");
const { create, defineProperty, getOwnPropertyDescriptors, getPrototypeOf, setPrototypeOf } = Object;
const { ownKeys } = Reflect;
const RealDate = Date;
const timeOf = (date) => RealDate.prototype.getTime.call(date);
const slice = getPrototypeOf(Uint8Array.prototype).slice;
const LETTERS = "abcdefghijklmnopqrstuvwxyz";
const DEEPEST = 8;

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Changer {
  #depth = 0;

  constructor(seed, isMatcher) {
    this.random = generator(seed);
    this.isMatcher = isMatcher;
  }

  isRegExp(value) {
    return types.isRegExp(value);
  }

  /** A whole number from 0 to below `limit`. */
  below(limit) {
    return Math.floor(this.random() * limit);
  }

  /** A whole number from 1 to `limit`. */
  upTo(limit) {
    return 1 + this.below(limit);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** A word that no honest value holds by chance. */
  word() {
    return Array.from({ length: 8 }, () => LETTERS[this.below(26)]).join("");
  }

  /**
   * A value that differs from `value`, of its kind where that leaves enough to choose from.
   * @param rare whether values that may stand beside it must differ too
   */
  other(value, rare = false) {
    switch (typeof value) {
      case "string": return this.#text(value);
      case "number": return this.#number(value, rare);
      case "bigint": return value + BigInt(this.upTo(rare ? 2 ** 40 : 99));
      case "boolean": return rare ? this.word() : !value;
      case "symbol": return Symbol(this.word());
      case "function": return () => {};
      case "object": return value === null ? this.word() : this.#object(value, rare);
      default: return this.word();
    }
  }

  #text(value) {
    const at = this.below(value.length + 1);
    return value.slice(0, at) + this.word() + value.slice(at);
  }

  #number(value, rare) {
    const sign = this.random() < 0.5 ? -1 : 1;
    const moved = rare ? value + sign * (this.random() + 0.1) * 1e6
      : Number.isInteger(value) ? value + sign * this.upTo(3 + Math.abs(value))
      : value + sign * (0.1 + this.random()) * (1 + Math.abs(value));
    if (Number.isFinite(moved) && moved !== value) return moved;
    return (this.random() + 1) * (value > 1 ? -1 : 1);
  }

  #object(value, rare) {
    if (this.isMatcher(value) || types.isProxy(value) || this.#depth === DEEPEST) return this.word();
    this.#depth += 1;
    try {
      return this.#copy(value, rare);
    } finally {
      this.#depth -= 1;
    }
  }

  #copy(value, rare) {
    if (Array.isArray(value)) return this.#array(value, rare);
    if (types.isDate(value)) return this.#date(value);
    if (types.isRegExp(value)) return new RegExp(`(?:${value.source})${this.word()}`, value.flags);
    if (types.isNativeError(value)) return this.#error(value);
    if (types.isMap(value)) return this.#map(value, rare);
    if (types.isSet(value)) return this.#set(value);
    if (types.isTypedArray(value)) return this.#bytes(value);
    const isOpaque = types.isBoxedPrimitive(value) || types.isPromise(value) || types.isAnyArrayBuffer(value)
      || types.isDataView(value) || types.isWeakMap(value) || types.isWeakSet(value)
      || typeof value[Symbol.iterator] === "function";
    return isOpaque ? this.word() : this.#record(value, rare);
  }

  #array(value, rare) {
    const copy = [];
    copy.length = value.length;
    for (const key of ownKeys(value)) if (key !== "length") copy[key] = value[key];
    const index = this.below(Math.max(1, value.length));
    copy[index] = value.length ? this.other(value[index], rare) : this.word();
    return setPrototypeOf(copy, getPrototypeOf(value));
  }

  #date(value) {
    const time = timeOf(value);
    const moved = Number.isNaN(time) ? this.upTo(1e12) : time - this.upTo(1e9);
    return setPrototypeOf(new RealDate(moved), getPrototypeOf(value));
  }

  #error(value) {
    const descriptors = getOwnPropertyDescriptors(value);
    const copy = new Error(this.#text(String(value.message)));
    for (const key of ownKeys(descriptors)) {
      if (key !== "message" && key !== "stack") defineProperty(copy, key, descriptors[key]);
    }
    return setPrototypeOf(copy, getPrototypeOf(value));
  }

  #map(value, rare) {
    if (getPrototypeOf(value) !== Map.prototype) return this.word();
    const entries = [...value];
    if (!entries.length) return new Map([[this.word(), this.word()]]);
    const index = this.below(entries.length);
    entries[index] = [entries[index][0], this.other(entries[index][1], rare)];
    return new Map(entries);
  }

  // Members stand beside each other: a changed one must be none of them.
  #set(value) {
    if (getPrototypeOf(value) !== Set.prototype) return this.word();
    const members = [...value];
    const index = this.below(Math.max(1, members.length));
    members[index] = members.length ? this.other(members[index], true) : this.word();
    return new Set(members);
  }

  #bytes(value) {
    if (!value.length) return this.word();
    const copy = slice.call(value);
    const index = this.below(copy.length);
    const before = copy[index];
    copy[index] = typeof before === "bigint" ? before ^ BigInt(this.upTo(63)) : before + this.upTo(63);
    return Object.is(copy[index], before) ? this.word() : copy;
  }

  #record(value, rare) {
    const descriptors = getOwnPropertyDescriptors(value);
    const keys = ownKeys(descriptors).filter((key) => descriptors[key].enumerable && "value" in descriptors[key]);
    const prototype = getPrototypeOf(value);
    if (keys.length) {
      const key = this.pick(keys);
      descriptors[key].value = this.other(descriptors[key].value, rare);
    } else if (prototype === null || prototype === Object.prototype) {
      const added = this.word();
      descriptors[added] = { value: added, enumerable: true, configurable: true, writable: true };
    } else return this.word();
    return create(prototype, descriptors);
  }
}
