// Links the texts of a job into modules. Nothing is read from disk, and an import means only what
// the transformer resolved it to: there is no path by which code outside the job could be loaded.
import { builtin } from "./builtins.mjs";
import { vitest } from "./vi.mjs";

// Taken this way, a builtin is not wrapped into a module of its own: that costs milliseconds.
const { SourceTextModule, SyntheticModule } = process.getBuiltinModule("node:vm");

export class LoadError extends Error {}

function synthetic(exports, identifier) {
  const names = Object.keys(exports);
  return new SyntheticModule(names, function evaluate() {
    for (const name of names) this.setExport(name, exports[name]);
  }, { identifier });
}

/** The modules of one test file; each is evaluated once, until `reset`. */
export class Loader {
  #files;
  #root;
  #modules = new Map();
  #shared = new Map();

  constructor(files, root) {
    this.#files = files;
    this.#root = root;
  }

  reset() {
    this.#modules.clear();
  }

  /** Loads a file with all it imports; resolves to its namespace. */
  async load(name) {
    const module = this.#link(name);
    if (module.status === "linked") await module.evaluate();
    else if (module.status === "errored") throw module.error;
    else if (module.status === "evaluating") await module.evaluate();
    return module.namespace;
  }

  #link(name) {
    const fresh = [];
    const module = this.#make(name, fresh);
    for (const made of fresh) {
      const { imports } = this.#files[made.identifier];
      const targets = made.moduleRequests.map(({ specifier }) => this.#target(imports, specifier, null));
      made.linkRequests(targets);
    }
    if (module.status === "unlinked") module.instantiate();
    return module;
  }

  // Makes the module of a file and of every file below it, and lists those that need linking.
  #make(name, fresh) {
    const pending = [name];
    while (pending.length) {
      const next = pending.pop();
      if (this.#modules.has(next)) continue;
      const module = this.#create(next);
      this.#modules.set(next, module);
      if (!(module instanceof SourceTextModule)) continue;
      fresh.push(module);
      const { imports } = this.#files[next];
      for (const { specifier } of module.moduleRequests) {
        const { file } = imports[specifier];
        if (file) pending.push(file);
      }
    }
    return this.#modules.get(name);
  }

  #create(name) {
    const file = this.#files[name];
    if (file.error) throw new LoadError(file.error);
    if (name.endsWith(".json")) return this.#json(file, name);
    const path = `${this.#root}/${name}`;
    return new SourceTextModule(file.code, {
      identifier: name,
      initializeImportMeta: (meta) => {
        meta.url = `file://${path}`;
        meta.filename = path;
        meta.dirname = path.slice(0, path.lastIndexOf("/"));
      },
      importModuleDynamically: (specifier) => this.#import(file.imports, specifier),
    });
  }

  #json(file, name) {
    const value = JSON.parse(file.code);
    const isRecord = typeof value === "object" && value !== null && !Array.isArray(value);
    return synthetic({ ...(isRecord ? value : {}), default: value }, name);
  }

  #target(imports, specifier) {
    const target = Object.hasOwn(imports, specifier) ? imports[specifier] : null;
    if (!target) throw new LoadError(`cannot find '${specifier}'`);
    if (target.missing) throw new LoadError(target.missing);
    if (target.file) return this.#modules.get(target.file);
    const key = target.builtin ?? "vitest";
    if (!this.#shared.has(key)) {
      const module = synthetic(target.builtin ? builtin(target.builtin) : this.#vitest(), key);
      this.#shared.set(key, module);
    }
    return this.#shared.get(key);
  }

  #vitest() {
    const vi = { ...vitest.vi, resetModules: () => this.reset() };
    return { ...vitest, vi, vitest: vi };
  }

  async #import(imports, specifier) {
    const target = Object.hasOwn(imports, specifier) ? imports[specifier] : null;
    if (target?.file) {
      await this.load(target.file);
      return this.#modules.get(target.file);
    }
    const module = this.#target(imports, specifier);
    if (module.status === "linked" || module.status === "unlinked") {
      if (module.status === "unlinked") module.instantiate();
      await module.evaluate();
    }
    return module;
  }
}
