// What `import ... from "node:..."` gives inside the sandbox.
//
// Nothing that is handed out is a module of Node itself: each is a frozen copy, made when a job first
// asks for it, and the classes in it are frozen with what their instances inherit. Modules that could
// reach the runner's memory, start code outside the module graph or start processes keep their names,
// so that sources which merely import them still load, but every function in them refuses.
import { limitSockets, limitedFiles } from "./descriptors.mjs";
import { limitedPromises } from "./handles.mjs";
import { guardedCopy, hardenClass } from "./lockdown.mjs";
import { RefusedError, refusal } from "./process.mjs";
import { PURE } from "./pure.mjs";

const load = globalThis.process.getBuiltinModule;
const isCaged = globalThis.process.argv[3] === "bwrap";

const REFUSED = new Set(["child_process", "cluster", "inspector", "inspector/promises", "module", "repl",
  "sea", "trace_events", "v8", "vm", "wasi", "worker_threads"]);
const SOCKETS = /^(?:_?http|_?tls|net)/;
const LIMITED = { fs: limitedFiles, "fs/promises": limitedPromises };
// Two names of one module: a copy under either must be the same copy.
const ALIASES = { sys: "util" };

let givenProcess = null;
let makeRequire = null;

/** Tells what stands for `process`, and how `createRequire` makes a `require` of a file. */
export function provide(parts) {
  ({ process: givenProcess, makeRequire } = parts);
}

function refused(module, real) {
  const copy = {};
  for (const key of Object.keys(real)) {
    const value = real[key];
    const isCode = typeof value === "function" || (typeof value === "object" && value !== null);
    copy[key] = isCode ? refusal(`${module}.${key}`) : value;
  }
  if (module === "module") {
    // Sources call this while loading; what it returns obeys the rules of the file.
    copy.createRequire = (from) => makeRequire(from);
    copy.builtinModules = real.builtinModules;
    copy.isBuiltin = real.isBuiltin;
  }
  return Object.freeze(copy);
}

// A database, without the option to load native code into the process. It asks no permission model
// before it opens a file, so it is there only where the file system itself is the sandbox's own.
function limitedSqlite({ DatabaseSync: Real, StatementSync, constants }) {
  function DatabaseSync(path, options) {
    const safe = { ...options, allowExtension: false };
    return Reflect.construct(Real, [path, safe], new.target === DatabaseSync ? Real : new.target);
  }
  DatabaseSync.prototype = Real.prototype;
  Object.defineProperty(Real.prototype, "constructor", { value: DatabaseSync });
  for (const type of [DatabaseSync, StatementSync]) hardenClass(type);
  return Object.freeze({ DatabaseSync, StatementSync, constants });
}

function hardened(real, isPure) {
  if (typeof real === "function") hardenClass(real);
  for (const key of Object.keys(real)) {
    const { value } = Object.getOwnPropertyDescriptor(real, key);
    if (typeof value === "function") hardenClass(value);
    else if (isPure && typeof value === "object" && value !== null && key !== "promises") Object.freeze(value);
  }
  return real;
}

function exportsOf(module) {
  if (module === "process") return givenProcess;
  const real = load(`node:${module}`);
  if (REFUSED.has(module)) return refused(module, real);
  if (module === "tty") return Object.freeze({ ...refused(module, real), isatty: real.isatty });
  if (module === "sqlite") return isCaged ? limitedSqlite(real) : refused(module, real);
  if (module === "async_hooks") {
    const { AsyncLocalStorage, AsyncResource } = hardened(real, false);
    return Object.freeze({ AsyncLocalStorage, AsyncResource });
  }
  if (SOCKETS.test(module)) limitSockets();
  const given = Object.hasOwn(LIMITED, module) ? LIMITED[module](real) : real;
  hardened(real, PURE.includes(module));
  // Modules that are functions or classes (assert, events, stream) are called and extended.
  if (typeof real === "function") return real;
  return guardedCopy(given);
}

const made = new Map();

/** Exports of a builtin module as an object, `default` included. */
export function builtin(name) {
  const module = ALIASES[name] ?? name;
  if (!made.has(module)) {
    const exports = exportsOf(module);
    const named = {};
    for (const key of Object.keys(exports)) if (key !== "default") named[key] = exports[key];
    made.set(module, Object.freeze({ ...named, default: exports }));
  }
  return made.get(module);
}

export { RefusedError };
