// The nearest tsconfig.json of a file: the options that change what its code means, and path aliases.
import path from "node:path";

const NONE = { options: {}, aliased: () => [] };
const DEPTH = 8;
const CONFIG_FOLDER = "${configDir}";

/** A target of `paths`, from the folder it counts from or from that of the nearest configuration, `own`. */
function placed(target, from, own) {
  if (!target.startsWith(CONFIG_FOLDER)) return path.posix.join(from, target);
  return path.posix.join(own, target.slice(CONFIG_FOLDER.length));
}

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
    const own = path.posix.dirname(file);
    const patterns = Object.entries(paths ?? {}).map(([pattern, targets]) => [pattern.split("*"), [targets].flat()]);
    // As TypeScript chooses: a pattern without a star first, then the one with the longest head.
    patterns.sort(([[a, aTail]], [[b, bTail]]) => (aTail === undefined ? -1 : bTail === undefined ? 1 : b.length - a.length));
    const aliased = (specifier) => {
      const guesses = [];
      for (const [[head, tail], targets] of patterns) {
        const fits = tail === undefined ? specifier === head : specifier.startsWith(head) && specifier.endsWith(tail)
          && specifier.length >= head.length + tail.length;
        if (!fits) continue;
        const middle = tail === undefined ? "" : specifier.slice(head.length, specifier.length - tail.length);
        for (const target of targets) guesses.push(placed(String(target).replace("*", middle), from, own));
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
      config = Object(parseWithComments(this.tree.read(file)));
    } catch {
      return { options: {} };
    }
    const folder = path.posix.dirname(file);
    const { paths, baseUrl, ...options } = config.compilerOptions ?? {};
    let whole = { options: {} };
    for (const parent of depth < DEPTH ? this.#parents(config, folder) : []) {
      const found = this.#read(parent, depth + 1);
      whole = { ...whole, ...found, options: { ...whole.options, ...found.options } };
    }
    const base = baseUrl === undefined ? whole.base : path.posix.join(folder, String(baseUrl));
    const own = paths ? { paths, from: baseUrl === undefined ? whole.base ?? folder : base } : {};
    return { ...whole, ...own, base, options: { ...whole.options, ...options } };
  }

  /**
   * What a configuration takes over, the weightiest last: the files that it extends; and those that it refers
   * to where it is the head of a solution, with no files of its own.
   */
  #parents({ extends: extended, references, files }, folder) {
    const isHead = Array.isArray(files) && !files.length && Array.isArray(references);
    const referred = isHead ? references.map((one) => `./${one?.path ?? ""}`).reverse() : [];
    return [...[extended ?? []].flat(), ...referred].map((one) => this.#found(String(one), folder)).filter(Boolean);
  }

  #found(name, folder) {
    const inside = /^\.\.?(\/|$)/.test(name);
    const stems = inside ? [path.posix.join(folder, name)] : this.tree.packages.guesses(name, `${folder}/tsconfig.json`);
    const forms = ["", ".json", "/tsconfig.json", ...(inside ? [] : ["/../tsconfig.json"])];
    const names = forms.flatMap((form) => stems.map((stem) => path.posix.normalize(stem + form)));
    return names.find((one) => one.endsWith(".json") && this.tree.isFile(one));
  }
}
