// Executes a collected test file: hooks, time limits, and one result for each test that ran.
import { messageOf } from "./format.mjs";
import { isStarvation } from "./starvation.mjs";
import { defaults } from "./suite.mjs";
import { realTimers } from "./timers.mjs";
import { beginTest, endTest } from "./expect.mjs";

const MESSAGE_LIMIT = 2_000;

class Skip extends Error {}

/** Runs `body`; rejects when it has not settled within `limit` milliseconds. */
function withLimit(body, limit, what) {
  return new Promise((resolve, reject) => {
    const timer = limit > 0 && limit < 2 ** 31
      ? realTimers.setTimeout(() => reject(new Error(`${what} timed out in ${limit}ms.`)), limit)
      : null;
    const done = (settle) => (value) => {
      if (timer) realTimers.clearTimeout(timer);
      settle(value);
    };
    new Promise((inner) => inner(body())).then(done(resolve), done(reject));
  });
}

const runHook = (hook, values, what) => withLimit(() => hook.body(...values), hook.timeout, what);

function ancestors(node) {
  const chain = [];
  for (let suite = node.parent; suite; suite = suite.parent) chain.unshift(suite);
  return chain;
}

function titleOf(test) {
  return [...ancestors(test).slice(1).map((suite) => suite.name), test.name].join(" > ");
}

/** Names results; the second test of a title gets ` (2)` behind it, and so on. */
class Results {
  #seen = new Map();
  list = [];

  constructor(file) {
    this.file = file;
  }

  // Skipped tests are counted too: what a title is called must not depend on what was skipped.
  name(test) {
    const title = titleOf(test);
    const count = (this.#seen.get(title) ?? 0) + 1;
    this.#seen.set(title, count);
    return count === 1 ? title : `${title} (${count})`;
  }

  pass(title) {
    this.list.push({ file: this.file, title, passed: true, message: "" });
  }

  // Whether something was thrown is never read from what was thrown: that may be null.
  fail(title, thrown) {
    const message = messageOf(thrown).slice(0, MESSAGE_LIMIT);
    this.list.push({ file: this.file, title, passed: false, message, starved: isStarvation(thrown) });
  }
}

function contextOf(test, callbacks) {
  return {
    task: { name: test.name, type: "test", mode: test.mode },
    expect: callbacks.expect,
    skip: () => {
      throw new Skip("skipped");
    },
    onTestFinished: (body) => callbacks.finished.push(body),
    onTestFailed: (body) => callbacks.failed.push(body),
    get signal() {
      return new AbortController().signal;
    },
  };
}

async function beforeEach(suites, context, undo) {
  for (const suite of suites) {
    for (const hook of suite.hooks.beforeEach) {
      const cleanUp = await runHook(hook, [context], "Hook");
      if (typeof cleanUp === "function") undo.push(cleanUp);
    }
  }
}

async function attempt(test, callbacks) {
  const context = contextOf(test, callbacks);
  const suites = ancestors(test);
  const undo = [];
  const errors = [];
  const guarded = (body) => body().catch((error) => void errors.push(error));
  beginTest();
  await guarded(async () => {
    await beforeEach(suites, context, undo);
    const limit = test.options.timeout ?? defaults.testTimeout;
    await withLimit(() => test.body(context), limit, "Test");
    endTest();
  });
  for (const suite of suites.toReversed()) {
    for (const hook of suite.hooks.afterEach.toReversed()) {
      await guarded(async () => runHook(hook, [context], "Hook"));
    }
  }
  const limit = defaults.hookTimeout;
  for (const body of undo.toReversed()) await guarded(async () => withLimit(body, limit, "Hook"));
  for (const body of callbacks.finished.toReversed()) await guarded(async () => body(context));
  if (errors.length) for (const body of callbacks.failed) await guarded(async () => body(context));
  return errors;
}

async function runTest(test, title, results, expect) {
  const times = 1 + (test.options.retry ?? 0);
  let errors = [];
  for (let time = 0; time < times; time++) {
    errors = await attempt(test, { expect, finished: [], failed: [] });
    if (!errors.length) break;
  }
  if (errors[0] instanceof Skip) return;
  if (errors.length > 0 === Boolean(test.fails)) results.pass(title);
  else results.fail(title, errors.length ? errors[0] : new Error("Expect test to fail"));
}

function failAll(suite, results, error) {
  for (const child of suite.children) {
    if (child.kind === "suite") failAll(child, results, error);
    else {
      const title = results.name(child);
      if (child.mode === "run" || child.mode === "only") results.fail(title, error);
    }
  }
}

function nameAll(suite, results) {
  for (const child of suite.children) {
    if (child.kind === "suite") nameAll(child, results);
    else results.name(child);
  }
}

const isLive = (node) => node.kind === "test"
  ? node.mode === "run" || node.mode === "only"
  : node.mode !== "skip" && node.mode !== "todo" && node.children.some(isLive);

async function runSuite(suite, results, expect) {
  if (!isLive(suite)) return nameAll(suite, results);
  const undo = [];
  try {
    for (const hook of suite.hooks.beforeAll) {
      const cleanUp = await runHook(hook, [{}], "Hook");
      if (typeof cleanUp === "function") undo.push(cleanUp);
    }
  } catch (error) {
    failAll(suite, results, error);
    return undefined;
  }
  for (const child of suite.children) {
    if (child.kind === "suite") await runSuite(child, results, expect);
    else {
      const title = results.name(child);
      if (isLive(child)) await runTest(child, title, results, expect);
    }
  }
  return finishSuite(suite, undo);
}

// As with vitest, a failing afterAll fails the file, not a test; here it is told as detail.
async function finishSuite(suite, undo) {
  for (const hook of suite.hooks.afterAll.toReversed()) await runHook(hook, [{}], "Hook");
  for (const body of undo.toReversed()) await body();
}

/** Runs all of a collected file; returns its results, and what a failing afterAll threw in a list. */
export async function runFile(file, root, expect) {
  const results = new Results(file);
  try {
    await runSuite(root, results, expect);
    return { results: results.list, thrown: [] };
  } catch (error) {
    return { results: results.list, thrown: [error] };
  }
}
