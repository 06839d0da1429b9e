// Combining default, workspace and user settings into one configuration.

export type Config = { [key: string]: unknown };

/**
 * Returns a copy of `config` without the keys whose value is undefined. Null, false, 0 and ""
 * are kept; nested objects are not looked into.
 */
export function dropUndefined(config: Config): Config {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined));
}

/**
 * Returns a new configuration with the keys of `base` and `override` merged at every level: where
 * both values are plain objects they are merged the same way, otherwise the value of `override`
 * replaces that of `base` (arrays are replaced whole). An undefined value in `override` leaves
 * the base value; a null removes the key. The keys "__proto__" and "constructor" of `override`
 * are skipped. Neither argument is changed.
 */
export function mergeConfig(base: Config, override: Config): Config {
  const isObject = (value: unknown): value is Config =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const merged: Config = { ...base };
  for (const [key, value] of Object.entries(override)) {
    if (key === "__proto__" || key === "constructor" || value === undefined) {
      continue;
    }
    const old = merged[key];
    if (value === null) {
      delete merged[key];
    } else if (isObject(value) && isObject(old)) {
      merged[key] = mergeConfig(old, value);
    } else {
      merged[key] = value;
    }
  }
  return merged;
}

/**
 * Returns the first value of `candidates` that is neither undefined nor null, or `fallback` when
 * there is none. False, 0 and "" count as values.
 */
export function firstSet<T>(candidates: readonly (T | null | undefined)[], fallback: T): T {
  return candidates.find((value) => value !== undefined && value !== null) ?? fallback;
}

/**
 * Tells for each key which layer decides it: the last layer whose `values` has the key. Returns
 * an object from key to layer name. With layers "default" (`{ a: 1, b: 1 }`) and "user"
 * (`{ b: 2 }`) it is `{ a: "default", b: "user" }`.
 */
export function originOfKeys(
  layers: readonly { name: string; values: Config }[],
): Record<string, string> {
  const origin: Record<string, string> = {};
  for (const layer of layers) {
    for (const key of Object.keys(layer.values)) {
      origin[key] = layer.name;
    }
  }
  return origin;
}

/**
 * Returns the keys of `config` that are not in `known`, in their order in `config`.
 */
export function unknownKeys(config: Config, known: readonly string[]): string[] {
  return Object.keys(config).filter((key) => !known.includes(key));
}
