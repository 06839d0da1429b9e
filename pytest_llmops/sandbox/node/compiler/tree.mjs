// A source tree as the compiler sees it: files compiled once, and what their imports mean.
import fs from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";

import { compile } from "./compile.mjs";
import { Installed } from "./installed.mjs";
import { Packages } from "./packages.mjs";
import { Configs } from "./tsconfig.mjs";

const EXTENSIONS = [".mjs", ".js", ".mts", ".ts", ".cts", ".jsx", ".tsx", ".cjs", ".json"];
// What a JavaScript extension in an import may stand for in a TypeScript tree.
const WRITTEN_AS = { ".js": [".ts", ".tsx", ".js"], ".mjs": [".mts", ".mjs"], ".cjs": [".cts", ".cjs"], ".jsx": [".tsx", ".jsx"] };
const BUILTINS = new Set(builtinModules.filter((name) => !name.startsWith("_")).map((name) => name.replace(/^node:/, "")));
/** Test APIs: what vitest has is given, what belongs to another runner is refused by name. */
const APIS = { vitest: "vitest", "expect-type": "expect-type" };
const OTHERS = { "@jest/globals": "tests written for jest need jest", "bun:test": "tests written for Bun need Bun",
  "node:test": "tests written for node:test need Node's own runner" };

/** What tells of vitest, as text: it is not run. */
const SETTINGS = ["vitest", "vite"].flatMap((stem) => ["ts", "mts", "cts", "js", "mjs", "cjs"].map((ending) => `${stem}.config.${ending}`));
const GLOBALS = /(?<!\/\/[^\n]*)\bglobals\s*:\s*true\b/;

const isRelative = (specifier) => /^\.\.?(\/|$)/.test(specifier);

/** Whether a path stands for a test API of any kind. */
export const isTestApi = (target) => target.api === "vitest" || target.other === true;

/** Compiled files that trees share whose files are links to the same one; those of latest use. */
const SHARED = new Map();
const MOST = 4000;

/** One source tree: compiled files and resolved imports, kept for as long as files do not change. */
export class Tree {
  #compiled = new Map();
  #globals = new Map();

  /**
   * @param root its folder
   * @param packages the folder of installed npm packages; "" for none
   */
  constructor(root, packages = "") {
    this.root = root;
    this.installed = packages ? new Installed(packages) : null;
    this.packages = new Packages(this);
    this.configs = new Configs(this);
  }

  /** The tree-relative POSIX path of `file`, with links resolved; null outside the tree. */
  relative(file) {
    const real = fs.realpathSync.native(file);
    const name = path.relative(this.root, real).split(path.sep).join("/");
    return name.startsWith("../") || path.isAbsolute(name) ? null : name;
  }

  isFile(name) {
    if (name.startsWith("../") || path.isAbsolute(name)) return false;
    return fs.statSync(path.join(this.root, name), { throwIfNoEntry: false })?.isFile() ?? false;
  }

  read(name) {
    return fs.readFileSync(path.join(this.root, name), "utf8");
  }

  file(name) {
    const stat = fs.statSync(path.join(this.root, name));
    const known = this.#compiled.get(name);
    if (known && known.mtime === stat.mtimeMs && known.size === stat.size) return known;
    const key = [stat.dev, stat.ino, stat.mtimeMs, stat.size, name, JSON.stringify(this.configs.of(name).options)].join(" ");
    const shared = SHARED.get(key) ?? this.#read(name);
    SHARED.delete(key);
    SHARED.set(key, shared);
    if (SHARED.size > MOST) SHARED.delete(SHARED.keys().next().value);
    const made = { ...shared, imports: new Map(), mtime: stat.mtimeMs, size: stat.size };
    this.#compiled.set(name, made);
    return made;
  }

  /** Whether the project has vitest's globals everywhere, as its nearest configuration says. */
  hasGlobals(name) {
    const folder = path.posix.dirname(name);
    if (!this.#globals.has(folder)) this.#globals.set(folder, this.#setsGlobals(folder));
    return this.#globals.get(folder);
  }

  #setsGlobals(folder) {
    const files = SETTINGS.map((file) => path.posix.join(folder, file)).filter((file) => this.isFile(file));
    if (files.length) return files.some((file) => GLOBALS.test(this.read(file)));
    return folder !== "." && folder !== "" && this.hasGlobals(folder); // of the folder's own parent
  }

