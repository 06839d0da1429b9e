// vi.fn and vi.spyOn: functions that remember how they were called.
import { override } from "./lockdown.mjs";

const mocks = new Map();
let calls = 0;

/** State of a mock function, for matchers and `vi`; undefined for anything else. */
export const mockState = (value) => (typeof value === "function" ? mocks.get(value)?.state : undefined);
export const isMock = (value) => typeof value === "function" && mocks.has(value);

const freshState = () => ({
  calls: [], results: [], settledResults: [], instances: [], contexts: [], invocationCallOrder: [],
});

function record(state, thisArgument, values) {
  state.calls.push(values);
  state.contexts.push(thisArgument);
  state.invocationCallOrder.push(++calls);
  state.instances.push(thisArgument);
  const index = state.results.push({ type: "incomplete", value: undefined }) - 1;
  state.settledResults.push({ type: "incomplete", value: undefined });
  return index;
}

function settle(state, index, type, value) {
  state.results[index] = { type, value };
  if (type !== "return" || !(value instanceof Promise)) {
    if (type === "return") state.settledResults[index] = { type: "fulfilled", value };
    return;
  }
  Promise.prototype.then.call(
    value,
    (inner) => void (state.settledResults[index] = { type: "fulfilled", value: inner }),
    (error) => void (state.settledResults[index] = { type: "rejected", value: error }),
  );
}

function invoke(entry, thisArgument, values, newTarget) {
  const { state } = entry;
  const index = record(state, thisArgument, values);
  const implementation = entry.once.shift() ?? entry.implementation ?? entry.original;
  try {
    const value = newTarget
      ? construct(implementation, values, newTarget)
      : implementation && Reflect.apply(implementation, thisArgument, values);
    if (newTarget) {
      state.instances[index] = value;
      state.contexts[index] = value;
    }
    settle(state, index, "return", value);
    return value;
  } catch (error) {
    settle(state, index, "throw", error);
    throw error;
  }
}

function construct(implementation, values, newTarget) {
  if (!implementation) return Reflect.construct(function () {}, [], newTarget);
  try {
    Reflect.construct(Object, [], implementation);
  } catch {
    throw new TypeError("the mock's implementation is not a constructor: use function or class");
  }
  return Reflect.construct(implementation, values, newTarget);
}

function makeMock({ original, restore, name = "vi.fn()" }) {
  const entry = {
    original, restore, name, implementation: undefined, once: [], state: freshState(),
  };
  const mock = function (...values) {
    return invoke(entry, this, values, new.target);
  };
  mocks.set(mock, entry);
  const length = original?.length ?? 0;
  Object.defineProperty(mock, "length", { value: length, configurable: true });
  Object.defineProperty(mock, "name", { value: original?.name || "Mock", configurable: true });
  return Object.assign(mock, controls(mock, entry), stateAccess(mock, entry));
}

function stateAccess(mock, entry) {
  Object.defineProperty(mock, "mock", {
    get() {
      const { state } = entry;
      Object.defineProperty(state, "lastCall", {
        get: () => state.calls.at(-1), configurable: true, enumerable: false,
      });
      return state;
    },
    enumerable: true,
    configurable: true,
  });
  return {};
}

function controls(mock, entry) {
  const set = (implementation) => {
    entry.implementation = implementation;
    return mock;
  };
  const setOnce = (implementation) => {
    entry.once.push(implementation);
    return mock;
  };
  return {
    mockImplementation: set,
    mockImplementationOnce: setOnce,
    mockReturnValue: (value) => set(function () { return value; }),
    mockReturnValueOnce: (value) => setOnce(function () { return value; }),
    mockResolvedValue: (value) => set(async function () { return value; }),
    mockResolvedValueOnce: (value) => setOnce(async function () { return value; }),
    mockRejectedValue: (error) => set(async function () { throw error; }),
    mockRejectedValueOnce: (error) => setOnce(async function () { throw error; }),
    mockThrow: (error) => set(function () { throw error; }),
    mockThrowOnce: (error) => setOnce(function () { throw error; }),
    mockReturnThis: () => set(function () { return this; }),
    mockName: (name) => {
      entry.name = name;
      return mock;
    },
    getMockName: () => entry.name,
    getMockImplementation: () => entry.once[0] ?? entry.implementation ?? entry.original,
    withImplementation: (implementation, body) => withImplementation(mock, entry, implementation, body),
    mockClear: () => {
      entry.state = freshState();
      return mock;
    },
    mockReset: () => {
      entry.state = freshState();
      entry.once = [];
      return set(undefined);
    },
    mockRestore: () => {
      mock.mockReset();
      entry.restore?.();
    },
    [Symbol.dispose]: () => mock.mockRestore(),
  };
}

function withImplementation(mock, entry, implementation, body) {
  const before = [entry.implementation, entry.once];
  [entry.implementation, entry.once] = [implementation, []];
  const back = () => {
    [entry.implementation, entry.once] = before;
    return mock;
  };
  const result = body();
  if (result instanceof Promise) return result.then(back);
  return back();
}

export function fn(implementation) {
  return makeMock({ original: implementation });
}

function findDescriptor(object, key) {
  for (let at = object; at != null; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor) return { descriptor, own: at === object };
  }
  throw new Error(`${String(key)} does not exist`);
}

/** Replaces a method, or with `access` a getter or setter, by a mock that calls through. */
export function spyOn(object, key, access) {
  if (object == null) throw new Error("vi.spyOn() could not find an object to spy upon");
  const { descriptor, own } = findDescriptor(object, key);
  const current = access ? descriptor[access] : object[key];
  if (isMock(current)) return current;
  if (typeof current !== "function") {
    throw new TypeError(`vi.spyOn() can only spy on a function. Received ${typeof current}.`);
  }
  const putBack = () => {
    if (override(object, key, current)) return;
    if (own) Object.defineProperty(object, key, descriptor);
    else delete object[key];
  };
  const mock = makeMock({ original: current, restore: putBack, name: String(key) });
  if (!access && override(object, key, mock)) return mock;
  const { enumerable } = descriptor;
  const replacement = access
    ? { get: descriptor.get, set: descriptor.set, [access]: mock, enumerable, configurable: true }
    : { value: mock, writable: true, enumerable, configurable: true };
  Object.defineProperty(object, key, replacement);
  return mock;
}

export function clearAllMocks() {
  for (const mock of mocks.keys()) mock.mockClear();
}

export function resetAllMocks() {
  for (const mock of mocks.keys()) mock.mockReset();
}

/** Puts back everything that was spied on; mocks made by vi.fn keep their state. */
export function restoreAllMocks() {
  for (const [mock, entry] of mocks) if (entry.restore) mock.mockRestore();
}
