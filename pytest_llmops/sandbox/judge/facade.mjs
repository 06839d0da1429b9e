// What vitest's runtime sees in the place of `globalThis`, and the hooks by which its host governs it.
//
// The build puts `facade` where the runtime says `globalThis`. Names of vitest's own (its worker state,
// its matchers, its timers) live in a private object, so nothing of the judge can be reached through
// the real global object; everything else is the real thing, written through the host's guards.
const { defineProperty, getOwnPropertyDescriptor } = Object;
const { deleteProperty, get, has, ownKeys } = Reflect;
const real = globalThis;
const RealDate = real.Date;
const own = Object.create(null);

/** Globals that jobs may replace, as they were before any job. */
export const taken = Object.freeze({
  AbortController: real.AbortController, Event: real.Event, EventTarget: real.EventTarget,
  MessageChannel: real.MessageChannel, performance: real.performance, setTimeout: real.setTimeout,
});

/** Set by the host before any job runs. */
export const hooks = {
  /** Sets a guarded property; false where it is not guarded. */
  override: () => false,
  /** The descriptor of a guarded property as if it were a plain one; undefined where it is not guarded. */
  guarded: () => undefined,
  /** Makes what a fake class offers unchangeable but for `override`. */
  harden: () => {},
  /** Sees whatever a test throws. */
  thrown: () => {},
  /** Milliseconds since some moment, by which tests and hooks are late. */
  clock: () => 0,
  /** What a matcher expects, before it compares. */
  expected: (_name, values, _call) => values,
  /** The matcher that was given those expectations held. */
  passed: () => {},
  mocker: null,
};

const isOwn = (key) => typeof key === "symbol" ? key in own : key.startsWith("__vitest_");

function guardedSet(object, key, value) {
  if (hooks.override(object, key, value)) return true;
  object[key] = value;
  return true;
}

const process = new Proxy(real.process, {
  get: (_, key) => real.process[key],
  has: (_, key) => key in real.process,
  set: (_, key, value) => guardedSet(real.process, key, value),
  getOwnPropertyDescriptor: (_, key) => {
    const found = describe(real.process, key);
    return found && { ...found, configurable: true };
  },
});

export const facade = new Proxy(Object.create(null), {
  get(_, key) {
    if (key in own) return own[key];
    return key === "process" ? real.process && process : get(real, key);
  },
  has: (_, key) => key in own || has(real, key),
  set(_, key, value) {
    if (isOwn(key)) own[key] = value;
    else guardedSet(real, key, value);
    if (key === "Date" && value !== RealDate) hooks.harden(value);
    return true;
  },
  // Symbols that the runtime defines are its own; names that tests stub are the real global's.
  defineProperty(_, key, descriptor) {
    if (typeof key === "symbol" || isOwn(key)) defineProperty(own, key, { ...descriptor, configurable: true });
    else define(real, key, descriptor);
    return true;
  },
  getOwnPropertyDescriptor(_, key) {
    const found = key in own ? getOwnPropertyDescriptor(own, key) : describe(real, key);
    return found && { ...found, configurable: true };
  },
  deleteProperty: (_, key) => deleteProperty(key in own ? own : real, key),
  ownKeys: () => ownKeys(real),
});

/** `Object.getOwnPropertyDescriptor`, with guarded properties as the plain ones they stand for. */
export function describe(object, key) {
  return hooks.guarded(object, key) ?? getOwnPropertyDescriptor(object, key);
}

/** `Object.defineProperty`, through the guards. */
export function define(object, key, descriptor) {
  if (hooks.guarded(object, key)) {
    hooks.override(object, key, "value" in descriptor ? descriptor.value : descriptor.get());
    return object;
  }
  return defineProperty(object, key, descriptor);
}

// As in vitest's workers, fake timers find this when they are first used, too late to fake the module.
own.__vitest_required__ = { util: real.process.getBuiltinModule("node:util") };

const matchers = new WeakSet();

/** An asymmetric matcher counts only where one of vitest's own classes made it. */
export const isMatcher = (value) => matchers.has(value);
export const registerMatcher = (matcher) => void matchers.add(matcher);

const { isPromise, isProxy } = real.process.getBuiltinModule("node:util").types;
const { prototype } = Promise;

/**
 * A promise of what `value` comes to, whose `then` is the language's own. One that a job made may call what it is given
 * as often as it likes, or never, and so try values until an assertion holds; a promise settles once.
 */
export function settled(value) {
  const isPlain = isPromise(value) && !isProxy(value) && Object.getPrototypeOf(value) === prototype && !ownKeys(value).length;
  return isPlain ? value : new Promise((settle) => settle(value));
}

const clocks = new WeakMap();
export const clockOf = (fake) => clocks.get(fake);
export const setClock = (fake, clock) => void clocks.set(fake, clock);

const refuse = () => false;
const READ_ONLY = {
  set: refuse, defineProperty: refuse, deleteProperty: refuse, setPrototypeOf: refuse, preventExtensions: refuse,
};
const views = new WeakMap();
const states = new WeakMap();

function viewOf(list) {
  if (!views.has(list)) views.set(list, new Proxy(list, READ_ONLY));
  return views.get(list);
}

/** The record of a mock's calls as anybody may read it: live, and closed to writing. */
export function recordOf(state) {
  const view = {};
  for (const key of Object.keys(state)) {
    const read = () => (key === "lastCall" ? state.lastCall : viewOf(state[key]));
    defineProperty(view, key, { get: read, enumerable: true });
  }
  states.set(view, state);
  return Object.preventExtensions(view);
}

/** What a mock has recorded, as lists; undefined for what is no mock's view. */
export function recordedBy(mock) {
  const state = states.get(getOwnPropertyDescriptor(mock, "mock")?.value);
  return state && [...state.calls, ...state.results, ...state.settledResults];
}

/** The record behind such a view. */
export const stateOf = (view) => states.get(view);

let depth = 0;

/**
 * What a matcher is given: at the outermost call, what the host makes of it. `leave` goes with it.
 * The host may run `method` on an assertion of its own first; matchers in it are inner ones.
 */
export function enter(name, values, assertion, method) {
  depth += 1;
  return depth === 1 ? hooks.expected(name, values, { assertion, method }) : values;
}

/** Tells the host that the outermost matcher held; gives back what the matcher returned. */
export function passed(result) {
  if (depth === 1) hooks.passed();
  return result;
}

export function leave() {
  depth -= 1;
}