  compile(text, name, isMapped = true) {
    return { ...compile(text, name, this.configs.of(name).options, isMapped), imports: new Map() };
  }

  #read(name) {
    try {
      const file = this.compile(this.read(name), name);
      return { ...file, json: JSON.stringify(file.code) };
    } catch (error) {
      const none = { kind: "module", specifiers: [], dynamic: [], required: [], mocked: [], imports: new Map() };
      return { ...none, code: "", error: error.message, json: '""' };
    }
  }

  /** What `specifier` in file `from` means: {file} | {builtin} | {api} | {missing}, with {specifier}; {file, package} of a package. */
  resolve(specifier, from, overlay, how = "import") {
    const other = Object.hasOwn(OTHERS, specifier) ? OTHERS[specifier] : null;
    if (other) return { missing: `'${specifier}' imported from ${from} is not supported: ${other}`, specifier, other: true };
    const bare = specifier.replace(/^node:/, "");
    if (BUILTINS.has(bare) && (bare === specifier || specifier.startsWith("node:"))) return { builtin: bare };
    if (Object.hasOwn(APIS, specifier)) return { api: APIS[specifier] };
    const { file, other: meant } = this.#find(specifier, from, overlay);
    if (file) return { file };
    if (meant) return { ...this.resolve(meant, from, overlay, how), specifier };
    const installed = this.installed?.resolve(specifier, from, how);
    if (installed) return { file: installed, package: this.installed.packageOf(installed) };
    const what = isRelative(specifier) ? "no such file in the tree"
      : specifier.startsWith("#") ? "no file of the tree has it in the `imports` of a package.json"
      : /^[@~]?\//.test(specifier) ? "no `paths` of a tsconfig.json lead to a file of the tree"
      : this.installed ? "it is not among the npm packages of the suite's lock file"
      : "npm packages need real vitest";
    return { missing: `cannot find '${specifier}' imported from ${from}: ${what}`, specifier };
  }

  /** The file that `vi.mock` puts in the place of a target: of its name, in a folder `__mocks__` beside it. */
  mockOf(target) {
    if (!target.file || target.package) return null;
    const name = path.posix.join(path.posix.dirname(target.file), "__mocks__", path.posix.basename(target.file));
    return this.isFile(name) ? name : null;
  }

  /** Where a folder `__mocks__` further up stands for a builtin module or a package; vitest looks in its root alone. */
  farMockOf({ builtin, package: other }, from) {
    const name = builtin ?? other;
    const folders = path.posix.dirname(from).split("/");
    for (; name && folders.length; folders.pop()) {
      const stem = path.posix.join(...folders, "__mocks__", name);
      const found = EXTENSIONS.map((extension) => stem + extension).find((one) => this.isFile(one));
      if (found) return found;
    }
    const top = EXTENSIONS.map((extension) => `__mocks__/${name}${extension}`);
    return name ? top.find((one) => this.isFile(one)) ?? null : null;
  }

  #find(specifier, from, overlay) {
    const plain = specifier.replace(/\?(raw|url|inline)?$/, "");
    if (isRelative(plain)) return { file: this.#probe(path.posix.join(path.posix.dirname(from), plain), overlay) };
    const own = plain.startsWith("#") ? this.packages.own(plain, from) : { guesses: this.packages.guesses(plain, from), other: null };
    for (const guess of [...this.configs.of(from).aliased(plain), ...own.guesses]) {
      const file = this.#probe(guess, overlay);
      if (file) return { file };
    }
    return { file: null, other: own.other };
  }

  #probe(name, overlay) {
    const extension = path.posix.extname(name);
    const stem = name.slice(0, name.length - extension.length);
    const written = (WRITTEN_AS[extension] ?? []).map((other) => stem + other);
    const exact = EXTENSIONS.includes(extension) ? [name] : [];
    const added = EXTENSIONS.map((other) => name + other);
    const index = EXTENSIONS.map((other) => `${name}/index${other}`);
    for (const candidate of [...exact, ...written, ...added, ...index]) {
      const normal = path.posix.normalize(candidate);
      if (normal in overlay) return normal;
      if (this.isFile(normal)) return this.relative(path.join(this.root, normal));
    }
    return null;
  }
}
