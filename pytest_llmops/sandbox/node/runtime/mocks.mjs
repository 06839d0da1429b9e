// `vi.mock` and its kin: what stands in the place of a module.
import { LoadError } from "./modules.mjs";

const CONSTRUCTORS = { Object, Error, Function, RegExp, Symbol, Array, Map };
const PASSED_BY = new Set(["__esModule", "then", ...Reflect.ownKeys(Symbol).map((key) => Symbol[key])
  .filter((value) => typeof value === "symbol")]);

function keyOf({ file, builtin, api, specifier }) {
  if (file) return `file:${file}`;
  return builtin ? `builtin:${builtin}` : `other:${api ?? specifier}`;
}

/** A factory's result; what is missing from it says so instead of being undefined. */
function checked(exports, specifier) {
  if (exports === null || typeof exports !== "object") {
    throw new Error(`[vitest] vi.mock("${specifier}", factory?: () => unknown) is not returning an object. `
      + "Did you mean to return an object with a \"default\" key?");
  }
  return new Proxy(exports, {
    get: (target, key) => {
      if (key in target || PASSED_BY.has(key)) return target[key];
      throw new Error(`[vitest] No "${String(key)}" export is defined on the "${specifier}" mock. `
        + "Did you forget to return it from \"vi.mock\"?");
    },
  });
}

/** The mocked modules of one test file, as vitest's `vi` asks for them. */
export class Mocks {
  #mocks = new Map();

  /**
   * @param makers `mockObject` and `createMockInstance` of vitest
   * @param modules the modules of the test file
   * @param test its name
   */
  constructor(makers, modules, test) {
    Object.assign(this, { makers, modules, test });
  }

  #target(specifier, importer) {
    return this.modules.target(this.modules.nameOf(importer) ?? this.test, specifier);
  }

  queueMock(specifier, importer, given) {
    const factory = typeof given === "function" ? given : null;
    const type = given?.spy ? "autospy" : "automock";
    const target = this.#target(specifier, importer);
    const { redirect, unmockable } = target;
    this.#mocks.set(keyOf(target), { specifier, importer, factory, type, redirect, unmockable });
  }

  queueUnmock(specifier, importer) {
    this.#mocks.delete(keyOf(this.#target(specifier, importer)));
  }

  getMockContext() {
    return { callstack: null };
  }

  /** What is there instead of `target`; null where it is not mocked. */
  async namespaceOf(target) {
    const mock = this.#mocks.get(keyOf(target));
    if (!mock) return null;
    mock.made ??= this.#make(mock, target);
    return mock.made;
  }

  async #make(mock, target) {
    if (mock.factory) return checked(await mock.factory(), mock.specifier);
    if (mock.unmockable) throw new LoadError(mock.unmockable);
    if (mock.redirect && mock.type === "automock") {
      return this.modules.import({ file: mock.redirect }, this.test, [], { actual: true });
    }
    const actual = await this.modules.import(target, this.test, [], { actual: true });
    return this.mockObject(actual, undefined, mock.type);
  }

  importActual(specifier, importer) {
    return this.modules.import(this.#target(specifier, importer), this.test, [], { actual: true });
  }

  async importMock(specifier, importer) {
    const target = this.#target(specifier, importer);
    const { redirect, unmockable } = target;
    return await this.namespaceOf(target) ?? this.#make({ specifier, type: "automock", redirect, unmockable }, target);
  }

  mockObject(value, given, type = "automock") {
    const isType = given === "automock" || given === "autospy";
    const options = { globalConstructors: CONSTRUCTORS, type: isType ? given : type,
      createMockInstance: this.makers.createMockInstance };
    return this.makers.mockObject(options, value, isType ? undefined : given);
  }
}
