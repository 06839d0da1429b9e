// Runs the texts of a job as modules, in the form that Vite's module runner gives them. Nothing is read from disk, and an import means only what the compiler resolved it to: there is no path
// by which code outside the job could be loaded. Test files get namespaces that `vi.spyOn` can change, as
// with vitest; everybody else gets read-only views of the same ones. An answer may import what its own
// file imports and the pure builtin modules; what else it asks for is noted, and refused.
import { builtin } from "./builtins.mjs";
import { interoperable, moduleOf } from "./commonjs.mjs";
import { checkNames, defineGetter, exportAll } from "./namespaces.mjs";
import { PURE } from "./pure.mjs";
import { Records } from "./records.mjs";
import { isInstalled, stored } from "./stored.mjs";

const vm = globalThis.process.getBuiltinModule("node:vm");
const { isBuiltin } = globalThis.process.getBuiltinModule("node:module");

const DYNAMIC = "__vite_ssr_dynamic_import__";
const PARAMETERS = ["__vite_ssr_exports__", "__vite_ssr_import_meta__", "__vite_ssr_import__", DYNAMIC,
  "__vite_ssr_exportAll__", "__filename", "__dirname", "module", "exports", "require"];

/** What the engine made of a file that several test files or rounds load, by the file. */
const compiled = new WeakMap();

export class LoadError extends Error {}

/** The modules of one test file; each is evaluated once, until `reset`. */
export class Modules {
  #records;

  /**
   * @param job files, root and tests
   * @param parts `api` (what `vitest` exports), `globals`, `meta` (env), `forbid(text)`, `mocks`, and `packages`:
   *   modules of packages that are there already, where there are any
   */
  constructor(job, parts) {
    this.job = job;
    this.parts = parts;
    this.#records = new Records(parts.packages);
  }

  /** Loads a file with all it imports; resolves to its namespace. */
  load(name) {
    return this.#run(this.#record(name), []);
  }

  reset() {
    this.#records.clear();
  }

  /** What vitest looks at to know which imports are still going on. */
  [Symbol.iterator]() {
    return this.#records[Symbol.iterator]();
  }

  forEach() {
    this.reset(); // vitest forgets modules one by one
  }

  pathOf = (name) => `${this.job.options.root}/${name}`;

  nameOf(path) {
    const { root } = this.job.options;
    return path.startsWith(`${root}/`) ? path.slice(root.length + 1) : null;
  }

  /** What `specifier` means in file `name`. */
  target(name, specifier) {
    const { imports, role } = this.#file(name) ?? { imports: {} };
    const known = Object.hasOwn(imports, specifier) ? imports[specifier] : null;
    const target = known ?? (isBuiltin(specifier) ? { builtin: specifier.replace(/^node:/, "") } : null);
    if (role === "answer") this.#check(name, specifier, known, target);
    if (!target) throw new LoadError(`cannot find '${specifier}' imported from ${name}`);
    return target;
  }

