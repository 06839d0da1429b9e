// describe and it: what a test file declares, as a tree that run.mjs executes.
import { eachTitle } from "./format.mjs";

export const HOOKS = ["beforeAll", "afterAll", "beforeEach", "afterEach"];
export const defaults = { testTimeout: 5_000, hookTimeout: 10_000 };

let current = null;

function makeSuite(name, parent, mode = "run", options = {}) {
  const hooks = Object.fromEntries(HOOKS.map((hook) => [hook, []]));
  return { kind: "suite", name, parent, mode, options, hooks, children: [], factory: null };
}

const nameOf = (name) => (typeof name === "function" ? name.name || "<anonymous>" : String(name));

// it(name, fn), it(name, fn, timeout), it(name, options, fn).
function readArguments(first, second) {
  const [body, given] = typeof first === "function" ? [first, second] : [second, first];
  const options = typeof given === "number" ? { timeout: given } : { ...given };
  return { body: typeof body === "function" ? body : null, options };
}

function inCollection() {
  if (current) return current;
  throw new Error("describe, it and hooks can only be called while a test file is loading");
}

function modeOf(flags, options) {
  if (flags.mode) return flags.mode;
  return ["skip", "only", "todo"].find((mode) => options[mode]) ?? "run";
}

function addTest(flags, name, first, second) {
  const parent = inCollection();
  const { body, options } = readArguments(first, second);
  const mode = body ? modeOf(flags, options) : "todo";
  const fails = flags.fails || options.fails === true;
  parent.children.push({ kind: "test", name: nameOf(name), parent, mode, body, fails, options });
}

function addSuite(flags, name, first, second) {
  const parent = inCollection();
  const { body, options } = readArguments(first, second);
  const suite = makeSuite(nameOf(name), parent, modeOf(flags, options), options);
  suite.factory = body;
  parent.children.push(suite);
}

function isTemplate(value) {
  return Array.isArray(value) && Object.hasOwn(value, "raw");
}

// A tagged table: the first string holds the column names between bars.
function tableRows(strings, values) {
  const columns = strings[0].split("\n").find((line) => line.trim()).split("|").map((text) => text.trim());
  const rows = [];
  for (let start = 0; start + columns.length <= values.length; start += columns.length) {
    rows.push(Object.fromEntries(columns.map((column, index) => [column, values[start + index]])));
  }
  return rows;
}

function eachOf(add, flags, spread) {
  return (cases, ...values) => {
    const rows = isTemplate(cases) ? tableRows(cases, values) : [...cases];
    const spreads = spread && rows.every(Array.isArray);
    return (name, first, second) => {
      const { body, options } = readArguments(first, second);
      rows.forEach((row, index) => {
        const title = eachTitle(nameOf(name), Array.isArray(row) ? row : [row], index);
        const call = body && ((context) => {
          if (!spread) return body(row, context);
          return spreads ? body(...row) : body(row);
        });
        add(flags, title, options, call);
      });
    };
  };
}

const MODES = ["skip", "only", "todo"];
const MODIFIERS = ["concurrent", "sequential", "shuffle"];

// it.skip, it.only.each, describe.concurrent.skipIf(...), ...: each word returns the next function.
function chainable(add, flags = {}) {
  const api = (name, first, second) => add(flags, name, first, second);
  const lazy = (key, make) => Object.defineProperty(api, key, { get: make, configurable: true });
  for (const mode of MODES) lazy(mode, () => chainable(add, { ...flags, mode }));
  for (const word of MODIFIERS) lazy(word, () => chainable(add, flags));
  lazy("fails", () => chainable(add, { ...flags, fails: true }));
  const skipWhen = (skip) => chainable(add, skip ? { ...flags, mode: "skip" } : flags);
  api.skipIf = (condition) => skipWhen(Boolean(condition));
  api.runIf = (condition) => skipWhen(!condition);
  api.each = eachOf(add, flags, true);
  api.for = eachOf(add, flags, false);
  api.extend = () => {
    throw new Error("test.extend needs real vitest");
  };
  return api;
}

export const describe = chainable(addSuite);
export const it = chainable(addTest);

export const hooks = Object.fromEntries(HOOKS.map((hook) => [hook, (body, timeout) => {
  inCollection().hooks[hook].push({ body, timeout: timeout ?? defaults.hookTimeout });
}]));

async function collectInside(suite, factory) {
  const before = current;
  current = suite;
  try {
    await factory();
    for (const child of suite.children) {
      if (child.kind === "suite" && child.factory) await collectInside(child, child.factory);
    }
  } finally {
    current = before;
  }
}

/** Loads a test file and returns the tree of what it declares. */
export async function collect(load) {
  const root = makeSuite("", null);
  await collectInside(root, load);
  if (hasOnly(root)) keepOnly(root, false);
  return root;
}

function hasOnly(node) {
  return node.mode === "only" || (node.children ?? []).some(hasOnly);
}

// Where anything is marked `only`, everything that is neither marked nor inside a marked suite (one
// without marks of its own) is skipped.
function keepOnly(suite, inherited) {
  for (const child of suite.children) {
    const marked = child.mode === "only" || (inherited && child.mode === "run");
    if (child.kind === "suite") keepOnly(child, marked && !child.children.some(hasOnly));
    else if (!marked && child.mode === "run") child.mode = "skip";
  }
}
