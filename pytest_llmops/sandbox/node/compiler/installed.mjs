// npm packages that a lock file names, installed outside of the source tree: where an import of one leads, as
// Node finds it, and what kind of module that is. Their files are read and compiled; nothing of them runs here.
import fs from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

import { compileInstalled } from "./compile.mjs";

const TOP = "node_modules";
const BY = { import: new Set(["node", "import", "module-sync", "default"]), require: new Set(["node", "require", "module-sync", "default"]) };
const BUILTINS = new Set(builtinModules);
const TYPESCRIPT = /\.[cm]?tsx?$/;
const REQUIRED_AS = [".js", ".json", ".cjs"];

const nameOf = (specifier) => specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");

/** The first target that conditions allow, in the order of the table, as Node has it; null forbids. */
function chosen(value, conditions) {
  if (typeof value === "string" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => chosen(one, conditions)).find((one) => one !== undefined);
  for (const [name, inner] of Object.entries(value ?? {})) {
    const found = conditions.has(name) ? chosen(inner, conditions) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a table of `exports` or `imports` gives for a key; of patterns the one with the longest head. */
function entry(table, key, conditions) {
  if (Object.hasOwn(table, key) && !key.includes("*")) return chosen(table[key], conditions);
  const fits = Object.keys(table).map((pattern) => [pattern, ...pattern.split("*")]).filter(([, head, tail]) => tail !== undefined
    && key.startsWith(head) && key.endsWith(tail) && key.length >= head.length + tail.length);
  const [best] = fits.sort((one, other) => other[1].length - one[1].length || other[0].length - one[0].length);
  if (!best) return undefined;
  const [pattern, head, tail] = best;
  return chosen(table[pattern], conditions)?.replaceAll("*", key.slice(head.length, key.length - tail.length));
}

function exportsOf({ exports }) {
  if (exports === undefined || exports === null) return null;
  const isTable = typeof exports === "object" && !Array.isArray(exports) && Object.keys(exports).some((key) => key.startsWith("."));
  return isTable ? exports : { ".": exports };
}

/** The packages of one installation, each file read and compiled once: nothing of it changes. */
export class Installed {
  #compiled = new Map();
  #packages = new Map();

  /** @param root the folder that has `node_modules` */
  constructor(root) {
    this.root = fs.realpathSync.native(root);
  }

  /** Whether a name is one of an installed file. */
  holds = (name) => name.startsWith(`${TOP}/`);

  isFile(name) {
    return fs.statSync(path.join(this.root, name), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  read(name) {
    return fs.readFileSync(path.join(this.root, name), "utf8");
  }

  file(name) {
    if (!this.#compiled.has(name)) this.#compiled.set(name, this.#compile(name));
    return this.#compiled.get(name);
  }

  /**
   * The file that `specifier` means, a bare one or what a file of a package says; null where there is none.
   * @param from the file that asks, of a package or of the tree
   * @param how "import" or "require"
   */
  resolve(specifier, from, how) {
    const isInside = this.holds(from);
    if (/^\.\.?(\/|$)/.test(specifier)) return isInside ? this.#file(path.posix.join(path.posix.dirname(from), specifier), how) : null;
    if (specifier.startsWith("#")) return isInside ? this.#own(specifier, from, how) : null;
    if (/^[/\\]|^[a-z][a-z+.-]*:|\\|%/i.test(specifier)) return null;
    return this.#bare(specifier, from, how);
  }

  /** The package that a file belongs to, as the lock file calls it. */
  packageOf(name) {
    return nameOf(name.slice(name.lastIndexOf(`${TOP}/`) + TOP.length + 1));
  }

  /** What each import of a file of a package means: {file, package} | {builtin} | {missing, specifier}. */
  imports(name) {
    const { specifiers, dynamic, required, imports } = this.file(name);
    // What an import does not find a script may require: types in its comments are named as if they were imported.
    const ask = (specifier, how) => {
      if (imports.get(specifier)?.missing ?? !imports.has(specifier)) imports.set(specifier, this.#meaning(specifier, name, how));
    };
    if (!imports.size) {
      for (const specifier of [...specifiers, ...dynamic]) ask(specifier, "import");
      for (const specifier of required) ask(specifier, "require");
    }
    return Object.fromEntries(imports);
  }

  #meaning(specifier, from, how) {
    if (BUILTINS.has(specifier)) return { builtin: specifier.replace(/^node:/, "") };
    if (specifier.startsWith("node:")) return { builtin: specifier.slice(5) };
    const file = this.resolve(specifier, from, how);
    return file ? { file, package: this.packageOf(file) } : { missing: `cannot find '${specifier}' imported from ${from}`, specifier };
  }

  #compile(name) {
    try {
      // What comments name as types of scripts is asked for like anything else; oxc ends the process over it.
      if (TYPESCRIPT.test(name)) throw new Error(`${name}: Node loads no TypeScript of a package`);
      return { ...compileInstalled(this.read(name), name, this.#kind(name)), imports: new Map() };
    } catch (error) {
      // Met where it is loaded, if ever: much that a package has nobody asks for.
      const none = { kind: "module", specifiers: [], dynamic: [], required: [], mocked: [], imports: new Map() };
      return { ...none, code: "", error: error.message };
    }
  }

  /** As Node decides it; "" where the text does. */
  #kind(name) {
    const extension = path.posix.extname(name);
    if (extension === ".json") return "json";
    if (extension === ".mjs") return "module";
    if (extension === ".cjs") return "commonjs";
    const { type } = this.#nearest(path.posix.dirname(name)) ?? {};
    return { module: "module", commonjs: "commonjs" }[type] ?? "";
  }

  #bare(specifier, from, how) {
    const name = nameOf(specifier);
    const subpath = `.${specifier.slice(name.length).replace(/^\/$/, "")}`; // `punycode/` is no builtin module
    const own = this.holds(from) ? this.#nearest(path.posix.dirname(from)) : null;
    if (own?.name === name && own.exports) return this.#exported(own, subpath, how);
    for (let folder = this.holds(from) ? path.posix.dirname(from) : "."; ; folder = path.posix.dirname(folder)) {
      const place = path.posix.join(folder, TOP, name);
      const found = path.posix.basename(folder) === TOP ? null : this.#package(place);
      if (found) return this.#exported(found, subpath, how);
      if (folder === ".") return null;
    }
  }

  #exported(found, subpath, how) {
    const table = exportsOf(found);
    if (table) return this.#target(entry(table, subpath, BY[how]), found, how);
    if (subpath !== ".") return this.#file(path.posix.join(found.folder, subpath), how);
    const main = typeof found.main === "string" ? this.#required(path.posix.join(found.folder, found.main)) : null;
    return main ?? this.#required(path.posix.join(found.folder, "index"));
  }

  #own(specifier, from, how) {
    const found = this.#nearest(path.posix.dirname(from));
    const target = found?.imports ? entry(found.imports, specifier, BY[how]) : undefined;
    if (typeof target !== "string") return null;
    return target.startsWith("./") ? this.#target(target, found, how) : this.resolve(target, from, how);
  }

  /** A target of a table: a file of its own package. */
  #target(target, found) {
    if (typeof target !== "string" || !target.startsWith("./")) return null;
    const name = path.posix.join(found.folder, target);
    return name.startsWith(`${found.folder}/`) && this.isFile(name) ? name : null;
  }

  #file(name, how) {
    if (!this.holds(name)) return null;
    return how === "require" ? this.#required(name) : this.isFile(name) ? name : null;
  }

  /** A file or folder, as `require` finds it. */
  #required(name) {
    if (this.isFile(name)) return name;
    const added = REQUIRED_AS.map((ending) => name + ending).find((one) => this.isFile(one));
    if (added) return added;
    const main = this.#package(name)?.main;
    const inside = typeof main === "string" && path.posix.join(name, main) !== name ? this.#required(path.posix.join(name, main)) : null;
    return inside ?? REQUIRED_AS.map((ending) => `${name}/index${ending}`).find((one) => this.isFile(one)) ?? null;
  }

  #nearest(folder) {
    for (let at = folder; this.holds(`${at}/`) && path.posix.basename(at) !== TOP; at = path.posix.dirname(at)) {
      const found = this.#package(at);
      if (found) return found;
    }
    return null;
  }

  #package(folder) {
    if (!this.#packages.has(folder)) this.#packages.set(folder, this.#parsed(folder));
    return this.#packages.get(folder);
  }

  #parsed(folder) {
    const file = path.posix.join(folder, "package.json");
    if (!this.isFile(file)) return null;
    try {
      const { name, type, main, exports, imports } = JSON.parse(this.read(file));
      return { name, type, main, exports, imports, folder };
    } catch {
      return null; // no package.json of a package: a fixture of its tests
    }
  }
}
