// Reading and writing settings by a dotted path such as "api.models.0".

export type Tree = { [key: string]: unknown };

/**
 * Splits a path into its keys: names are separated by dots, and a whole number in square
 * brackets is an array index. `parsePath("a.b[2].c")` is `["a", "b", 2, "c"]`, `parsePath("[0]")`
 * is `[0]`, and "" is `[]`. A name is one or more characters other than ".", "[" and "]".
 * After a closing bracket comes the end, a dot and a name, or another bracket.
 * Throws a SyntaxError for anything else, such as "a..b", ".a", "a.", "a.[0]", "a[x]" or "[0]a".
 */
export function parsePath(path: string): (string | number)[] {
  const keys: (string | number)[] = [];
  let index = 0;
  while (index < path.length) {
    const rest = path.slice(index);
    const bracket = /^\[(\d+)\]/.exec(rest);
    const name = (index === 0 ? /^([^.[\]]+)/ : /^\.([^.[\]]+)/).exec(rest);
    if (bracket) {
      keys.push(Number(bracket[1]));
      index += bracket[0].length;
    } else if (name) {
      keys.push(name[1] as string);
      index += name[0].length;
    } else {
      throw new SyntaxError(`bad path "${path}" at ${index}`);
    }
  }
  return keys;
}

/**
 * Returns the value at a dotted path of plain names, or `fallback` when any step is missing,
 * not an object, or the value found is undefined. Own keys only; arrays are entered by index.
 * `getPath({ a: { b: [5] } }, "a.b.0", 1)` is 5; a found null is returned as null.
 */
export function getPath(tree: unknown, path: string, fallback: unknown): unknown {
  let value = tree;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) {
      return fallback;
    }
    value = (value as Tree)[key];
  }
  return value === undefined ? fallback : value;
}

/**
 * Returns a copy of `tree` with `value` at the dotted path of plain names. Missing steps, and
 * steps that are not plain objects (arrays, null, numbers, ...), are replaced by objects. Neither
 * `tree` nor any object in it is changed. `setPath({ a: { x: 1 } }, "a.b", 2)` is
 * `{ a: { x: 1, b: 2 } }`.
 */
export function setPath(tree: Tree, path: string, value: unknown): Tree {
  const copy = { ...tree };
  const keys = path.split(".");
  const last = keys.pop() as string;
  let node = copy;
  for (const key of keys) {
    const old = node[key];
    const isObject = typeof old === "object" && old !== null && !Array.isArray(old);
    const next: Tree = isObject ? { ...(old as Tree) } : {};
    node[key] = next;
    node = next;
  }
  node[last] = value;
  return copy;
}

/**
 * Returns how many keys a dotted path of plain names has; "" has none. `depthOf("a.b.c")` is 3.
 */
export const depthOf = (path: string): number => (path === "" ? 0 : path.split(".").length);
