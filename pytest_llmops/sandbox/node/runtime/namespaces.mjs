// Namespace objects: what modules export, closed to writing for all but test files.

export class ForbiddenError extends Error {
  code = "ERR_FORBIDDEN_IMPORT";
}

const refuse = () => false;
const handler = Object.freeze({
  set: refuse, defineProperty: refuse, deleteProperty: refuse, setPrototypeOf: refuse, preventExtensions: refuse,
});

/** A live view of a namespace through which it cannot be changed. */
export const readOnly = (namespace) => new Proxy(namespace, handler);

export function defineGetter(namespace, key, get) {
  Object.defineProperty(namespace, key, { enumerable: true, configurable: true, get });
}

/** `export * from`: what the module itself exports goes first. */
export function exportAll(namespace, source) {
  if (namespace === source || (typeof source !== "object" && typeof source !== "function") || source === null) return;
  for (const key in source) {
    if (key !== "default" && !(key in namespace)) defineGetter(namespace, key, () => source[key]);
  }
}

/** Throws where a namespace that is not live lacks a name that is imported. */
export function checkNames(namespace, names, specifier) {
  const missing = names?.find((name) => name !== "default" && !(name in namespace));
  if (missing) throw new SyntaxError(`The requested module '${specifier}' does not provide an export named '${missing}'`);
}
