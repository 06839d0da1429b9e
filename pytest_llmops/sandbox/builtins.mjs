// What `import ... from "node:..."` gives inside the sandbox.
//
// Modules that could reach the runner's memory, start code outside the module graph or start
// processes keep their names, so that sources which merely import them still load, but every
// function in them refuses. The others are real; their default export is a guarded copy.
import { guardedCopy } from "./lockdown.mjs";

const load = process.getBuiltinModule;
const isCaged = process.argv[3] === "bwrap";

const REFUSED = new Set(["child_process", "cluster", "inspector", "inspector/promises", "module", "repl",
  "sea", "test", "test/reporters", "trace_events", "v8", "vm", "wasi", "worker_threads"]);
// Shared by node's own code or holding no state: frozen as they are.
const FROZEN = new Set(["assert", "assert/strict", "path", "path/posix", "path/win32", "querystring",
  "string_decoder", "url", "util", "util/types"]);

export class RefusedError extends Error {
  code = "ERR_ACCESS_DENIED";
}

function refusal(name) {
  return function () {
    throw new RefusedError(`${name} is not available in the sandbox`);
  };
}

function refused(module, real) {
  const copy = {};
  for (const key of Object.keys(real)) {
    const value = real[key];
    const isCode = typeof value === "function" || (typeof value === "object" && value !== null);
    copy[key] = isCode ? refusal(`${module}.${key}`) : value;
  }
  if (module === "module") {
    // Sources call this while loading; only the use of what it returns is refused.
    copy.createRequire = () => Object.assign(requireBuiltin, { resolve: refusal("require.resolve") });
  }
  return Object.freeze(copy);
}

// All that is left of `require`: builtin modules, as `import` gives them.
function requireBuiltin(name) {
  const found = /^node:([\w/]+)$/.exec(name) ?? /^(fs|os|path|util|url|crypto|events|buffer)$/.exec(name);
  if (!found) throw new RefusedError(`require(${JSON.stringify(name)}) is not available in the sandbox`);
  return builtin(found[1]).default;
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
  return Object.freeze({ DatabaseSync: Object.freeze(DatabaseSync), StatementSync, constants });
}

function limited(module, real) {
  if (module === "sqlite") return isCaged ? limitedSqlite(real) : refused(module, real);
  // Classes that are modules (events, stream) are extended by sources: they stay what they are.
  if (typeof real === "function") return real;
  if (module !== "async_hooks") return guardedCopy(real);
  const { AsyncLocalStorage, AsyncResource } = real;
  return Object.freeze({ AsyncLocalStorage, AsyncResource });
}

function exportsOf(module) {
  if (module === "process") return process;
  const real = load(`node:${module}`);
  if (REFUSED.has(module)) return refused(module, real);
  if (!FROZEN.has(module)) return limited(module, real);
  for (const key of Object.keys(real)) if (typeof real[key] === "object") Object.freeze(real[key]);
  return Object.freeze(real);
}

const made = new Map();

/** Exports of a builtin module as an object, `default` included. */
export function builtin(module) {
  if (!made.has(module)) {
    const exports = exportsOf(module);
    const named = {};
    for (const key of Object.keys(exports)) if (key !== "default") named[key] = exports[key];
    made.set(module, Object.freeze({ ...named, default: exports }));
  }
  return made.get(module);
}

// Everything else that hangs on `process` is removed, or refuses where tests may want to spy on it.
const KEPT = new Set(["arch", "argv", "argv0", "availableMemory", "config", "constrainedMemory", "cpuUsage",
  "cwd", "chdir", "emitWarning", "env", "execArgv", "execPath", "exitCode", "features", "getegid",
  "geteuid", "getgid", "getgroups", "getuid", "hrtime", "memoryUsage", "nextTick", "pid", "platform",
  "ppid", "release", "resourceUsage", "stderr", "stdin", "stdout", "title", "umask", "uptime", "version",
  "versions", "allowedNodeEnvironmentFlags", "domain", "_events", "_eventsCount", "_maxListeners",
  "_exiting", "permission", "noDeprecation", "throwDeprecation", "traceDeprecation",
  "sourceMapsEnabled", "debugPort"]);
const REFUSING = ["abort", "kill", "exit", "reallyExit", "dlopen", "binding", "getBuiltinModule"];

export function pruneProcess() {
  const { _fatalException: fatalException } = process;
  for (const key of Reflect.ownKeys(process)) {
    if (typeof key === "symbol" || KEPT.has(key)) continue;
    delete process[key];
  }
  // Node hands uncaught errors over by this name alone: without it they would end the process.
  Object.defineProperty(process, "_fatalException", { value: fatalException });
  for (const name of REFUSING) {
    const value = name === "exit"
      ? (code) => {
        throw new Error(`process.exit unexpectedly called with "${code}"`);
      }
      : refusal(`process.${name}`);
    Object.defineProperty(process, name, { value, writable: true, configurable: true });
  }
}