  #check(name, specifier, known, target) {
    if (known && !known.forbidden) return;
    if (!known && target && PURE.includes(target.builtin)) return;
    throw this.parts.forbid(`${name}: an answer may not import '${specifier}'`);
  }

  /** The namespace of a target, as the file `from` may have it. */
  async import(target, from, stack = [], { actual = false } = {}) {
    // What packages load of each other is no test's to mock, as with vitest.
    const mocked = actual || isInstalled(from) ? null : await this.parts.mocks.namespaceOf(target, this, from);
    if (mocked) return mocked;
    if (target.missing) throw new LoadError(target.missing);
    if (target.builtin) return this.#builtin(target.builtin, from);
    if (target.api) return this.parts.api(target.api);
    const record = this.#record(target.file);
    await this.#run(record, stack);
    const seen = target.package && !isInstalled(from) && record.file.kind !== "module" ? interoperable(record) : record;
    if (this.job.files[from]?.role !== "test") return seen.view;
    return target.package === "chai" ? this.parts.asserts.ofChai(seen.namespace) : seen.namespace;
  }

  /** A file of the job, or of a package, which is read once. */
  #file(name) {
    return this.#records.get(name)?.file ?? this.job.files[name] ?? stored(this.job.options.stored, name);
  }

  #builtin(name, from) {
    const exports = builtin(name);
    return this.job.files[from]?.role === "test" ? this.parts.asserts.ofBuiltin(name, exports) : exports;
  }

  #record(name) {
    return this.#records.have(name, () => this.#file(name));
  }

  async #run(record, stack) {
    const importer = stack.length ? this.#records.get(stack.at(-1)) : undefined;
    if (record.evaluated || stack.includes(record.name) || this.#waitsFor(record, importer)) {
      if (record.error) throw record.error.value;
      return record.namespace;
    }
    record.promise ??= this.#evaluate(record, [...stack, record.name]);
    importer?.waits.add(record);
    try {
      await record.promise;
    } finally {
      importer?.waits.delete(record);
    }
    return record.namespace;
  }

  #waitsFor(record, other, seen = new Set()) {
    if (!other || seen.has(record)) return false;
    seen.add(record);
    return record.waits.has(other) || [...record.waits].some((next) => this.#waitsFor(next, other, seen));
  }

  async #evaluate(record, stack) {
    const { file, name } = record;
    try {
      if (!file || file.error) throw new LoadError(file?.error ?? `${name} is not part of the job`);
      for (const specifier of file.required ?? []) {
        const target = Object.hasOwn(file.imports, specifier) ? file.imports[specifier] : null;
        // `require` cannot wait: modules that it may ask for are there before.
        if (target?.file && !target.forbidden && this.#file(target.file)?.kind === "module") {
          await this.#run(this.#record(target.file), stack);
        }
      }
      if (file.kind === "module") await this.#runModule(record, stack);
      else this.#runSync(record);
    } catch (error) {
      record.error = { value: error };
      throw error;
    } finally {
      record.evaluated = true;
    }
  }

  #runModule(record, stack) {
    const { name, namespace, file } = record;
    const globals = file.globals && file.role !== "answer" ? this.parts.globals : {};
    const find = (specifier) => this.target(name, String(specifier));
    const values = [namespace, this.#meta(record),
      async (specifier, details) => {
        const target = find(specifier);
        const found = await this.import(target, name, stack);
        if (!target.file) checkNames(found, details?.importedNames, specifier);
        return found;
      },
      async (specifier) => this.import(find(specifier), name),
      (source) => exportAll(namespace, source), ...this.#commonjs(record)];
    const names = [...PARAMETERS, ...Object.keys(globals)];
    const head = `'use strict';async (${names.join(",")})=>{{`;
    return this.#compile(record, head, "\n}}")(...values, ...Object.values(globals));
  }

  #commonjs(record) {
    const path = this.pathOf(record.name);
    const { module, exports } = moduleOf(record);
    return [path, path.slice(0, path.lastIndexOf("/")), module, exports, this.requireOf(record.name)];
  }

  // Scripts and JSON cannot wait.
  #runSync(record) {
    const { cjs, namespace, file } = record;
    if (file.kind === "json") cjs.exports = JSON.parse(file.code);
    else {
      const names = [DYNAMIC, ...PARAMETERS.slice(5)];
      const load = async (specifier) => this.import(this.target(record.name, String(specifier)), record.name);
      const code = this.#compile(record, `(function (${names.join(",")}) {`, "\n})");
      const given = this.#commonjs(record);
      Reflect.apply(code, given[3], [load, ...given]); // `this` is `exports`
    }
    if (!("default" in namespace)) defineGetter(namespace, "default", () => cjs.exports);
    if (!Array.isArray(cjs.exports)) exportAll(namespace, cjs.exports);
  }

  #compile({ name, file }, head, tail) {
    const known = compiled.get(file);
    if (known?.head === head) return known.script.runInThisContext();
    const place = { filename: this.pathOf(name), columnOffset: -head.length };
    const script = new vm.Script(`${head}${file.code}${tail}`, place);
    compiled.set(file, { head, script });
    return script.runInThisContext();
  }

  #meta({ name, file }) {
    const path = this.pathOf(name);
    const url = `file://${path}`;
    const meta = { url, filename: path, dirname: path.slice(0, path.lastIndexOf("/")), env: this.parts.env };
    meta.resolve = (specifier) => {
      const target = this.target(name, specifier);
      return target.file ? `file://${this.pathOf(target.file)}` : specifier;
    };
    if (file.role === "test") meta.vitest = this.parts.api("vitest");
    return meta;
  }

  /** `require` of one file: what the file's literal calls were resolved to, and builtin modules. */
  requireOf(name) {
    const require = (specifier) => {
      const target = this.target(name, String(specifier));
      if (target.missing) throw Object.assign(new LoadError(target.missing), { code: "MODULE_NOT_FOUND" });
      if (target.builtin) return this.#builtin(target.builtin, name).default;
      if (target.api) throw new LoadError(`vitest cannot be imported with require(), in ${name}`);
      return this.#required(target.file);
    };
    require.resolve = (specifier) => {
      const { file } = this.target(name, String(specifier));
      return file ? this.pathOf(file) : specifier;
    };
    return Object.assign(require, { cache: {} });
  }

  #required(name) {
    const record = this.#record(name);
    if (record.error) throw record.error.value;
    if (record.file.kind === "module") return record.view;
    if (record.promise) return record.cjs.exports;
    record.promise = Promise.resolve();
    record.evaluated = true;
    try {
      this.#runSync(record);
    } catch (error) {
      record.error = { value: error };
      throw error;
    }
    return record.cjs.exports;
  }
}
