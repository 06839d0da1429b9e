// Files of installed npm packages, compiled ahead (`pack.mjs`) and mounted read only: each is read when
// something first asks for it, so that a job pays for what it uses of a package and not for all of it.
const { readFileSync } = globalThis.process.getBuiltinModule("node:fs");
const { parse } = JSON;

const TOP = "node_modules/";
const known = new Map();

/** Whether a file is one of an installed package. */
export const isInstalled = (name) => name.startsWith(TOP);

/** What a file of a package says, code and imports; undefined where nothing asked for it ahead. Each is read once. */
export function stored(folder, name) {
  if (!folder || !isInstalled(name)) return undefined;
  try {
    if (!known.has(name)) known.set(name, parse(readFileSync(`${folder}/${name}`, "utf8")));
    return known.get(name);
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A word for each package of a job whose code names what is costly to freeze (`globals.mjs`). */
export function namedBy({ packages, stored: folder }) {
  return (packages ?? []).map((name) => stored(folder, `${name}.closure`)?.named ?? "");
}
