// Changing the shape of settings objects: choosing, renaming and flattening keys.

export type Fields = Record<string, unknown>;

/** Returns a new object with only those keys of `fields` that are in `keys`. */
export function pickKeys(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => keys.includes(key)));
}

/** Returns a new object without the keys in `keys`. */
export function omitKeys(fields: Fields, keys: readonly string[]): Fields {
  const rest = { ...fields };
  for (const key of keys) {
    delete rest[key];
  }
  return rest;
}

/**
 * Returns a new object in which each key that is in `names` is replaced by its new name there, at
 * the same place. Other keys stay. `renameKeys({ a: 1, b: 2 }, { a: "x" })` is `{ x: 1, b: 2 }`.
 */
export function renameKeys(fields: Fields, names: Record<string, string>): Fields {
  const entries = Object.entries(fields).map(([key, value]) => [names[key] ?? key, value]);
  return Object.fromEntries(entries);
}

/**
 * Returns an object with keys and values exchanged: `invert({ a: "x" })` is `{ x: "a" }`. When two
 * keys have the same value, the first key is kept.
 */
export function invert(names: Record<string, string>): Record<string, string> {
  const inverted: Record<string, string> = {};
  for (const [key, value] of Object.entries(names)) {
    if (!Object.hasOwn(inverted, value)) {
      inverted[value] = key;
    }
  }
  return inverted;
}

/** Returns a new object with the same keys and each value replaced by `change(value)`. */
export function mapValues<T, U>(
  record: Record<string, T>,
  change: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/**
 * Flattens nested objects: each value gets the keys on the way to it, joined with ".". Only plain
 * objects are looked into; arrays, null and other values stay as they are, and so do objects
 * without keys. `flatten({ a: { b: 1, c: { d: 2 } } })` is `{ "a.b": 1, "a.c.d": 2 }`.
 */
export function flatten(fields: Fields): Fields {
  const flat: Fields = {};
  for (const [key, value] of Object.entries(fields)) {
    const nested = typeof value === "object" && value !== null && !Array.isArray(value);
    const inner = nested ? Object.entries(flatten(value as Fields)) : [];
    if (inner.length === 0) {
      flat[key] = value;
    }
    for (const [path, leaf] of inner) {
      flat[`${key}.${path}`] = leaf;
    }
  }
  return flat;
}

/**
 * Undoes flattening: each key is split at "." and its value is put into nested objects, which are
 * made as needed. When a key leads through a value that is not an object, that value is replaced
 * by an object; later keys win. The keys "__proto__", "prototype" and "constructor", as a part of
 * a path, make the whole entry be skipped. `unflatten({ "a.b": 1, "a.c": 2 })` is
 * `{ a: { b: 1, c: 2 } }`.
 */
export function unflatten(flat: Fields): Fields {
  const blocked = ["__proto__", "prototype", "constructor"];
  const result: Fields = {};
  for (const [path, value] of Object.entries(flat)) {
    const keys = path.split(".");
    const last = keys.pop() as string;
    if ([...keys, last].some((key) => blocked.includes(key))) {
      continue;
    }
    let target = result;
    for (const key of keys) {
      const next = target[key];
      if (typeof next !== "object" || next === null || Array.isArray(next)) {
        target[key] = {};
      }
      target = target[key] as Fields;
    }
    target[last] = value;
  }
  return result;
}
