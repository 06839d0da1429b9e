// The nearest tsconfig.json of a file: the options that change what its code means, and path aliases.
import path from "node:path";

const NONE = { options: {}, aliased: () => [] };

/** JSON with comments and trailing commas, as TypeScript reads it. */
export function parseWithComments(text) {
  const plain = text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (found) => (found[0] === '"' ? found : " "));
  return JSON.parse(plain.replace(/("(?:[^"\\\n]|\\.)*")|,(?=\s*[}\]])/g, (found, string) => string ?? ""));
}

/** The configurations of one tree, each read once. */
export class Configs {
  #known = new Map();

  constructor(tree) {
    this.tree = tree;
  }

  /** The configuration of file `name`. */
  of(name) {
    const folder = path.posix.dirname(name);
    if (!this.#known.has(folder)) this.#known.set(folder, this.#nearest(folder));
    return this.#known.get(folder);
  }

  #nearest(folder) {
    const file = path.posix.join(folder, "tsconfig.json");
    if (this.tree.isFile(file)) return this.#made(file);
    if (folder === "." || folder === "") return NONE;
    return this.of(folder); // `of` takes the folder's own parent
  }

  #made(file) {
    const { options, base, paths, from } = this.#read(file, 0);
    const aliased = (specifier) => {
      const guesses = [];
      for (const [pattern, targets] of Object.entries(paths ?? {})) {
        const [head, tail] = pattern.split("*");
        const fits = tail === undefined ? specifier === pattern : specifier.startsWith(head) && specifier.endsWith(tail)
          && specifier.length >= head.length + tail.length;
        if (!fits) continue;
        const middle = tail === undefined ? "" : specifier.slice(head.length, specifier.length - tail.length);
        for (const target of targets) guesses.push(path.posix.join(from, target.replace("*", middle)));
      }
      if (base !== undefined) guesses.push(path.posix.join(base, specifier));
      return guesses;
    };
    return { options, aliased };
  }

  // Options of a file and of those that it extends inside the tree; one that cannot be read has none.
  #read(file, depth) {
    let config;
    try {
      config = parseWithComments(this.tree.read(file));
    } catch {
      return { options: {} };
    }
    const folder = path.posix.dirname(file);
    const { paths, baseUrl, ...options } = config.compilerOptions ?? {};
    let whole = { options: {} };
    for (const extended of [config.extends ?? []].flat()) {
      const named = path.posix.join(folder, extended);
      const parent = [named, `${named}.json`].find((name) => extended.startsWith(".") && this.tree.isFile(name));
      if (parent && depth < 8) {
        const found = this.#read(parent, depth + 1);
        whole = { ...whole, ...found, options: { ...whole.options, ...found.options } };
      }
    }
    const base = baseUrl === undefined ? whole.base : path.posix.join(folder, baseUrl);
    const own = paths ? { paths, from: baseUrl === undefined ? whole.base ?? folder : base } : {};
    return { ...whole, ...own, base, options: { ...whole.options, ...options } };
  }
}
