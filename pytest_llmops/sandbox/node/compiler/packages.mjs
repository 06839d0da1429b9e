// The packages of a source tree: where their own names, and the `#names` of their `imports`, lead in the
// sources. What they export is mostly built and not there; the source that it is built from is.
import fs from "node:fs";
import path from "node:path";

const CONDITIONS = ["source", "import", "module", "node", "require", "default"];
const BUILT = /^(?:\.\/)?(?:dist|lib|build|out)\//;
const BUILT_FORMAT = /^(?:\.\/)?(?:dist|lib|build|out)\/(?:esm|cjs|es|mjs|node)\//;
const DEPTH = 5;
const DEPENDENCIES = ["dependencies", "devDependencies", "optionalDependencies"];
const LINKED = /^(?:file|link|portal):(?=\.)/;

/** What a table of `exports` or `imports` has for a key: of patterns the one with the longest head. */
function entry(table, key) {
  if (Object.hasOwn(table, key)) return { value: table[key], star: "" };
  let best = null;
  for (const [pattern, value] of Object.entries(table)) {
    const [head, tail] = pattern.split("*");
    const fits = tail !== undefined && key.startsWith(head) && key.endsWith(tail) && key.length > head.length + tail.length;
    if (!fits || (best && best.head.length >= head.length)) continue;
    best = { head, value, star: key.slice(head.length, key.length - tail.length) };
  }
  return best;
}

/** The first target of a value that may be a table of conditions or a list; undefined where none counts. */
function chosen(value) {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(chosen).find((one) => one !== undefined);
  if (!value || typeof value !== "object") return undefined;
  return CONDITIONS.filter((name) => Object.hasOwn(value, name)).map((name) => chosen(value[name])).find((one) => one !== undefined);
}

function targetOf(table, key) {
  const found = entry(table, key);
  return found ? chosen(found.value)?.replaceAll("*", found.star) : undefined;
}

function exported({ exports, main }, subpath) {
  const isTable = exports && typeof exports === "object" && !Array.isArray(exports)
    && Object.keys(exports).some((key) => key.startsWith("."));
  if (isTable) return targetOf(exports, subpath);
  return subpath === "." ? chosen(exports ?? main) : undefined;
}

/** Where the source of a target may be: `src` in the place of what is built, by any ending; then itself. */
function sources(target) {
  const places = [BUILT, BUILT_FORMAT].filter((built) => built.test(target)).map((built) => target.replace(built, "src/"));
  return [...places, ...places.map((place) => place.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, "")), target];
}

/** Folders that a package.json has in the place of packages, by the names it gives them. */
function linksOf(manifest, folder) {
  const asked = DEPENDENCIES.flatMap((key) => Object.entries(Object(manifest[key])));
  const links = asked.filter(([, version]) => LINKED.test(String(version)));
  return new Map(links.map(([name, version]) => [name, path.posix.join(folder, version.replace(LINKED, ""))]));
}

/** The packages of one tree, each package.json read once; one that cannot be read is none. */
export class Packages {
  #named = null;
  #read = new Map();

  constructor(tree) {
    this.tree = tree;
  }

  /** Names that `specifier` may have in the tree for file `from`, the best first: of a package of it, or of what that exports. */
  guesses(specifier, from) {
    const parts = specifier.split("/");
    const name = parts.splice(0, specifier.startsWith("@") ? 2 : 1).join("/");
    const found = this.#linked(name, path.posix.dirname(from)) ?? this.#byName(name);
    if (!found) return [];
    const inside = parts.join("/") || "index";
    const target = exported(found, parts.length ? `./${parts.join("/")}` : ".");
    return [...(target ? sources(target) : []), `src/${inside}`, inside].map((one) => path.posix.join(found.folder, one));
  }

  /** What `#name` stands for in file `from`: names in the tree, or another specifier. */
  own(specifier, from) {
    const found = this.#nearest(path.posix.dirname(from));
    const target = found?.imports ? targetOf(found.imports, specifier) : undefined;
    if (target === undefined || target.startsWith("#")) return { guesses: [], other: null };
    if (!target.startsWith("./")) return { guesses: [], other: target };
    return { guesses: sources(target).map((one) => path.posix.join(found.folder, one)), other: null };
  }

  #byName(name) {
    this.#named ??= this.#find();
    return this.#named.get(name);
  }

  /** What the nearest package.json that names it has in the place of a package: a folder of the tree. */
  #linked(name, folder) {
    const linked = this.#package(folder)?.links.get(name);
    if (linked !== undefined) return this.#package(linked) ?? { folder: linked };
    return folder === "." || folder === "" ? null : this.#linked(name, path.posix.dirname(folder));
  }

  #nearest(folder) {
    const found = this.#package(folder);
    if (found || folder === "." || folder === "") return found;
    return this.#nearest(path.posix.dirname(folder));
  }

  #package(folder) {
    const file = path.posix.join(folder, "package.json");
    if (!this.#read.has(file)) this.#read.set(file, this.#parsed(file, folder));
    return this.#read.get(file);
  }

  #parsed(file, folder) {
    if (!this.tree.isFile(file)) return null;
    try {
      const manifest = JSON.parse(this.tree.read(file));
      const { name, exports, imports, main, module } = manifest;
      return { name, links: linksOf(manifest, folder), exports, imports: imports && typeof imports === "object" ? imports : null, main: module ?? main, folder };
    } catch {
      return null; // a fixture, perhaps: broken on purpose
    }
  }

  /** Packages by name; of two with one name, the one nearer to the top. */
  #find() {
    const named = new Map();
    let folders = [""];
    for (let depth = 0; depth <= DEPTH && folders.length; depth += 1) {
      for (const folder of folders) {
        const found = this.#package(folder);
        if (typeof found?.name === "string" && found.name && !named.has(found.name)) named.set(found.name, found);
      }
      folders = folders.flatMap((folder) => this.#folders(folder));
    }
    return named;
  }

  #folders(folder) {
    const entries = fs.readdirSync(path.join(this.tree.root, folder), { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."));
    return names.map((entry) => path.posix.join(folder, entry.name)).sort();
  }
}
