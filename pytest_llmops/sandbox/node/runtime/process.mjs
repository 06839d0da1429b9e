// The `process` that tests and candidates see: a small stand-in for Node's own.
//
// Node's object is a door to everything: bindings, the command line with the channel in it, the
// judge's own listeners. Nothing of the stand-in leads there; what could harm refuses by name.
import { guard, hardenClass } from "./lockdown.mjs";

const real = globalThis.process;
const EventEmitter = real.getBuiltinModule("node:events");
const VALUES = ["arch", "pid", "platform", "ppid", "version"];
const CALLS = ["chdir", "cpuUsage", "cwd", "getegid", "geteuid", "getgid", "getgroups", "getuid",
  "memoryUsage", "resourceUsage", "umask", "uptime"];
const REFUSING = ["abort", "binding", "dlopen", "execve", "kill", "reallyExit", "_linkedBinding"];
const ENVIRONMENT = { BASE_URL: "/", DEV: "1", MODE: "test", PATH: "/usr/bin:/bin", PROD: "", SSR: "1",
  VITEST_MODE: "RUN", VITEST_POOL_ID: "1", VITEST_WORKER_ID: "1" };

export class RefusedError extends Error {
  code = "ERR_ACCESS_DENIED";
}

export function refusal(name) {
  return function () {
    throw new RefusedError(`${name} is not available in the sandbox`);
  };
}

// What a program prints goes nowhere, and proves nothing.
function sink(fd) {
  const stream = new EventEmitter();
  const write = (_chunk, ...rest) => {
    const done = rest.at(-1);
    if (typeof done === "function") real.nextTick(done);
    return true;
  };
  return Object.assign(stream, { fd, isTTY: false, writable: true, write, end: write, columns: undefined });
}

function hrtime(before) {
  return realTime(before);
}
const realTime = real.hrtime.bind(real);
hrtime.bigint = real.hrtime.bigint;

/**
 * Makes the stand-in and puts it in the place of the global `process`.
 * @param getBuiltinModule what programs get by that name
 */
export function replaceProcess(getBuiltinModule) {
  Object.assign(real.env, ENVIRONMENT);
  const standIn = new EventEmitter();
  for (const name of VALUES) standIn[name] = real[name];
  for (const name of CALLS) standIn[name] = real[name].bind(real);
  standIn.memoryUsage.rss = real.memoryUsage.rss;
  for (const name of REFUSING) standIn[name] = refusal(`process.${name}`);
  Object.assign(standIn, {
    argv: ["/usr/bin/node", "/usr/bin/vitest"], argv0: "node", execArgv: [], execPath: "/usr/bin/node",
    title: "node", exitCode: undefined, env: real.env, getBuiltinModule, emitWarning: () => {},
    versions: Object.freeze({ ...real.versions }), release: Object.freeze({ ...real.release }),
    features: Object.freeze({ ...real.features }), config: Object.freeze({}),
    stdin: Object.assign(new EventEmitter(), { fd: 0, isTTY: false }), stdout: sink(1), stderr: sink(2),
    nextTick: real.nextTick.bind(real), hrtime,
    exit: (code) => {
      throw new Error(`process.exit unexpectedly called with "${code}"`);
    },
    [Symbol.toStringTag]: "process",
  });
  guard(standIn, ["nextTick", "hrtime"], true);
  hardenClass(EventEmitter);
  Object.defineProperty(globalThis, "process", { value: standIn, writable: true, configurable: true });
  guard(globalThis, ["process"]); // tests stub it
  return standIn;
}
