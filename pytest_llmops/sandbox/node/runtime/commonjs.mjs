// What a module in the form of CommonJS is given, and what others see of it.
import { defineGetter, readOnly } from "./namespaces.mjs";

/** `module` and `exports` of a record: what is assigned to them appears in its namespace at once. */
export function moduleOf({ cjs, namespace }) {
  const define = (key) => key in namespace || defineGetter(namespace, key, () => cjs.exports[key]);
  const publish = () => {
    if (!("default" in namespace)) defineGetter(namespace, "default", () => cjs.exports);
    for (const key of Object.keys(Object(cjs.exports))) define(key);
  };
  const first = cjs.exports;
  const exports = new Proxy(first, {
    set: (target, key, value) => {
      target[key] = value;
      publish();
      return true;
    },
  });
  const module = {
    get exports() {
      return cjs.exports === first ? exports : cjs.exports;
    },
    set exports(value) {
      cjs.exports = value;
      publish();
    },
  };
  return { module, exports };
}

/**
 * A script of a package as vitest gives it to the tree: where a compiler has made it of a module, its `default`
 * is that of the module. To other packages it is what it exports, as Node has it.
 */
export function interoperable(record) {
  const { exports } = record.cjs;
  if (!exports?.__esModule || !("default" in exports)) return record;
  if (!record.interoperable) {
    const namespace = Object.defineProperty(Object.create(null), Symbol.toStringTag, { value: "Module" });
    for (const key of Object.keys(exports)) defineGetter(namespace, key, () => exports[key]);
    if (!("default" in namespace)) defineGetter(namespace, "default", () => exports.default);
    record.interoperable = { namespace, view: readOnly(namespace) };
  }
  return record.interoperable;
}
