// Whether something that was thrown tells of memory that ran out.
//
// Words prove nothing: a parser may well say "allocation failed". What the engine throws is a plain
// RangeError with one of these messages and nothing around it.
const { types } = process.getBuiltinModule("node:util");
const { getOwnPropertyDescriptor, getPrototypeOf } = Object;
const RangeError = globalThis.RangeError;
const MESSAGES = new Set(["Array buffer allocation failed", "Failed to allocate memory",
  "WebAssembly.Memory(): could not allocate memory"]);

export function isStarvation(thrown) {
  if (!types.isNativeError(thrown) || types.isProxy(thrown)) return false;
  const message = getOwnPropertyDescriptor(thrown, "message")?.value;
  return MESSAGES.has(message) && getPrototypeOf(thrown) === RangeError.prototype;
}
