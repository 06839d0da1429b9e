// The modules that a test file has loaded. Those of packages may be there already: they are told apart by nothing
// that is judged, so that many bodies can be judged with the same ones.
import { readOnly } from "./namespaces.mjs";
import { isInstalled } from "./stored.mjs";

/** One module of the job while and after it runs. */
class Record {
  constructor(name, file) {
    Object.assign(this, { name, file, promise: null, evaluated: false, waits: new Set(), cjs: { exports: {} } });
    this.namespace = Object.defineProperty(Object.create(null), Symbol.toStringTag, { value: "Module" });
    this.view = readOnly(this.namespace);
  }
}

export class Records {
  #own = new Map();
  #packages;

  /** @param packages modules of packages that others have loaded, by name; null for none */
  constructor(packages) {
    this.#packages = packages ?? this.#own;
  }

  get = (name) => this.#of(name).get(name);

  /** The module of a file; `find` gives the file where it is new. */
  have(name, find) {
    const records = this.#of(name);
    if (!records.has(name)) records.set(name, new Record(name, find()));
    return records.get(name);
  }

  /** Forgets all; from now on the packages are its own, too. */
  clear() {
    this.#own.clear();
    this.#packages = this.#own;
  }

  * [Symbol.iterator]() {
    for (const records of new Set([this.#own, this.#packages])) yield* records;
  }

  #of(name) {
    return isInstalled(name) ? this.#packages : this.#own;
  }
}
