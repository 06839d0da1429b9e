// Handles of files, as `node:fs/promises` opens them. Node keeps a handle's descriptor under a symbol that
// programs can find; here it stays what it was, and what only looks like a handle is none.
const handles = new WeakSet();
const FIXED = ["kFd", "kHandle"];
const { isView } = ArrayBuffer;
const TAKING = ["appendFile", "readFile", "writeFile"];

const fault = () => Object.assign(new Error("EBADF: bad file descriptor"), { code: "EBADF", errno: -9 });

let areLimited = false;

/** Has the methods of all handles refuse what was not opened here, and no handle lead to its class. */
function limitMethods(prototype) {
  if (areLimited) return;
  areLimited = true;
  for (const key of Reflect.ownKeys(prototype)) {
    const { value, ...rest } = Object.getOwnPropertyDescriptor(prototype, key);
    if (typeof value !== "function") continue;
    const made = function (...values) {
      if (!handles.has(this)) throw fault();
      return Reflect.apply(value, this, values);
    };
    const limited = key === "constructor" ? undefined : Object.defineProperties(made, Object.getOwnPropertyDescriptors(value));
    Object.defineProperty(prototype, key, { ...rest, value: limited });
  }
}

/** A handle of which nothing but its end changes what it stands for. */
function fixed(file) {
  limitMethods(Object.getPrototypeOf(file));
  for (const key of Object.getOwnPropertySymbols(file)) {
    if (!FIXED.includes(key.description)) continue;
    let held = file[key];
    const isNative = typeof held === "object" && held !== null;
    if (isNative) Object.defineProperty(Object.getPrototypeOf(held), "constructor", { value: undefined });
    const set = (value) => {
      if (value === -1 || value === null || value === undefined) held = value;
    };
    Object.defineProperty(file, key, { get: () => held, set, configurable: false });
  }
  handles.add(file);
  return file;
}

/** What names a file, such that it means the same whenever it is looked at. */
function fixedName(value) {
  if (typeof value !== "object" || value === null || handles.has(value)) return value;
  if (isView(value)) return Buffer.from(value);
  if (value instanceof URL) return new URL(String(value));
  throw fault();
}

/** The functions of `node:fs/promises`, before they are hardened. */
export function limitedPromises(real) {
  const copy = { ...real, open: async (...values) => fixed(await real.open(...values)) };
  for (const name of TAKING) copy[name] = async (file, ...values) => real[name](fixedName(file), ...values);
  return copy;
}
