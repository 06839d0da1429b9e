// The vi object, and everything else that `import ... from "vitest"` gives to test files.
import { expect } from "./expect.mjs";
import { override } from "./lockdown.mjs";
import { clearAllMocks, fn, isMock, resetAllMocks, restoreAllMocks, spyOn } from "./mock.mjs";
import { defaults, describe, hooks, it } from "./suite.mjs";
import * as timers from "./timers.mjs";

const stubbedGlobals = new Map();
const stubbedEnvironment = new Map();
const { realTimers, settle, ...clock } = timers;

function setGlobal(name, value) {
  if (override(globalThis, name, value)) return;
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });
}

function stubGlobal(name, value) {
  if (!stubbedGlobals.has(name)) {
    stubbedGlobals.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
  }
  const guarded = stubbedGlobals.get(name);
  if (guarded && !guarded.configurable && guarded.get) stubbedGlobals.set(name, { value: globalThis[name], guarded: true });
  setGlobal(name, value);
  return vi;
}

function unstubAllGlobals() {
  for (const [name, before] of stubbedGlobals) {
    if (!before) delete globalThis[name];
    else if (before.guarded) override(globalThis, name, before.value);
    else Object.defineProperty(globalThis, name, before);
  }
  stubbedGlobals.clear();
  return vi;
}

function stubEnv(name, value) {
  if (!stubbedEnvironment.has(name)) stubbedEnvironment.set(name, process.env[name]);
  setEnvironment(name, value);
  return vi;
}

function setEnvironment(name, value) {
  if (value === undefined) delete process.env[name];
  else process.env[name] = String(value);
}

function unstubAllEnvs() {
  for (const [name, value] of stubbedEnvironment) setEnvironment(name, value);
  stubbedEnvironment.clear();
  return vi;
}

async function waitFor(body, options = {}) {
  const { timeout = 1000, interval = 50 } = typeof options === "number" ? { timeout: options } : options;
  const end = realTimers.now() + timeout;
  for (;;) {
    try {
      return await body();
    } catch (error) {
      if (realTimers.now() + interval > end) throw error;
    }
    if (timers.isFakeTimers()) await timers.advanceTimersByTimeAsync(interval);
    else await new Promise((resolve) => realTimers.setTimeout(resolve, interval));
  }
}

function waitUntil(body, options) {
  return waitFor(async () => {
    const value = await body();
    if (!value) throw new Error("Timed out in waitUntil!");
    return value;
  }, options);
}

const needsRealVitest = (name) => () => {
  throw new Error(`vi.${name} needs real vitest`);
};

// Methods that act return `vi`, so that calls can be chained; the rest return what they found.
const chained = (actions) => Object.fromEntries(Object.entries(actions).map(([name, action]) =>
  [name, (...values) => {
    const outcome = action(...values);
    return outcome instanceof Promise ? outcome.then(() => vi) : vi;
  }]));

const { isFakeTimers, getMockedSystemTime, getRealSystemTime, getTimerCount, ...moves } = clock;

export const vi = {
  fn, spyOn, isMockFunction: isMock, mocked: (value) => value,
  ...chained({ clearAllMocks, resetAllMocks, restoreAllMocks, ...moves, runAllTicks: () => {} }),
  isFakeTimers, getMockedSystemTime, getRealSystemTime, getTimerCount,
  stubGlobal, unstubAllGlobals, stubEnv, unstubAllEnvs, waitFor, waitUntil,
  hoisted: (make) => make(),
  setConfig: ({ testTimeout, hookTimeout }) => {
    if (testTimeout) defaults.testTimeout = testTimeout;
    if (hookTimeout) defaults.hookTimeout = hookTimeout;
  },
  resetModules: needsRealVitest("resetModules"),
  dynamicImportSettled: () => settle(),
};
for (const name of ["mock", "doMock", "unmock", "doUnmock", "importActual", "importMock", "mockObject",
  "resetConfig"]) vi[name] = needsRealVitest(name);

/** Undoes everything a test file has left behind in the process. */
export function reset() {
  timers.useRealTimers();
  unstubAllGlobals();
  unstubAllEnvs();
  restoreAllMocks();
  Object.assign(defaults, { testTimeout: 5_000, hookTimeout: 10_000 });
}

// Types are erased: assertions about them hold wherever the file got this far.
const typeAssertion = new Proxy(() => {}, { get: () => typeAssertion, apply: () => typeAssertion });

export const vitest = {
  ...hooks, describe, suite: describe, it, test: it, expect, vi, vitest: vi,
  expectTypeOf: () => typeAssertion, assertType: () => {},
  onTestFinished: needsRealVitest("onTestFinished"), onTestFailed: needsRealVitest("onTestFailed"),
};
